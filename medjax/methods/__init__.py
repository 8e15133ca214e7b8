"""Distillation methods, each a factory of a ``Distiller``."""

from medjax.methods.distiller import Distiller, DistillState, StepInfo, read_ahead
from medjax.methods.experts import Experts, Trainer, make_trainer, train_experts
from medjax.methods.features.auto import auto
from medjax.methods.features.dm import dm
from medjax.methods.features.idm import idm
from medjax.methods.features.ncfm import ncfm
from medjax.methods.formation import at_patch_size, decode, pack
from medjax.methods.gradients.dc import dc
from medjax.methods.gradients.dsa import dsa
from medjax.methods.gradients.idc import idc
from medjax.methods.gradients.loops import Loops, loops_for
from medjax.methods.layout import proportional_ipc
from medjax.methods.registry import axes, make, names, options, real_parts
from medjax.methods.selected.coreset import herding, kcenter, random
from medjax.methods.selected.rded import rded
from medjax.methods.trajectories.datm import datm
from medjax.methods.trajectories.hoptm import hoptm
from medjax.methods.trajectories.mtt import mtt
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
    "real_parts",
    "train_experts",
    "vector_size",
]
