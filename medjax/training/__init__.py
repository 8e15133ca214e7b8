"""Training of several networks on one set of images, in one compiled program."""

from medjax.training.chunk_sizes import chunks_of
from medjax.training.epoch import run_epoch
from medjax.training.feature_vectors import vectors_of
from medjax.training.plateau import Budget, Plateau, train_to_plateau
from medjax.training.prediction import embed, predict
from medjax.training.recipe import RECIPES, Recipe
from medjax.training.schedule import Schedule
from medjax.training.sgd import sgd
from medjax.training.trainer import Training, start_training, train_networks

__all__ = [
    "RECIPES",
    "Budget",
    "Plateau",
    "Recipe",
    "Schedule",
    "Training",
    "chunks_of",
    "embed",
    "predict",
    "run_epoch",
    "sgd",
    "start_training",
    "train_networks",
    "train_to_plateau",
    "vectors_of",
]
