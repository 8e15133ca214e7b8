"""Reads a bundle that anybody may have made."""

import contextlib
import os
import pathlib
import stat
from collections.abc import Iterator

from medjax.errors import UserError
from medjax.share.archive import names
from medjax.share.archive.form import BadBundleError, contents_of, members_of
from medjax.share.archive.sums import SIGNATURE, SUMS, digest, rendered_sums


def read(path: str | os.PathLike[str]) -> dict[str, bytes]:
    """Reads the entries of a bundle, after all of it has been checked.

    Args:
      path: the file.

    Returns:
      The bytes of each entry by its name, without ``SHA256SUMS`` and ``SIGNATURE``. Who made them
      is not asked, see ``share.verify``.

    Raises:
      UserError: if the file cannot be read, or any byte of it is not what ``write`` writes.

    Example:
      >>> read("no-such-bundle.zip")
      Traceback (most recent call last):
      medjax.errors.UserError: cannot read no-such-bundle.zip: No such file or directory
    """
    try:
        entries = dict(contents(path))
    except BadBundleError as error:
        raise UserError(f"{path} is not a whole bundle: {error}") from error
    return {name: data for name, data in entries.items() if name not in (SUMS, SIGNATURE)}


def contents(path: str | os.PathLike[str]) -> Iterator[tuple[str, bytes]]:
    """Yields the name and the bytes of each entry, one at a time; ``SUMS`` is checked at the end.

    Args:
      path: the file.

    Raises:
      BadBundleError: if any byte is not what ``write`` writes.
      UserError: if the file cannot be read.
    """
    with _opened(pathlib.Path(path)) as stream:
        try:
            members = members_of(stream)
            names.check_together(member.name for member in members)
        except names.BadNameError as error:
            raise BadBundleError(str(error)) from error
        digests, sums = {}, None
        for name, data in contents_of(stream, members):
            if name == SUMS:
                sums = data
            elif name != SIGNATURE:
                digests[name] = digest(data)
            yield name, data
    if sums != rendered_sums(digests):
        raise BadBundleError(f"{SUMS} is missing, or its digests are not those of the entries")


@contextlib.contextmanager
def _opened(path: pathlib.Path) -> Iterator:
    try:
        # A pipe or a device has no end.
        if not stat.S_ISREG(path.stat().st_mode):
            raise UserError(f"cannot read {path}: it is no file")
        with path.open("rb") as stream:
            yield stream
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
    except MemoryError as error:
        raise UserError(f"not enough memory to read {path}") from error
