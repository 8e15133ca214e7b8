"""Files and folders that are either whole or absent, and a content-addressed cache of them."""

from medjax.store.cache import key_of, make_once
from medjax.store.files import (
    fingerprint,
    replacing,
    require_writable,
    reserve,
    source_digest,
    write_bytes,
)
from medjax.store.locks import locked
from medjax.store.places import cache_root, expand_user, user_cache

__all__ = [
    "cache_root",
    "expand_user",
    "fingerprint",
    "key_of",
    "locked",
    "make_once",
    "replacing",
    "require_writable",
    "reserve",
    "source_digest",
    "user_cache",
    "write_bytes",
]
