"""The indicators of a data set, measured before anything is distilled from it."""

import math
from typing import NamedTuple

import jax
import numpy as np

from medjax import coreset, evaluate, training
from medjax.evaluate.baselines.comparison import Comparison, Watch
from medjax.evaluate.baselines.made import Made
from medjax.evaluate.baselines.subsets import score_k_center, score_random
from medjax.evaluate.baselines.teacher import first_network
from medjax.evaluate.baselines.whole import train_whole
from medjax.run.judging import baseline_plan, keeper
from medjax.run.setup import Experiment
from medjax.study.indicator.descriptors import descriptors, intrinsic_dimension
from medjax.study.indicator.names import PRIMARY, REPRESENTATIVENESS
from medjax.study.indicator.representativeness import median_distance, representativeness
from medjax.study.indicator.slope import curve_slope, slope_ends
from medjax.types import MULTI_LABEL

_SUBSETS = 5  # random subsets whose representativeness is averaged
_MOST = 1000  # real images of a class that are embedded
_LOW_TIMES = 4  # as many small subsets, which differ most and cost least
_WHOLE_NETWORKS = 2  # trained on all images, which takes longest
_PERCENT = 100


class Measured(NamedTuple):
    """What was measured of a data set.

    Attributes:
      values: the indicators by name, see ``names``; scores in points. Those that the set has too
        few images for are NaN.
      random: mean score of networks on as many random images, 0–1.
      whole: mean score of networks on all images, with equal weights of the classes, 0–1.
      chance: the score of guessing, 0–1.
      metric: ``balanced_accuracy``, or ``auroc`` for a multi-label set.
      split: what the networks were scored on: ``val``, or ``test`` without a val split.
    """

    values: dict[str, float]
    random: float
    whole: float
    chance: float
    metric: str
    split: str


def measure(experiment: Experiment, *, watch: Watch = lambda *_: None) -> Measured:
    """Measures the indicators of a data set at the images per class of a run.

    The networks, their number and their recipe are those that would score a distilled set. What was
    measured with the same settings is read from the cache of baselines.

    Args:
      experiment: a run that is not started. Its seed should be ``names.FIRST_SEED``.
      watch: is told what is trained, and how much of it is done.

    Returns:
      The measurements.

    Raises:
      UserError: if classes are too small for a learning curve.

    Example:
      >>> from medjax.run.config import make
      >>> from medjax.run.settings import Settings
      >>> from medjax.run.setup import make_experiment
      >>> config = make("random", "phantom", "quick,ipc=10,seed=1048576").to_dict()
      >>> experiment = make_experiment(Settings.from_config(config))
      >>> measure(experiment).values["slope"]  # doctest: +SKIP
      21.3
    """
    labels, metric = experiment.dataset.train.labels, compared_metric(experiment.dataset.info.task)
    split = "val" if experiment.dataset.val is not None else "test"
    ipc = _ipc(experiment)
    low, high = slope_ends(ipc)
    images = [sum(coreset.at_most(labels, count)) for count in (low, high)]
    curve_slope(0, 0, images=(images[0], images[1]))  # refuses before anything is trained

    def score(baseline: evaluate.Baseline) -> float:
        return float(baseline.scores[split][metric]["mean"])

    compared = {count: _comparison(experiment, count, watch) for count in (low, ipc, high)}
    more = compared[low].plan._replace(num_networks=_LOW_TIMES * compared[low].plan.num_networks)
    compared[low] = compared[low]._replace(plan=more)
    curve = {count: score(score_random(one)) for count, one in compared.items()}
    comparison, level = compared[ipc], curve[ipc]
    fewer = comparison.plan._replace(num_networks=_WHOLE_NETWORKS)
    whole = train_whole(comparison._replace(plan=fewer), balanced=True)
    best = float(whole.facts["scores"][split][metric]["mean"])
    num_classes = experiment.dataset.num_classes
    values = {
        PRIMARY: curve_slope(curve[low], curve[high], images=(images[0], images[1])),
        "random": _PERCENT * level,
        "headroom": _PERCENT * (best - level),
        "kcenter_gain": _PERCENT * (score(score_k_center(comparison, whole)) - level),
        **_embedded(experiment, whole, ipc),
        **descriptors(labels, num_classes=num_classes),
    }
    chance = chance_level(experiment.dataset.info.task, num_classes=num_classes)
    return Measured(values, level, best, chance, metric, split)


def compared_metric(task: str) -> str:
    """Returns the metric in which gains and recovery are measured.

    Args:
      task: one of MedMNIST's four.

    Example:
      >>> compared_metric("binary-class")
      'balanced_accuracy'
    """
    return "auroc" if task == MULTI_LABEL else "balanced_accuracy"


def chance_level(task: str, *, num_classes: int) -> float:
    """Returns the score of guessing in the metric of ``compared_metric``, 0–1.

    Args:
      task: one of MedMNIST's four.
      num_classes: number of classes.

    Example:
      >>> chance_level("multi-class", num_classes=4)
      0.25
    """
    return 0.5 if task == MULTI_LABEL else 1 / num_classes


def _ipc(experiment: Experiment) -> int:
    """Returns the images per class; a mean where the classes have different numbers."""
    ipc = experiment.ipc
    return ipc if isinstance(ipc, int) else max(round(sum(ipc) / len(ipc)), 1)


def _comparison(experiment: Experiment, ipc: int, watch: Watch) -> Comparison:
    return Comparison(
        experiment.keys["final"],
        experiment.keys["select"],
        experiment.net,
        experiment.dataset.train,
        experiment.benchmark,
        baseline_plan(experiment)._replace(ipc=ipc),
        keeper(experiment),
        watch,
    )


def _embedded(experiment: Experiment, whole: Made, ipc: int) -> dict[str, float]:
    """Measures what takes the features of a network that was trained on all images."""
    dataset, benchmark = experiment.dataset, experiment.benchmark
    network, key = first_network(whole), jax.random.fold_in(experiment.keys["select"], 0)
    most = coreset.at_most(dataset.train.labels, _MOST)
    rows = np.unique(coreset.random_subset(key, dataset.train.labels, most))
    images, labels = dataset.train.images[rows], np.asarray(dataset.train.labels)[rows]
    stats = benchmark.stats
    features = np.asarray(training.embed(experiment.net, network, images, stats=stats)[0])
    if not np.isfinite(features).all():  # a network that diverged tells nothing
        return dict.fromkeys((*REPRESENTATIVENESS, "intrinsic_dimension"), math.nan)
    few, width = coreset.at_most(labels, ipc), median_distance(features)
    found = []
    for number in range(_SUBSETS):
        chosen = coreset.random_subset(jax.random.fold_in(key, number), labels, few)
        rest = np.setdiff1d(np.arange(len(labels)), chosen)
        if len(rest):
            both = features[chosen], features[rest], labels[chosen], labels[rest]
            found.append(representativeness(*both, bandwidth=width, seed=number))
    known = {
        name: [one[name] for one in found if not math.isnan(one[name])]
        for name in REPRESENTATIVENESS
    }
    means = {name: float(np.mean(some)) if some else math.nan for name, some in known.items()}
    return {**means, "intrinsic_dimension": intrinsic_dimension(features)}
