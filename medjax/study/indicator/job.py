"""The kind ``indicator``: what is measured of a data set before anything is distilled from it."""

import math
from pathlib import Path

from medjax.run.settings import Settings
from medjax.run.sources import SCORING
from medjax.study.grid.cell import config_of
from medjax.study.indicator.names import CHANCE, INDICATOR
from medjax.study.jobs import rules
from medjax.study.jobs.job import Job
from medjax.study.jobs.kinds import Kind
from medjax.study.table.rows import Row


def run(job: Job, folder: Path) -> list[Row]:
    """Measures the indicators; each is the metric of a row, and so is the level of chance.

    Those that the set has too few images for have no row.
    """
    from medjax.run.progress import Stages
    from medjax.run.setup import make_experiment
    from medjax.study.indicator.measuring import measure

    experiment = make_experiment(Settings.from_config(config_of(job.settings["run"])))
    found = measure(experiment, watch=Stages().watch)
    values = {f"{CHANCE}{found.metric}": found.chance, **found.values}
    cell = job.dataset, INDICATOR, job.ipc, job.seed, found.split
    networks = experiment.settings.evaluation.networks
    return [
        Row(*cell, name, value, None, networks, None, 0, 0)
        for name, value in values.items()
        if not math.isnan(value)
    ]


def _seconds(job: Job) -> float:
    # Two networks of all images for the baselines' ten or five, and subsets of other sizes.
    return rules.baseline_seconds(job.settings) / 3


KIND = Kind(
    run,
    _seconds,
    sources=(*SCORING, "run/judging/judgement.py", "study/indicator"),
)
