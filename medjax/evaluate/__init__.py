"""Evaluation: fresh networks trained on a set of images, their scores, and baselines."""

from medjax.evaluate.absent import absent_lines, unlearned_lines
from medjax.evaluate.baselines.comparison import Baseline, Plan
from medjax.evaluate.baselines.made import Keep, Made
from medjax.evaluate.baselines.scoring import make_teacher, score_baselines
from medjax.evaluate.baselines.teacher import Teacher
from medjax.evaluate.calibration import brier, expected_calibration_error
from medjax.evaluate.comparison import better_whole, headline, hlr, ior
from medjax.evaluate.copies import copy_lines
from medjax.evaluate.delong import AreaSample, area_sample, auroc_difference, auroc_interval
from medjax.evaluate.intervals import (
    Interval,
    TwoLevel,
    mean_interval,
    paired_interval,
    prediction_interval,
    two_level,
    verdict,
)
from medjax.evaluate.learners import (
    LearnerScores,
    check_learners,
    compare_learner,
    random_rows,
)
from medjax.evaluate.metrics import (
    accuracy,
    auroc,
    balanced_accuracy,
    mean_absolute_error,
    quadratic_weighted_kappa,
)
from medjax.evaluate.multilabel import (
    label_accuracy,
    label_auroc,
    label_average_precision,
    label_balanced_accuracy,
)
from medjax.evaluate.predictions import Prediction, score_predictions
from medjax.evaluate.protocol import Benchmark, evaluate_set, score_networks, score_nothing
from medjax.evaluate.scoring import (
    probabilities,
    score,
    score_probabilities,
    selectable_metrics,
    summarize,
)
from medjax.evaluate.thresholds import balanced_accuracy_at, choose_threshold

__all__ = [
    "AreaSample",
    "Baseline",
    "Benchmark",
    "Interval",
    "Keep",
    "LearnerScores",
    "Made",
    "Plan",
    "Prediction",
    "Teacher",
    "TwoLevel",
    "absent_lines",
    "accuracy",
    "area_sample",
    "auroc",
    "auroc_difference",
    "auroc_interval",
    "balanced_accuracy",
    "balanced_accuracy_at",
    "better_whole",
    "brier",
    "check_learners",
    "choose_threshold",
    "compare_learner",
    "copy_lines",
    "evaluate_set",
    "expected_calibration_error",
    "headline",
    "hlr",
    "ior",
    "label_accuracy",
    "label_auroc",
    "label_average_precision",
    "label_balanced_accuracy",
    "make_teacher",
    "mean_absolute_error",
    "mean_interval",
    "paired_interval",
    "prediction_interval",
    "probabilities",
    "quadratic_weighted_kappa",
    "random_rows",
    "score",
    "score_baselines",
    "score_networks",
    "score_nothing",
    "score_predictions",
    "score_probabilities",
    "selectable_metrics",
    "summarize",
    "two_level",
    "unlearned_lines",
    "verdict",
]
