"""The baselines of earlier runs: those of one data set, seed and recipe are trained once."""

import logging
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from medjax import data, evaluate, store
from medjax.errors import UserError
from medjax.run.setup import Experiment
from medjax.run.sources import SCORING, code_digest

_log = logging.getLogger("medjax")
_ARRAYS = "arrays.npz"
# What decides the scores of a baseline; of the methods, how images are stored as patches.
_SOURCES = (*SCORING, "methods/formation.py")


def keeper(experiment: Experiment) -> evaluate.Keep:
    """Returns the function that keeps baselines in the cache.

    An entry is named by everything that it depends on: the data and its preparation, the network,
    the seed, the recipe, the source code of training and scoring, the version of JAX and the kind
    of device. Without a cache that can be written nothing is kept. A run of several processes keeps
    nothing either, because all of them train each network together.
    """
    if jax.process_count() > 1:
        return lambda _, make: make()
    settings, dataset = experiment.settings, experiment.dataset
    root = data.cache_root(settings.data.cache or None) / "baselines"
    zca = experiment.whitening.zca if experiment.whitening else None
    shared = {
        "data": [dataset.info.name, dataset.info.digest, str(dataset.preparation), zca],
        "net": {"name": settings.net.name, **settings.net.options},
        "precision": settings.precision,
        "seed": settings.seed,
        "source": code_digest(_SOURCES),
        "jax": jax.__version__,
        "device": [jax.devices()[0].platform, jax.devices()[0].device_kind],
    }

    def keep(content: Mapping[str, Any], make: Callable[[], evaluate.Made]) -> evaluate.Made:
        return _keep(root / store.key_of({**shared, **content}), make, kind=content["kind"])

    return keep


def _keep(folder: Path, make: Callable[[], evaluate.Made], *, kind: str) -> evaluate.Made:
    begun: list[bool] = []
    made: list[evaluate.Made] = []

    def write(folder: Path) -> dict[str, Any]:
        begun.append(True)
        made.append(make())
        np.savez(folder / _ARRAYS, **made[0].arrays)
        return made[0].facts

    try:
        # A network of all real images may tell of them, so only its owner may read it.
        facts = store.make_once(folder, write, what=f"the baseline {kind}", mode=0o700)
        with open(folder / _ARRAYS, "rb") as stream, np.load(stream) as arrays:
            return evaluate.Made(facts, dict(arrays))
    except (UserError, OSError, ValueError, zipfile.BadZipFile) as error:
        if begun and not made:
            raise  # an error of the baseline, not of the cache
        _log.info("cache: a baseline is not kept: %s", error)
        return made[0] if made else make()
