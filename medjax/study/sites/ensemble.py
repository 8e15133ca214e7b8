"""The prediction ensemble of the networks of several sites."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from medjax.evaluate import Prediction, score_predictions
from medjax.evaluate.predictions import Scores
from medjax.evaluate.protocol import predict_split
from medjax.study.ways.classifiers import Classifiers, Moments


def score_ensemble(
    classifiers: Classifiers, variables: Sequence[Any], moments: Sequence[Moments]
) -> Scores:
    """Scores the mean of the sites' probabilities, in which every site has the same weight.

    Network ``i`` of the ensemble is the mean over sites of their network ``i``. Each site's
    networks see the images as normalised by that site's moments.

    Args:
      classifiers: the architecture and the splits to score on.
      variables: those of each site, with a leading axis of networks.
      moments: those of each site.

    Returns:
      ``{split: {metric: {"mean", "std", "n", "values", …}}}``, see ``evaluate.score_predictions``.
    """
    found = {}
    for name, split in classifiers.benchmark.splits.items():
        parts = [
            predict_split(classifiers.net, own, split, classifiers.benchmark._replace(stats=stats))
            for own, stats in zip(variables, moments, strict=True)
        ]
        scores = np.mean([part.scores for part, _ in parts], axis=0)
        diverged = np.any([lost for _, lost in parts], axis=0)
        found[name] = Prediction(scores, split.labels, int(diverged.sum()))
    return score_predictions(found, task=classifiers.benchmark.task)
