"""Evaluation: train fresh networks on a set of images, measure them, and what to beat."""

from medjax.evaluate.baselines import herding, k_center, random_subset
from medjax.evaluate.comparison import score_baselines
from medjax.evaluate.inputs import chunks_of
from medjax.evaluate.metrics import (
    accuracy,
    auroc,
    balanced_accuracy,
    mean_absolute_error,
    quadratic_weighted_kappa,
    score,
    selectable_metrics,
    summarize,
)
from medjax.evaluate.multilabel import (
    label_accuracy,
    label_auroc,
    label_average_precision,
    label_balanced_accuracy,
)
from medjax.evaluate.outputs import embed, predict
from medjax.evaluate.protocol import (
    Benchmark,
    evaluate_set,
    headline,
    hlr,
    ior,
    score_networks,
    score_nothing,
)
from medjax.evaluate.recipe import Recipe, Schedule, sgd
from medjax.evaluate.train import train_networks
from medjax.evaluate.vectors import vectors_of

__all__ = [
    "Benchmark",
    "Recipe",
    "Schedule",
    "accuracy",
    "auroc",
    "balanced_accuracy",
    "chunks_of",
    "embed",
    "evaluate_set",
    "headline",
    "herding",
    "hlr",
    "ior",
    "k_center",
    "label_accuracy",
    "label_auroc",
    "label_average_precision",
    "label_balanced_accuracy",
    "mean_absolute_error",
    "predict",
    "quadratic_weighted_kappa",
    "random_subset",
    "score",
    "score_baselines",
    "score_networks",
    "score_nothing",
    "selectable_metrics",
    "sgd",
    "summarize",
    "train_networks",
    "vectors_of",
]
