"""``SIGNATURE``: a public key, and its Ed25519 signature of the digests of all other entries."""

import hashlib
import re
from typing import NamedTuple

from medjax.share.archive.refused import RefusedError

FINGERPRINT = re.compile(r"SHA256:[0-9a-f]{64}")
"""What a fingerprint looks like."""
_TITLE = "medjax bundle signature 1"
_FORM = re.compile(
    rf"{_TITLE}\nkey: ed25519 ([0-9a-f]{{64}})\nsignature: ([0-9a-f]{{128}})\n".encode()
)


class Signature(NamedTuple):
    """What the entry ``SIGNATURE`` says; nothing of it has been verified.

    Attributes:
      key: the 32 bytes of the public key.
      value: the 64 bytes of the signature.
    """

    key: bytes
    value: bytes

    def rendered(self) -> bytes:
        """Returns the bytes of the entry."""
        key, value = self.key.hex(), self.value.hex()
        return f"{_TITLE}\nkey: ed25519 {key}\nsignature: {value}\n".encode()


def parsed(data: bytes) -> Signature:
    """Returns what the bytes of the entry say; one signature has one form.

    Args:
      data: the bytes.

    Raises:
      RefusedError: if they are in another form.

    Example:
      >>> parsed(b"signed, the director")
      Traceback (most recent call last):
      medjax.share.archive.refused.RefusedError: SIGNATURE has another form than a signature
    """
    found = _FORM.fullmatch(data)
    if found is None:
        raise RefusedError("SIGNATURE has another form than a signature")
    return Signature(*(bytes.fromhex(part.decode()) for part in found.groups()))


def fingerprint(key: bytes) -> str:
    """Returns the text by which people compare a public key.

    Args:
      key: the 32 bytes of the key.

    Example:
      >>> fingerprint(bytes(32))[:15]
      'SHA256:66687aad'
    """
    return f"SHA256:{hashlib.sha256(key).hexdigest()}"


def signed_text(key: bytes, sums: bytes) -> bytes:
    """Returns what is signed: what for, by which key, and the digests of all other entries.

    No signature that a key made for another purpose fits, nor one for another key.

    Args:
      key: the 32 bytes of the public key.
      sums: the entry ``SHA256SUMS``.

    Example:
      >>> signed_text(bytes(32), b"")[:25]
      b'medjax bundle signature 1'
    """
    return f"{_TITLE}\n{fingerprint(key)}\n".encode() + sums
