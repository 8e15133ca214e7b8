"""Reads a bundle that anybody may have made."""

import contextlib
import os
import pathlib
import stat
from collections.abc import Iterable, Iterator
from typing import IO

from medjax.errors import UserError
from medjax.share.archive import names
from medjax.share.archive.contents import check_entry
from medjax.share.archive.form import MOST_BYTES, contents_of, loose_directory, members_of
from medjax.share.archive.refused import RefusedError
from medjax.share.archive.sums import SIGNATURE, SUMS, digest, rendered_sums
from medjax.share.signing import keys
from medjax.share.signing.signature import fingerprint, parsed


def read(path: str | os.PathLike[str]) -> dict[str, bytes]:
    """Reads the entries of a bundle, after all of it has been checked.

    Args:
      path: the file.

    Returns:
      The bytes of each entry by its name, without ``SHA256SUMS`` and ``SIGNATURE``. Who made them
      is not asked, see ``share.verify``.

    Raises:
      UserError: if the file cannot be read, any byte of it is not what ``write`` writes, or it has
        a signature that does not fit. Without cryptography, no signature is looked at.

    Example:
      >>> read("no-such-bundle.zip")
      Traceback (most recent call last):
      medjax.errors.UserError: cannot read no-such-bundle.zip: No such file or directory
    """
    try:
        entries = dict(contents(path))
    except RefusedError as error:
        raise UserError(f"{path} is not a whole bundle: {error}") from error
    sums, signature = entries.pop(SUMS), entries.pop(SIGNATURE, None)
    if signature is not None:
        _check_fits(path, signature, sums)
    return entries


def lists(path: str | os.PathLike[str], wanted: Iterable[str]) -> bool:
    """Tells whether the directory of a zip file seems to have one of some names, in bounded memory.

    Args:
      path: the file; it may be any other, or damaged.
      wanted: the names.

    Returns:
      Whether one is there. True also if the directory is larger than that of any bundle, so that
      ``read`` refuses the file.

    Example:
      >>> lists("no-such-bundle.zip", ["card.json"])
      False
    """
    try:
        with open(path, "rb", opener=_regular) as stream:
            directory = loose_directory(stream)
    except (OSError, UserError):
        return False
    return directory is None or any(name.encode() in directory for name in wanted)


def contents(path: str | os.PathLike[str]) -> Iterator[tuple[str, bytes]]:
    """Yields the name and the bytes of each entry, one at a time.

    All entries have been checked when the last one was taken, and not before.

    Args:
      path: the file.

    Raises:
      RefusedError: if any byte is not what ``write`` writes.
      UserError: if the file cannot be read.
    """
    with _opened(pathlib.Path(path)) as stream:
        yield from checked(stream)


def checked(stream: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yields the name and the bytes of each entry of an open file, as ``contents``.

    Args:
      stream: the file.

    Raises:
      RefusedError: see ``contents``.
    """
    members = members_of(stream)
    names.check_together(member.name for member in members)
    digests, sums, unpacked = {}, None, 0
    for name, data in contents_of(stream, members):
        if name == SUMS:
            sums = data
        elif name == SIGNATURE:
            parsed(data)
        else:
            digests[name] = digest(data)
            unpacked += check_entry(name, data)
        if unpacked > MOST_BYTES:
            raise RefusedError(f"its entries unpack to more than {MOST_BYTES:,} bytes")
        yield name, data
    if sums != rendered_sums(digests):
        raise RefusedError(f"{SUMS} does not list the digests that its entries have")


def _check_fits(path: str | os.PathLike[str], data: bytes, sums: bytes) -> None:
    signature = parsed(data)
    try:
        fits = keys.is_signed(signature, sums)
    except UserError:  # cryptography is missing
        return
    if not fits:
        signer = fingerprint(signature.key)
        raise UserError(f"{path} was changed after signing: the signature of {signer} does not fit")


@contextlib.contextmanager
def _opened(path: pathlib.Path) -> Iterator[IO[bytes]]:
    try:
        with open(path, "rb", opener=_regular) as stream:
            yield stream
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
    except MemoryError as error:
        raise UserError(f"not enough memory to read {path}") from error


def _regular(path: str, flags: int) -> int:
    """Opens a file, but no pipe or device, which has no end; does not wait for its other end."""
    number = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    mode = os.fstat(number).st_mode
    if stat.S_ISREG(mode):
        return number
    os.close(number)
    if stat.S_ISDIR(mode):
        raise UserError(f"{path} is a folder; a bundle is the zip file as it was sent")
    raise UserError(f"cannot read {path}: it is no file")
