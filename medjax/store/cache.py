"""A content-addressed cache: folders that are made once, and made again if they change."""

import hashlib
import json
import logging
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

from medjax.errors import UserError
from medjax.store.files import fingerprint, replacing
from medjax.store.locks import locked

_log = logging.getLogger("medjax")
_RECORD = "record.json"


def key_of(content: Any) -> str:
    """Returns the key of an entry of the cache.

    Args:
      content: all that the entry depends on, as JSON; the order of keys does not matter.

    Returns:
      A digest in hex.

    Example:
      >>> key_of({"size": 28, "seed": 0}) == key_of({"seed": 0, "size": 28})
      True
    """
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]


def make_once(
    folder: pathlib.Path,
    make: Callable[[pathlib.Path], Mapping[str, Any]],
    *,
    what: str,
    mode: int = 0o777,
) -> dict[str, Any]:
    """Makes a folder of the cache, unless it is there and unchanged.

    It appears whole or not at all. One of several processes makes it while the others wait. A
    folder whose files have another length, or other bytes in a sample of them, is made again.

    Args:
      folder: the folder, named by ``key_of`` everything that it depends on.
      make: writes files into an empty folder, and returns facts to keep as JSON.
      what: the name of the content in messages.
      mode: permissions of the folder, before the umask.

    Returns:
      The facts.

    Raises:
      UserError: if the cache cannot be written, or ``make`` raises it.

    Example:
      >>> import tempfile
      >>> with tempfile.TemporaryDirectory() as root:
      ...     entry = pathlib.Path(root, "key")
      ...     for answer in (42, 43):
      ...         print(make_once(entry, lambda folder: {"answer": answer}, what="an answer"))
      {'answer': 42}
      {'answer': 42}
    """
    facts = _facts(folder)
    if facts is not None:
        _log.info("cache: using %s in %s", what, folder)
        return facts
    temporary = folder.with_name(f"{folder.name}.tmp")
    try:
        with locked(folder.with_name(f"{folder.name}.lock")):
            facts = _facts(folder)  # another process may have made it in the meantime
            if facts is None:
                with replacing(folder, temporary):
                    temporary.mkdir(mode=mode, parents=True)
                    facts = dict(make(temporary))
                    files = {file.name: fingerprint(file) for file in temporary.iterdir()}
                    record = json.dumps({"files": files, "facts": facts})
                    (temporary / _RECORD).write_text(record, encoding="utf-8")
                facts = json.loads(record)["facts"]
    except OSError as error:
        raise UserError(
            f"cannot cache {what} in {folder.parent}: {error.strerror or error}; choose a folder "
            "with room by data.cache or MEDJAX_CACHE_DIR"
        ) from error
    return facts


def _facts(folder: pathlib.Path) -> dict[str, Any] | None:
    """Returns the facts of an unchanged folder, or None."""
    try:
        record = json.loads((folder / _RECORD).read_bytes())
        files = {name: fingerprint(folder / name) for name in record["files"]}
        return record["facts"] if files == record["files"] else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # the record is missing or damaged
