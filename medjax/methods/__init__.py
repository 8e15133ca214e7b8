"""Distillation methods, each a factory of a ``Distiller``."""

from medjax.methods.auto import auto
from medjax.methods.coreset import herding, kcenter, random
from medjax.methods.datm import datm
from medjax.methods.dc import dc
from medjax.methods.distiller import Distiller, DistillState, StepInfo, read_ahead
from medjax.methods.dm import dm
from medjax.methods.dsa import dsa
from medjax.methods.experts import Experts, Trainer, make_trainer, train_experts
from medjax.methods.formation import at_patch_size, decode, pack
from medjax.methods.hoptm import hoptm
from medjax.methods.idc import idc
from medjax.methods.idm import idm
from medjax.methods.layout import proportional_ipc
from medjax.methods.loops import Loops, loops_for
from medjax.methods.mtt import mtt
from medjax.methods.ncfm import ncfm
from medjax.methods.rded import rded
from medjax.methods.registry import axes, make, names, options
from medjax.methods.vectors import vector_size

__all__ = [
    "DistillState",
    "Distiller",
    "Experts",
    "Loops",
    "StepInfo",
    "Trainer",
    "at_patch_size",
    "auto",
    "axes",
    "datm",
    "dc",
    "decode",
    "dm",
    "dsa",
    "herding",
    "hoptm",
    "idc",
    "idm",
    "kcenter",
    "loops_for",
    "make",
    "make_trainer",
    "mtt",
    "names",
    "ncfm",
    "options",
    "pack",
    "proportional_ipc",
    "random",
    "rded",
    "read_ahead",
    "train_experts",
    "vector_size",
]
