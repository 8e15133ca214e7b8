"""Writes a bundle: the same entries give the same bytes."""

import os
from collections.abc import Mapping

from medjax.share.archive import names
from medjax.share.archive.form import rendered
from medjax.share.archive.sums import SIGNATURE, SUMS, digest, rendered_sums
from medjax.store import write_bytes


def write(path: str | os.PathLike[str], entries: Mapping[str, bytes]) -> None:
    """Writes a zip file of entries and their ``SHA256SUMS``.

    Its bytes depend on the entries alone: they are sorted and stored, and have one date and one
    mode. The file is whole or absent.

    Args:
      path: the file; an existing one is replaced.
      entries: the bytes of each entry by its name, as in ``train/cat/0001.png``.

    Raises:
      UserError: if ``read`` would refuse the file, or it cannot be written.
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
        raise ValueError(f"{min(reserved)} is made of the other entries")
    sums = rendered_sums({name: digest(data) for name, data in entries.items()})
    whole = {**entries, SUMS: sums}
    for name in whole:
        names.decoded(name.encode())
    names.check_together(sorted(whole))
    write_bytes(path, rendered({name: whole[name] for name in sorted(whole)}))
