"""Evaluation: train fresh networks on a set of images, measure them, and what to beat."""

from medjax.evaluate.baselines import herding, k_center, random_subset
from medjax.evaluate.comparison import score_baselines
from medjax.evaluate.metrics import (
    accuracy,
    auroc,
    balanced_accuracy,
    quadratic_weighted_kappa,
    score,
    summarize,
)
from medjax.evaluate.outputs import embed, predict
from medjax.evaluate.protocol import Benchmark, evaluate_set, hlr, ior, score_networks
from medjax.evaluate.recipe import Recipe, Schedule, sgd
from medjax.evaluate.train import train_networks

__all__ = [
    "Benchmark",
    "Recipe",
    "Schedule",
    "accuracy",
    "auroc",
    "balanced_accuracy",
    "embed",
    "evaluate_set",
    "herding",
    "hlr",
    "ior",
    "k_center",
    "predict",
    "quadratic_weighted_kappa",
    "random_subset",
    "score",
    "score_baselines",
    "score_networks",
    "sgd",
    "summarize",
    "train_networks",
]
