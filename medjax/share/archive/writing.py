"""Writes a bundle: the same entries give the same bytes."""

import contextlib
import io
import os
import pathlib
from collections.abc import Mapping

from medjax.errors import UserError
from medjax.share import signing
from medjax.share.archive import names
from medjax.share.archive.form import members_of, rendered
from medjax.share.archive.reading import checked
from medjax.share.archive.refused import RefusedError
from medjax.share.archive.sums import SIGNATURE, SUMS, digest, rendered_sums
from medjax.store import write_bytes


def write(
    path: str | os.PathLike[str],
    entries: Mapping[str, bytes],
    *,
    key: str | os.PathLike[str] | None = None,
) -> None:
    """Writes a zip file of entries and their ``SHA256SUMS``.

    Its bytes depend on the entries and the key alone: they are sorted and stored, with one date and
    one mode. The file is whole or absent.

    Args:
      path: the file; an existing bundle is replaced, and nothing else.
      entries: the bytes of each entry by its name, as in ``train/cat/0001.png``: PNG files, npz
        files like ``synthetic.npz``, JSON, and texts (csv, md, txt).
      key: the file of the private key that signs it, see ``signing.make_keys``; ``None`` to leave
        it unsigned.

    Raises:
      UserError: if ``read`` would refuse the file, the key is none, or the file cannot be written
        or is no bundle.
      ValueError: if an entry is called ``SHA256SUMS`` or ``SIGNATURE``.

    Example:
      >>> import tempfile
      >>> from medjax.share.archive import read
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     write(f"{folder}/a.zip", {"README.md": b"Two images."})
      ...     read(f"{folder}/a.zip")
      {'README.md': b'Two images.'}
    """
    if reserved := {SUMS, SIGNATURE} & set(entries):
        raise ValueError(f"{min(reserved)} is made from the other entries")
    try:
        content = _content(entries, key)
    except RefusedError as error:
        raise UserError(f"cannot write {path}: {error}") from error
    check_replaceable(path)
    write_bytes(path, content)


def check_replaceable(path: str | os.PathLike[str]) -> None:
    """Refuses to write over anything but a bundle, such as a key or the images of a run.

    Args:
      path: the file to write; there may be none.

    Raises:
      UserError: if it is there and is neither a bundle nor empty.

    Example:
      >>> check_replaceable("no-such-bundle.zip")
      >>> check_replaceable("/dev/null")
      Traceback (most recent call last):
      medjax.errors.UserError: /dev/null is there already and is no bundle; choose another file
    """
    path = pathlib.Path(path)
    if not os.path.lexists(path):
        return
    if path.is_file():  # a pipe would be waited for
        try:
            with contextlib.suppress(RefusedError), path.open("rb") as stream:
                if not path.stat().st_size or SUMS in [x.name for x in members_of(stream)]:
                    return
        except OSError as error:
            raise UserError(f"cannot write {path}: {error.strerror or error}") from error
    raise UserError(f"{path} is there already and is no bundle; choose another file")


def _content(entries: Mapping[str, bytes], key: str | os.PathLike[str] | None) -> bytes:
    """Returns the bytes of a file, which were read as a receiver reads them."""
    for name in entries:
        names.decoded(name.encode(errors="surrogatepass"))
    sums = rendered_sums({name: digest(data) for name, data in entries.items()})
    whole = {**entries, SUMS: sums}
    if key is not None:
        whole[SIGNATURE] = signing.sign(key, sums).rendered()
    content = rendered({name: whole[name] for name in sorted(whole)})
    for _ in checked(io.BytesIO(content)):
        pass
    return content
