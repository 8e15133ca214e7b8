"""The kind ``baselines``: what all methods of a data set, ipc and seed are compared with."""

from pathlib import Path
from typing import Any

import numpy as np

from medjax import evaluate
from medjax.coreset import at_most
from medjax.run.settings import Settings
from medjax.run.sources import SCORING
from medjax.study.grid.cell import config_of
from medjax.study.jobs import rules
from medjax.study.jobs.job import Job
from medjax.study.jobs.kinds import Kind
from medjax.study.statistics.summaries import CHANCE
from medjax.study.table.rows import Row
from medjax.study.table.scored import Made, on_network, scored_rows


def run(job: Job, folder: Path) -> list[Row]:
    """Scores random images, the best of them on val, k-center, all images, and chance.

    Each is kept in the cache of baselines, where the runs of all methods find it. ``nothing``,
    which predicts no finding for any image, has no row: chance is a constant prediction as well.
    """
    from medjax.run.judging import baseline_plan, keeper
    from medjax.run.judging.teaching import with_teacher
    from medjax.run.progress import Stages
    from medjax.run.setup import make_experiment

    settings = Settings.from_config(config_of(job.settings["run"]))
    experiment = with_teacher(make_experiment(settings))
    plan = baseline_plan(experiment)._replace(draws=job.settings["draws"])
    train, keys = experiment.dataset.train, experiment.keys
    made = evaluate.score_baselines(
        (keys["final"], keys["select"]),
        experiment.net,
        train,
        experiment.benchmark,
        plan=plan,
        teacher=experiment.teacher,
        keep=keeper(experiment),
        watch=Stages().watch,
    )
    pixels, few = int(np.prod(train.images.shape[1:])), sum(at_most(train.labels, plan.ipc))
    rows = []
    made.pop("nothing", None)
    for name, baseline in made.items():
        count = len(train) if name.startswith("whole") else few
        size = Made(on_network(name, job), None, count, count * pixels)
        rows += scored_rows(job, size, baseline.scores)
    chance = _chance(train.labels, experiment.benchmark)
    return rows + scored_rows(job, Made(on_network(CHANCE, job), None, 0, 0), chance)


def _chance(labels: np.ndarray, benchmark: evaluate.Benchmark) -> dict[str, Any]:
    """Scores the prediction that each image has each class as often as the training images do."""
    counts = labels.clip(0).sum(axis=0) if labels.ndim == 2 else np.bincount(labels)
    frequencies = counts / len(labels)
    found: dict[str, Any] = {}
    for name, split in benchmark.splits.items():
        same = np.tile(frequencies, (len(split), 1))
        scores = evaluate.score_probabilities(same, split.labels, task=benchmark.task)
        found[name] = {k: {"mean": float(v), "std": None, "n": 0} for k, v in scores.items()}
    return found


def _seconds(job: Job) -> float:
    return rules.baseline_seconds(job.settings)


def _shared(job: Job) -> float:
    return rules.whole_seconds(job.settings)


KIND = Kind(
    run,
    _seconds,
    sources=(
        *SCORING,
        "run/judging/judgement.py",
        "run/judging/teaching.py",
        "study/grid/baselines.py",
        "study/table/scored.py",
    ),
    shared=_shared,
)
