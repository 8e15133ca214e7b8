"""``SHA256SUMS``: the digest of each entry, as ``sha256sum --check`` reads it."""

import hashlib
from collections.abc import Mapping

SUMS = "SHA256SUMS"
"""The entry that lists the digests of all others."""
SIGNATURE = "SIGNATURE"
"""The entry that vouches for ``SUMS``, which does not list it."""


def digest(data: bytes) -> str:
    """Returns the SHA-256 of bytes in hex.

    Example:
      >>> digest(b"")[:8]
      'e3b0c442'
    """
    return hashlib.sha256(data).hexdigest()


def rendered_sums(digests: Mapping[str, str]) -> bytes:
    """Returns the content of ``SHA256SUMS``, sorted by name.

    Args:
      digests: the digest of each entry by its name.

    Example:
      >>> rendered_sums({"b": "01", "a": "02"})
      b'02  a\\n01  b\\n'
    """
    return "".join(f"{digests[name]}  {name}\n" for name in sorted(digests)).encode()
