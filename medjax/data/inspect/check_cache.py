"""Keeps what the check of a data set found, so that the next run need not read each image."""

import functools
import hashlib
import json
import logging
import os
import pathlib
from typing import Any

import numpy as np

from medjax import store
from medjax.data import patient_words
from medjax.data.dataset import Dataset
from medjax.data.inspect.checking import check
from medjax.data.prepare import colours
from medjax.errors import UserError

_log = logging.getLogger("medjax")
_FILE = "found.json"
_APART = ("raw", "made")  # attributes of ``DatasetInfo`` that are not searched, and not JSON


def check_once(dataset: Dataset, *, cache: str | os.PathLike | None = None) -> dict[str, Any]:
    """Returns what ``check`` finds in a loaded data set, from the cache if it is there.

    Processes that share the cache share the result: one of them checks while the others wait.
    A damaged result is found again. Without a cache that can be written, nothing is kept.

    Args:
      dataset: a data set from ``load``, whose digest tells its images from others.
      cache: folder of the cache; None for the default.

    Returns:
      What ``check`` found.

    Example:
      >>> import tempfile
      >>> from medjax import data
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     check_once(data.load("phantom"), cache=folder)["leakage"]
      False
    """
    found: list[str] = []

    def make(folder: pathlib.Path) -> dict[str, Any]:
        found.append(json.dumps(check(dataset.info, dataset.splits)))
        (folder / _FILE).write_text(found[0], encoding="utf-8")
        return {}

    entry = store.cache_root(cache) / "checks" / _key(dataset)
    try:
        # The names of files may be those of patients.
        store.make_once(entry, make, what="the check of the data", mode=0o700)
        return json.loads((entry / _FILE).read_bytes())
    except (UserError, OSError) as error:
        _log.info("data: the check is not kept: %s", error)
    return json.loads(found[0]) if found else check(dataset.info, dataset.splits)


def _key(dataset: Dataset) -> str:
    """Returns a digest of all that the result depends on."""
    info = dataset.info
    made = {name: hashlib.md5(x.tobytes(), usedforsecurity=False) for name, x in info.made.items()}
    return store.key_of(
        [
            _version(),
            {name: value for name, value in vars(info).items() if name not in _APART},
            {name: digest.hexdigest() for name, digest in made.items()},
            {name: [*split.images.shape] for name, split in dataset.splits.items()},
            str(dataset.preparation),
            np.concatenate([dataset.mean, dataset.std]).tolist(),
        ]
    )


@functools.cache
def _version() -> str:
    """Returns a digest of the source of the check, whose sentences are part of its result."""
    beside = (pathlib.Path(module.__file__) for module in (colours, patient_words))
    return store.source_digest([pathlib.Path(__file__).parent, *beside])
