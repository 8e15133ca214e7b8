"""Checksums of a folder: the SHA-256 of each of its files, which reveals damage."""

import hashlib
import json
import pathlib

_NAME = "sha256.json"


class DamageError(Exception):
    """A folder whose files do not match their checksums."""


def write(folder: pathlib.Path) -> None:
    """Records the SHA-256 of every file below a complete folder in its ``sha256.json``."""
    digests = {
        path.relative_to(folder).as_posix(): _digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != _NAME
    }
    (folder / _NAME).write_text(json.dumps(digests, indent=0), encoding="utf-8")


def check(folder: pathlib.Path) -> None:
    """Checks that every file with a checksum is unchanged; files added since do not matter.

    Raises:
      DamageError: if a file or the list of checksums is missing or has changed.

    Example:
      >>> import tempfile
      >>> with tempfile.TemporaryDirectory() as name:
      ...     folder = pathlib.Path(name)
      ...     _ = (folder / "a").write_text("one")
      ...     write(folder)
      ...     check(folder)
      ...     _ = (folder / "a").write_text("two")
      ...     try:
      ...         check(folder)
      ...     except DamageError as error:
      ...         print(str(error).removeprefix(folder.name))
      /a has changed
    """
    try:
        digests = json.loads((folder / _NAME).read_bytes())
        changed = [name for name, digest in digests.items() if _digest(folder / name) != digest]
    except (OSError, ValueError, AttributeError) as error:
        raise DamageError(f"{folder.name} is incomplete") from error
    if changed:
        raise DamageError(f"{folder.name}/{changed[0]} has changed")


def _digest(path: pathlib.Path) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
