"""The last look before a bundle is written: no path or file name of the site is in its texts."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from medjax.errors import UserError
from medjax.share.bundle.finished import FinishedRun

_TEXTS = (".csv", ".json", ".md")
_SEPARATORS = "/\\"
_LEAST = 4  # letters; shorter names stand in any text


def check_no_paths(entries: Mapping[str, bytes], run: FinishedRun) -> None:
    """Refuses entries that hold a path of the run's settings, or the name of a file it skipped.

    The card has no field for them, but a user may write one into a title, or an audit into its
    verdict.

    Args:
      entries: the bytes of each entry by its name.
      run: the run that they describe.

    Raises:
      UserError: if a path is there; it names the entry.
    """
    forbidden = {path.encode(errors="surrogateescape"): path for path in _paths(run)}
    for name, content in entries.items():
        searched = name.encode() + (content if name.endswith(_TEXTS) else b"")
        for raw, path in forbidden.items():
            if raw in searched:
                raise UserError(f"{name} would hold {path!r}, which must not leave the site")


def _paths(run: FinishedRun) -> set[str]:
    facts = run.summary["data"]
    found = {str(run.workdir.absolute()), str(Path.home()), str(facts.get("source"))}
    found |= set(_texts(run.summary["config"]))
    found = {text for text in found if any(letter in text for letter in _SEPARATORS)}
    found |= {str(entry["name"]) for entry in facts.get("left_out") or ()}
    return {text for text in found if len(text) >= _LEAST}


def _texts(value: Any) -> Iterator[str]:
    """Yields every text in nested settings."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value
