"""Distillation methods: each a factory of a ``Distiller``."""

from medjax.methods.coreset import herding, kcenter, random
from medjax.methods.dc import dc
from medjax.methods.distiller import Distiller, DistillState, StepInfo, read_ahead
from medjax.methods.dm import dm
from medjax.methods.dsa import dsa
from medjax.methods.loops import Loops, loops_for
from medjax.methods.registry import make, names, options

__all__ = [
    "DistillState",
    "Distiller",
    "Loops",
    "StepInfo",
    "dc",
    "dm",
    "dsa",
    "herding",
    "kcenter",
    "loops_for",
    "make",
    "names",
    "options",
    "random",
    "read_ahead",
]
