"""Says whether a bundle is whole, and who vouches for it."""

import os
from collections.abc import Collection
from typing import NamedTuple

from medjax.errors import UserError
from medjax.share.archive.reading import contents
from medjax.share.archive.refused import RefusedError
from medjax.share.archive.sums import SIGNATURE, SUMS, digest
from medjax.share.signing import keys
from medjax.share.signing.signature import Signature, fingerprint, parsed

_NOBODY = "nobody vouches for who made it"


class Report(NamedTuple):
    """What was found out about a bundle.

    Attributes:
      ok: whether each byte is as it was written and, where a key was asked for, signed by it.
      sentences: what was found out, one sentence each.
      digest: the SHA-256 of ``SHA256SUMS``, which names the content, signed or not; ``None`` if the
        file is not whole.
      signed_by: the fingerprint of the key whose signature fits; ``None`` if there is none, or it
        could not be checked. Anybody can make a key: it vouches for nothing unless it was asked
        for.
    """

    ok: bool
    sentences: tuple[str, ...]
    digest: str | None = None
    signed_by: str | None = None


def verify(path: str | os.PathLike[str], *, key: str | os.PathLike[str] | None = None) -> Report:
    """Checks every byte of a bundle, and its signature.

    Args:
      path: the bundle.
      key: who must have signed it: the file of a public key, or its fingerprint, which the sender
        gave by another way than the bundle. ``None`` accepts a bundle that nobody vouches for.

    Returns:
      What was found out. A bundle that is damaged, hostile, unsigned, signed by another key or
      changed after signing is a report and no error.

    Raises:
      UserError: if the file or the key cannot be read, or a signature must be checked and
        cryptography is missing.

    Example:
      >>> import tempfile
      >>> from medjax.share import archive
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     archive.write(f"{folder}/a.zip", {"README.md": b"Two images."})
      ...     report = verify(f"{folder}/a.zip")
      >>> print(report.ok, *report.sentences, sep="\\n")
      True
      Whole: its 2 entries have the digests that it lists, and the file has no other byte.
      Unsigned: nobody vouches for who made it.
    """
    return verify_and_keep(path, key=key)[0]


def verify_and_keep(
    path: str | os.PathLike[str],
    *,
    key: str | os.PathLike[str] | None = None,
    names: Collection[str] = (),
) -> tuple[Report, dict[str, bytes]]:
    """Checks a bundle as ``verify``, and returns entries of the very bytes that were checked.

    Args:
      path: the bundle.
      key: see ``verify``.
      names: which entries to return, as far as the bundle has them.

    Returns:
      ``(report, entries)``; the entries are for use only if the report is ok.

    Raises:
      UserError: see ``verify``.
    """
    wanted = None if key is None else keys.pinned(key)
    count, kept = 0, {}
    try:
        for name, data in contents(path):
            count += 1
            if name in (SUMS, SIGNATURE, *names):
                kept[name] = data
    except RefusedError as error:
        return Report(False, (f"Not a whole bundle: {error}.",)), {}
    whole = (
        f"Whole: its {count:,} entries have the digests that it lists, and the file has no other "
    )
    sums, signature = kept[SUMS], parsed(kept[SIGNATURE]) if SIGNATURE in kept else None
    ok, sentence, signed_by = _vouched(signature, sums, wanted)
    return Report(ok, (f"{whole}byte.", sentence), digest(sums), signed_by), kept


def _vouched(
    signature: Signature | None, sums: bytes, wanted: str | None
) -> tuple[bool, str, str | None]:
    """Returns whether the signature is as wanted, a sentence about it, and whose it is."""
    if signature is None and wanted is None:
        return True, f"Unsigned: {_NOBODY}.", None
    if signature is None:
        return False, f"Unsigned: nothing shows that the holder of {wanted} made it.", None
    signer = fingerprint(signature.key)
    try:
        fits = keys.is_signed(signature, sums)
    except UserError as error:
        if wanted is not None:
            raise
        return True, f"The signature was not checked, so {_NOBODY} ({error}).", None
    if not fits:
        return False, f"Changed after signing: the signature of {signer} does not fit.", None
    if wanted is None:
        unknown = f"a key that you did not name: {_NOBODY} until its holder confirms {signer}"
        return True, f"Signed by {unknown}.", signer
    if signer != wanted:
        return False, f"Signed by another key: it is {signer}, and not {wanted}.", signer
    return True, f"Signed by {signer}, as asked, and not changed since.", signer
