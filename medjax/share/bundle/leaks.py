"""The last look before a bundle is written: no path or file name of the site is in its texts."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from medjax.errors import UserError
from medjax.share.bundle.card import public_name
from medjax.share.bundle.finished import FinishedRun

_TEXTS = (".csv", ".json", ".md")
_SEPARATORS = "/\\"
_LEAST = 4  # letters; shorter names stand in any text
# Settings that name files; others may have separators too, as a finding "mass/nodule" has.
_PLACES = ("cache", "data_dir", "name", "root", "table")
_ABSOLUTE = re.compile(r"[/~\\]|[A-Za-z]:[/\\]|folder:|tfds:")


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
    facts, config = run.summary["data"], run.summary["config"]
    found = {str(run.workdir.absolute()), str(Path.home()), str(facts["source"])}
    found |= {text for name, text in _texts(config, "") if name in _PLACES or _ABSOLUTE.match(text)}
    found = {text for text in found if any(letter in text for letter in _SEPARATORS)}
    found |= {str(entry["name"]) for entry in facts.get("left_out") or ()}
    if public_name(run.summary) is None:
        found.add(str(config["data"]["name"]))
    return {text for text in found if len(text) >= _LEAST}


def _texts(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """Yields the key and the value of every text in nested settings."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, str(key))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item, name)
    elif isinstance(value, str):
        yield name, value
