"""The baselines of earlier runs: those of one data set, seed and recipe are trained once."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

import medjax
from medjax import data, evaluate, store
from medjax.run.setup import Experiment

_ARRAYS = "arrays.npz"
_SCORES = 2  # counts up when a score gains a part, which entries made before lack


def keeper(experiment: Experiment) -> evaluate.Keep:
    """Returns the function that keeps baselines in the cache.

    An entry is named by everything that it depends on: the data and its preparation, the network,
    the seed, the recipe, the versions and the kind of device. A run of several processes keeps
    nothing, because all of them train each network together.
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
        "scores": _SCORES,
        "versions": [medjax.__version__, jax.__version__],
        "device": [jax.devices()[0].platform, jax.devices()[0].device_kind],
    }

    def keep(content: Mapping[str, Any], make: Callable[[], evaluate.Made]) -> evaluate.Made:
        folder = root / store.key_of({**shared, **content})

        def write(folder: Path) -> dict[str, Any]:
            made = make()
            np.savez(folder / _ARRAYS, **made.arrays)
            return made.facts

        facts = store.make_once(folder, write, what=f"the baseline {content['kind']}")
        with np.load(folder / _ARRAYS) as arrays:
            return evaluate.Made(facts, dict(arrays))

    return keep
