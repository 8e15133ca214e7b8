"""Names of files and folders: leftovers of systems, and kinds of files."""

import collections
import posixpath
from collections.abc import Iterable

_LEFTOVERS = (
    *("thumbs.db", "desktop.ini", "@eadir", "#recycle", "$recycle.bin", "lost+found"),
    "system volume information",
)


def is_leftover(name: str) -> bool:
    """Returns whether a file or folder is hidden, or was left there by a system's own programs.

    Example:
      >>> is_leftover("._scan.png"), is_leftover("Thumbs.db"), is_leftover("scan.png")
      (True, True, False)
    """
    return name.startswith((".", "__MACOSX")) or name.lower() in _LEFTOVERS


def kind(name: str) -> str:
    """Returns the suffix of a file for a message.

    Example:
      >>> kind("scans/a.PNG"), kind("a.nii.gz"), kind("IM01")
      ('.png', '.nii.gz', 'no suffix')
    """
    packed = ".gz" if name.endswith(".gz") else ""
    return posixpath.splitext(name.removesuffix(packed))[1].lower() + packed or "no suffix"


def counted(kinds: Iterable[str]) -> str:
    """Returns the number of files of each kind, for a message.

    Example:
      >>> counted([".gif", ".txt", ".gif"])
      '2 × .gif, 1 × .txt'
    """
    counts = collections.Counter(kinds).most_common()
    return ", ".join(f"{count} × {name}" for name, count in counts)


def two(names: Iterable[str]) -> str:
    """Returns the first two of several names, for a message."""
    return " and ".join(sorted(names)[:2])
