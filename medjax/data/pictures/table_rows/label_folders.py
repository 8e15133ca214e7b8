"""Labels of a table that contradict the class folders of its files."""

from collections.abc import Hashable, Mapping

from medjax.data import class_names
from medjax.data.pictures.tables.table import Row, Table, shown


def contradictions(
    table: Table, labels: Mapping[Row, Hashable], names: Mapping[Row, str]
) -> list[str]:
    """Returns a warning of the labels that are not the class folder of their file, if any.

    A folder is that of a class if its name is a label, without case and signs, or its plural. Files
    without such a folder, or in several, do not count; and folders say nothing of the classes if
    fewer than two are labels, or as many labels differ from them as agree.

    Args:
      table: the table.
      labels: the label of each row.
      names: the file of each row, relative to the set's folder.
    """
    classes = {_plain(label) for label in labels.values() if isinstance(label, str)}
    found: dict[Row, str] = {}
    for row, name in names.items():
        named = {_plain(part): part for part in name.split("/")[:-1] if _plain(part) in classes}
        if len(named) == 1:
            found[row] = next(iter(named.values()))
    differing = [row for row in found if _plain(found[row]) != _plain(labels[row])]
    if len({_plain(part) for part in found.values()}) < 2 or 2 * len(differing) >= len(found):
        return []
    return [
        f"{table.path}: the label of {len(differing)} of {len(found)} rows is not the class folder "
        f"of the file, as {shown(str(labels[row]))!r} for {names[row]} in {row.place}; the table "
        "counts"
        for row in differing[:1]
    ]


def _plain(label: Hashable) -> str:
    """Returns a label without case, signs, and the ending of a plural."""
    text = class_names.same_form(str(label)).casefold()
    letters = "".join(filter(str.isalnum, text))
    return letters.removesuffix("s") or text
