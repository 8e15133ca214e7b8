"""The last look before a bundle is written: no path or file name of the site is in its texts."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from medjax.errors import UserError
from medjax.share.bundle.card import public_name
from medjax.share.bundle.finished import FinishedRun
from medjax.share.bundle.readme import escaped

_TEXTS = (".csv", ".json", ".md")
_SEPARATORS = "/\\"
_SHOWN = 80  # letters of a text
_LEAST = 4  # letters; shorter names stand in any text
# Settings that name files; others may have separators too, as a finding "mass/nodule" has.
_PLACES = ("cache", "data_dir", "name", "root", "table")
_ABSOLUTE = re.compile(r"[/~\\]|[A-Za-z]:[/\\]|folder:|tfds:")
_PREFIX = re.compile("(folder|tfds):")
_PLAIN = re.compile("[A-Za-z]*")  # a word of the language, as the name "images" is


def check_no_paths(
    entries: Mapping[str, bytes], run: FinishedRun, *, written: Sequence[str] = ()
) -> None:
    """Refuses entries that hold a path of the run's settings, or the name of a file it skipped.

    The card has no field for them, but a user may write one into a title, or an audit into its
    verdict.

    Args:
      entries: the bytes of each entry by its name.
      run: the run that they describe.
      written: texts of the site, in which names without a folder are looked for too.

    Raises:
      UserError: if a path is there; it names the entry. If a text has a name; it names the text.
    """
    forbidden = {form: path for path in _paths(run) for form in _forms(path)}
    for name, content in entries.items():
        searched = name.encode() + (content if name.endswith(_TEXTS) else b"")
        for raw, path in forbidden.items():
            if raw in searched:
                raise UserError(f"{name} would hold {path!r}, which must not leave the site")
    for text in written:
        for word in _words(run):
            if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text):
                raise UserError(
                    f"the text {text[:_SHOWN]!r} would hold {word!r}, which must not leave the "
                    "site; write another one"
                )


def _forms(path: str) -> set[bytes]:
    """Returns a path as it stands in a text, in JSON and in Markdown."""
    forms = {path, json.dumps(path, ensure_ascii=False)[1:-1], escaped(path)}
    return {form.encode(errors="surrogateescape") for form in forms}


def _paths(run: FinishedRun) -> set[str]:
    """Returns the places of files, which no text of a bundle has by chance."""
    facts, config = run.summary["data"], run.summary["config"]
    found = {str(run.workdir.absolute()), str(Path.home()), str(facts["source"])}
    found |= {text for name, text in _texts(config, "") if name in _PLACES or _ABSOLUTE.match(text)}
    found |= {_PREFIX.sub("", text) for text in found}
    return {x for x in found if len(x) >= _LEAST and any(letter in x for letter in _SEPARATORS)}


def _words(run: FinishedRun) -> set[str]:
    """Returns names without a folder: of files that were skipped, and of the site's own data."""
    facts, name = run.summary["data"], str(run.summary["config"]["data"]["name"])
    found = {str(entry["name"]) for entry in facts.get("left_out") or ()}
    if public_name(run.summary) is None:
        found |= {name, _PREFIX.sub("", name)}
    return {text for text in found if len(text) >= _LEAST and not _PLAIN.fullmatch(text)}


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
