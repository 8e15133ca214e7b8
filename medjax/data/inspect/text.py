"""``report_text``: the description of a data set for a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from medjax.data.damaged import by_reason, first_of
from medjax.data.inspect import measuring
from medjax.errors import printable

_LISTED = 5


def report_text(found: Mapping[str, Any]) -> str:
    """Formats a description for a terminal.

    Args:
      found: a description from ``describe``.

    Returns:
      Aligned text: the facts, a table with a column for each split, the copies, a table of how the
      pictures of each class were made, and the warnings.

    Example:
      >>> from medjax import data
      >>> print(report_text(data.describe(*data.read("phantom"))).splitlines()[0])
      phantom · multi-class · 4 classes
    """
    splits = found["splits"]
    lines = [f"{found['name']} · {found['task']} · {len(found['classes'])} classes"]
    official = found["official_digest"]
    same = "" if official is None else " (published)" if official == found["digest"] else ""
    facts = {name: found[name] for name in ("licence", "source", "digest")}
    facts["digest"] += same
    facts |= {"published": None if same else official, "augment": found["augment"]}
    lines += [f"{name:<9} {value}" for name, value in facts.items() if value]
    lines += [found["patients"]] if found["patients"] else []
    rows = [["", *splits], *_measured(splits, "")]
    if all("native" in split for split in splits.values()):
        rows += _measured({name: split["native"] for name, split in splits.items()}, "raw ")
    for label in dict.fromkeys(label for split in splits.values() for label in split["classes"]):
        counts = (split["classes"].get(label, 0) for split in splits.values())
        rows.append([label, *(f"{count:,}" for count in counts)])
    repeated = found["duplicates"]["repeated"]
    rows.append(["repeated", *(f"{repeated[name]:,}" for name in splits)])
    lines += ["", *_aligned(rows), ""]
    lines += [*_duplicates(found), *_named_copies(found["duplicates"]), *_made(found["made"])]
    left_out = ((file["name"], file["reason"]) for file in found["left_out"])
    same = by_reason(left_out).items()
    lines += [f"skipped: {first_of(names)} ({reason})" for reason, names in same]
    lines += [f"warning: {line}" for line in found["warnings"]]
    return "\n".join(map(printable, lines))


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Returns the lines of a table, whose first column is aligned to the left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    cells = [[row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in rows]
    return ["  ".join(row).rstrip() for row in cells]


def _measured(splits: Mapping[str, Any], before: str) -> list[list[str]]:
    """Returns table rows of image counts, sizes, dtypes and intensities."""
    columns = [[before + name for name in ("images", "size", "dtype", *measuring.INTENSITY)]]
    for split in splits.values():
        column = [f"{split['images']:,}", _most(split["sizes"]), _most(split["dtypes"])]
        column += [f"{split['intensity'][name]:.4g}" for name in measuring.INTENSITY]
        columns.append(column)
    return [list(row) for row in zip(*columns, strict=True)]


def _most(counts: Mapping[str, int], *, others: int = 0) -> str:
    """Returns the only value, or the most frequent one and the number of others."""
    first, others = next(iter(counts)), len(counts) - 1 + others
    return f"{first} and {others} more" if others else first


def _duplicates(found: Mapping[str, Any]) -> list[str]:
    lines, shared = [], {"exact": found["duplicates"]["shared"]}
    if "near_duplicates" in found:
        near = found["near_duplicates"]
        shared[f"near (≤ {near['distance']} of {near['bits']} bits)"] = near["pairs"]
    for kind, counts in shared.items():
        listed = ", ".join(f"{pair} {count:,}" for pair, count in counts.items())
        what = "images in two splits" if kind == "exact" else "pairs"
        lines.append(f"{kind} duplicates, {what}: {listed or 'none'}")
    return lines


def _named_copies(duplicates: Mapping[str, Any]) -> list[str]:
    """Names the files of the first groups of copies: leaks first, then several labels."""

    def rank(group: Sequence[Sequence[Any]]) -> tuple[bool, bool]:
        return len({split for split, *_ in group}) == 1, group not in conflicts

    conflicts = duplicates["label_conflicts"]
    groups = [group for group in duplicates["groups"] if len(group[0]) > 2]
    groups.sort(key=rank)
    lines = [
        "  " + " = ".join(f"{name} ({split})" for split, _, name in group[:_LISTED])
        for group in groups[:_LISTED]
    ]
    more = len(groups) - _LISTED
    return [*lines, f"  and {more:,} more, which --out lists"] if more > 0 else lines


def _made(found: Mapping[str, Any] | None) -> list[str]:
    """Returns a table of how the pictures of each class were made, and what that tells."""
    if found is None:
        return []
    rows = [["pictures of", "size", "width:height", "padded", "coloured", "border", "mean"]]
    for name, here in found["classes"].items():
        if here["images"]:
            shares = [f"{100 * here[x]:.3g} %" for x in ("padded", "coloured")]
            greys = [f"{here[x]:.2f}" for x in ("border", "mean")]
            size = _most(here["sizes"], others=here["other_sizes"])
            rows.append([name, size, f"{here['aspect']:.2f}", *shares, *greys])
    lines = ["", *_aligned(rows)] if rows[1:] else []
    for key, what in (("told", "without"), ("told_with_mean", "with")):
        if (told := found[key]) is not None:
            lines.append(
                f"these facts {what} the mean tell {told['class']} best: AUROC "
                f"{told['auroc']:.2f} ({told['low']:.2f}–{told['high']:.2f}; chance 0.5)"
            )
    return lines
