"""medjax: dataset distillation for medical images, in JAX.

Importing ``medjax`` loads nothing heavy; import the part you need::

    from medjax import augment, data, evaluate, kernels, methods, nets, share

``medjax.distill(config, workdir)`` runs one seed or several, like ``python -m medjax.launch``.
"""

import importlib
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from medjax.run.seeds import distill_seeds

    distill = distill_seeds

__version__ = "0.1.0"

_MOVED = {"config": "medjax.run.config", "train": "medjax.run.distill"}


def __getattr__(name: str) -> object:
    if name == "distill":  # loads everything, so it is imported on first use
        from medjax.run.seeds import distill_seeds

        return distill_seeds
    if name in _MOVED:
        warnings.warn(f"medjax.{name} is now {_MOVED[name]}", DeprecationWarning, stacklevel=2)
        return importlib.import_module(_MOVED[name])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), "distill"]
