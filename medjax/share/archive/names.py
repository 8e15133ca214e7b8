"""Names of entries that mean one file below a folder, and the same one on every system."""

import re
import unicodedata
from collections.abc import Iterable

from medjax.share.archive.refused import RefusedError

LONGEST = 240
"""The most bytes of a name; Windows takes 260 characters with the folder."""
_DEEPEST = 4
_LETTERS = "LMNPS"  # the major categories of Unicode that print something
_FORBIDDEN = '\\:*?"<>|~'  # Windows writes short forms of names with the last
_DEVICE = re.compile(r"(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(COM|LPT)[0-9¹²³])\s*(\..*)?", re.I)


def decoded(raw: bytes) -> str:
    """Returns a name that may be written below a folder.

    Args:
      raw: the name in UTF-8.

    Raises:
      RefusedError: if the name is refused.

    Example:
      >>> decoded(b"train/cat/0001.png")
      'train/cat/0001.png'
      >>> decoded(b"train/../../.bashrc")
      Traceback (most recent call last):
      medjax.share.archive.refused.RefusedError: the name 'train/../../.bashrc' has a part '..'
    """
    if len(raw) > LONGEST:
        raise RefusedError(f"a name has {len(raw):,} bytes, more than {LONGEST}")
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        raise RefusedError(f"the name {raw!r} is not UTF-8") from None
    if reason := _problem(name):
        raise RefusedError(f"the name {name!r} {reason}")
    return name


def check_together(names: Iterable[str]) -> None:
    """Refuses names that some file system takes for the same.

    Args:
      names: names that ``decoded`` lets pass, in the order of the file.

    Raises:
      RefusedError: if they are not sorted, one is there twice, two differ in case alone, or one is
        a file and a folder.

    Example:
      >>> check_together(["a/1.png", "b/A.md", "b/a.md"])
      Traceback (most recent call last):
      medjax.share.archive.refused.RefusedError: the names 'b/A.md' and 'b/a.md' differ in ...
    """
    names, before = list(names), ""
    spelled: dict[str, str] = {}
    files = set(names)
    for name in names:
        if name <= before:
            why = "is there twice" if name == before else f"is not sorted: it follows {before!r}"
            raise RefusedError(f"the name {name!r} {why}")
        before, parts = name, name.split("/")
        for folder in ("/".join(parts[:end]) for end in range(1, len(parts))):
            if folder in files:
                raise RefusedError(f"the name {folder!r} is that of a file and of a folder")
            _once(spelled, folder)
        _once(spelled, name)


def _once(spelled: dict[str, str], name: str) -> None:
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())
    other = spelled.setdefault(folded, name)
    if other != name:
        raise RefusedError(f"the names {other!r} and {name!r} differ in case alone")


def _problem(name: str) -> str | None:
    """Returns what is wrong with a name, or ``None``."""
    for letter in name:
        printed = letter == " " or unicodedata.category(letter)[0] in _LETTERS
        if not printed or letter in _FORBIDDEN:
            return f"has the character {letter!r}"
    if unicodedata.normalize("NFC", name) != name:
        return "is not in the normal form NFC of Unicode"
    parts = name.split("/")
    if len(parts) > _DEEPEST:
        return f"has {len(parts)} parts, more than {_DEEPEST}"
    for part in parts:
        if part.startswith((".", " ")) or part.endswith((".", " ")) or not part:
            return f"has a part {part!r}"
        if _DEVICE.fullmatch(part):
            return f"has a part {part!r}, a device of Windows"
    return None
