"""Studies: grids of runs as independent jobs, their table, and the statistics of it."""

import importlib

_PLACES = {"representativeness": "medjax.study.indicator.representativeness"}

__all__ = ["representativeness"]


def __getattr__(name: str) -> object:
    if name in _PLACES:  # loads JAX, which a process that does jobs loads later
        return getattr(importlib.import_module(_PLACES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
