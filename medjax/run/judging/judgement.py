"""The scores of the distilled images and of the baselines, on test, once."""

import math
from typing import Any, NamedTuple

import jax
import numpy as np

from medjax import data, evaluate, parallel
from medjax.run.judging.baseline_cache import keeper
from medjax.run.judging.learners import judge_learners
from medjax.run.progress.stages import Stages
from medjax.run.progress.stopwatch import Stopwatch
from medjax.run.setup import Experiment
from medjax.run.state import Candidate
from medjax.types import SyntheticSet


class Judgement(NamedTuple):
    """What networks and learners that are trained on each set reach.

    Attributes:
      selected: scores of the selected images, ``{split: {metric: {"mean", "std", "n"}}}``.
      last: scores of the images of the last iteration.
      hard: scores of the selected images with classes as labels; ``None`` if those of ``selected``
        are classes.
      baselines: the baselines by name.
      learners: what ``judge_learners`` found with the selected images; empty unless the settings
        name learners.
    """

    selected: dict[str, Any]
    last: dict[str, Any]
    hard: dict[str, Any] | None
    baselines: dict[str, evaluate.Baseline]
    learners: dict[str, dict[str, Any]]


def judge(
    experiment: Experiment, selected: Candidate, last: Candidate, stopwatch: Stopwatch
) -> Judgement:
    """Scores the images and the baselines, and says how far it is.

    Args:
      experiment: the experiment of the run.
      selected: the images with the best score on val or, without a val split, the last ones.
      last: the images of the last iteration.
      stopwatch: counts the seconds of both parts.
    """
    stages = Stages(shown=parallel.is_first())
    is_last = int(selected.step) == experiment.settings.iterations
    with stopwatch.part("evaluate"):
        scores = _score(experiment, selected, "distilled images", stages)
        last_scores = scores
        if not is_last:
            last_scores = _score(experiment, last, "images of the last step", stages)
        hard = None
        if experiment.labels != "hard":
            what = "distilled images, hard labels"
            hard = _score(experiment, selected, what, stages, hard=True)
    with stopwatch.part("baselines"):
        baselines = _score_baselines(experiment, stages)
    found = {}
    if experiment.settings.evaluation.learners:
        with stopwatch.part("evaluate"):
            found = _judge_learners(experiment, selected, stages)
    return Judgement(scores, last_scores, hard, baselines, found)


def _score(
    experiment: Experiment,
    candidate: Candidate,
    what: str,
    stages: Stages,
    *,
    hard: bool = False,
) -> dict[str, Any]:
    return evaluate.evaluate_set(
        experiment.keys["final"],
        experiment.net,
        *experiment.decode(candidate.stored, hard=hard),
        experiment.benchmark,
        recipe=experiment.recipe_for(candidate.step_size, hard=hard),
        num_networks=experiment.settings.evaluation.networks,
        watch=lambda done: stages.watch(what, done),
    )


def _judge_learners(
    experiment: Experiment, selected: Candidate, stages: Stages
) -> dict[str, dict[str, Any]]:
    evaluation, made = experiment.settings.evaluation, experiment.decode(selected.stored)
    return judge_learners(
        evaluation.learners,
        jax.random.split(experiment.keys["final"], evaluation.networks),
        data.Split(np.asarray(made.images), np.asarray(made.labels)),
        (experiment.dataset, None),  # whose images are whitened already
        experiment.benchmark,
        watch=stages.watch,
    )


def baseline_plan(experiment: Experiment) -> evaluate.Plan:
    """Returns how the baselines of a run are made: under its recipe, selected as its images are."""
    settings, evaluation = experiment.settings, experiment.settings.evaluation
    return evaluate.Plan(
        ipc=experiment.ipc,
        recipe=experiment.recipe,
        select_recipe=experiment.select_recipe,
        num_networks=evaluation.networks,
        select_by=evaluation.select_by,
        select_networks=evaluation.select_networks,
        draws=math.ceil(settings.iterations / evaluation.every),
        whole_steps=_whole_steps(experiment),
        factor=_factor(experiment),
    )


def _score_baselines(experiment: Experiment, stages: Stages) -> dict[str, evaluate.Baseline]:
    return evaluate.score_baselines(
        (experiment.keys["final"], experiment.keys["select"]),
        experiment.net,
        experiment.dataset.train,
        experiment.benchmark,
        plan=baseline_plan(experiment),
        teacher=experiment.teacher,
        keep=keeper(experiment),
        watch=stages.watch,
    )


def _factor(experiment: Experiment) -> int:
    """Returns the patches along each side of a stored image, which a method may choose itself."""
    key, real = experiment.keys["distill"], experiment.real
    state = jax.eval_shape(lambda key: experiment.distiller.init(key, real), key)
    stored = SyntheticSet(state.images, state.labels)
    decoded = jax.eval_shape(experiment.distiller.decode, stored)
    return math.isqrt(len(decoded.labels) // len(stored.labels))


def _whole_steps(experiment: Experiment) -> int:
    evaluation = experiment.settings.evaluation
    if evaluation.whole_epochs is None:
        return evaluation.whole_steps
    steps_per_epoch = math.ceil(len(experiment.dataset.train) / evaluation.batch_size)
    return evaluation.whole_epochs * steps_per_epoch
