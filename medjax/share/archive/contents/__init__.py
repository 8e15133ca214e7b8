"""The kinds of entries that a bundle may have, and the check of each: nothing that is run."""

import pathlib
from collections.abc import Callable

from medjax.share.archive.contents.arrays import check_npz
from medjax.share.archive.contents.pictures import check_png
from medjax.share.archive.contents.texts import check_json, check_text
from medjax.share.archive.refused import RefusedError

_CHECKS: dict[str, Callable[[bytes], int]] = {
    ".png": check_png,
    ".npz": check_npz,
    ".json": check_json,
    ".csv": check_text,
    ".md": check_text,
    ".txt": check_text,
}


def check_entry(name: str, data: bytes) -> int:
    """Checks the bytes of an entry by the end of its name.

    Args:
      name: the name of the entry.
      data: its bytes.

    Returns:
      How many bytes it has when unpacked.

    Raises:
      RefusedError: if a bundle has no such entries, or the bytes are of another kind.

    Example:
      >>> check_entry("notes.md", b"Two images.")
      11
      >>> check_entry("weights.pkl", b"")
      Traceback (most recent call last):
      medjax.share.archive.refused.RefusedError: the name 'weights.pkl' ends with none of ...
    """
    check = _CHECKS.get(pathlib.PurePosixPath(name).suffix)
    if check is None:
        raise RefusedError(f"the name {name!r} ends with none of {', '.join(_CHECKS)}")
    try:
        return check(data)
    except RefusedError as error:
        raise RefusedError(f"{name}: {error}") from error
