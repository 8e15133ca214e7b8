"""Training of several networks on one set of images, in one compiled program."""

from medjax.training.chunk_sizes import chunks_of
from medjax.training.epoch import run_epoch
from medjax.training.feature_vectors import vectors_of
from medjax.training.prediction import embed, predict
from medjax.training.recipe import Recipe
from medjax.training.schedule import Schedule
from medjax.training.sgd import sgd
from medjax.training.trainer import train_networks

__all__ = [
    "Recipe",
    "Schedule",
    "chunks_of",
    "embed",
    "predict",
    "run_epoch",
    "sgd",
    "train_networks",
    "vectors_of",
]
