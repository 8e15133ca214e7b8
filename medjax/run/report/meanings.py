"""What the metrics of a report mean, a sentence each."""

from collections.abc import Mapping
from typing import Any

from medjax.run.report.table import image_range

_MEANINGS = {
    "auroc": "AUROC: 1 is perfect, 0.5 is guessing.",
    "average_precision": "Mean average precision: 1 is perfect; guessing gives the mean "
    "share of images that have a finding.",
    "quadratic_weighted_kappa": "Quadratic weighted kappa: agreement on ordered grades; 1 is "
    "perfect, 0 is chance.",
    "mean_absolute_error": "Mean absolute error: how many grades a prediction is off on average; "
    "0 is perfect.",
    "balanced_accuracy": "Balanced accuracy: the share of each class that is recognised, averaged "
    "over classes, so that a rare class counts as much as a common one.",
    "balanced_accuracy_tuned": "Balanced accuracy at val's threshold: each network decides at the "
    "probability that was best on the validation images, not at 0.5; on these images it is "
    "therefore too high.",
    "ece": "Calibration error (ECE): how far probabilities are on average from how often they come "
    "true; 0 is perfect, and whoever acts on a probability needs it low.",
    "brier": "Brier score: the squared error of probabilities; 0 is perfect, and it falls with "
    "better ranking as well as with better calibration.",
}


def meanings(test: Mapping[str, Any]) -> list[str]:
    """Explains the metrics of a run and the spreads beside them.

    Args:
      test: the metrics on test, as in ``summary.json``.

    Example:
      >>> meanings({"auroc": {"mean": 0.9, "std": 0.01, "n": 5}})
      ['AUROC: 1 is perfect, 0.5 is guessing.']
    """
    sentences = [text for metric, text in _MEANINGS.items() if metric in test]
    if image_range(test, "auroc", digits=3):
        sentences.append(
            "An AUROC has two spreads: ± is over networks, on the same images; the range is the "
            "95 % interval over images, for the same networks (DeLong's method). Neither covers "
            "other distilled sets."
        )
    return sentences
