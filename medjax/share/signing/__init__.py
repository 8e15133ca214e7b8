"""Ed25519 signatures of bundles, and the keys that make and check them."""

from medjax.share.signing.keys import is_signed, make_keys, pinned, sign

__all__ = ["is_signed", "make_keys", "pinned", "sign"]
