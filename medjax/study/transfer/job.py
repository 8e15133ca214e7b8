"""The kind ``transfer``: one seed of training on one data set and scoring on another."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medjax.run.metrics import write_json
from medjax.run.settings import DataSettings, Settings
from medjax.run.sources import SCORING
from medjax.study.grid.cell import config_of
from medjax.study.jobs import rules
from medjax.study.jobs.job import Job
from medjax.study.jobs.kinds import Kind
from medjax.study.table.rows import Row
from medjax.study.table.scored import Made, scored_rows

if TYPE_CHECKING:
    from medjax import data
    from medjax.run.setup import Experiment

_log = logging.getLogger("medjax")
FACTS = "transfer.json"
"""The file of a job with the common classes, and the images and moments of both sets."""


def run(job: Job, folder: Path) -> list[Row]:
    """Distils the source, trains on what is made of both sets, and scores on the target."""
    from medjax.study.transfer.ways import compare_transfer

    settings = Settings.from_config(config_of(job.settings["run"]))
    merged = {**job.settings["run"], **job.settings["target"]}
    section = config_of(merged)["data"]
    experiment, target = both(settings, DataSettings.from_config(section), job.settings["pairs"])
    write_json(folder / FACTS, [_facts(one) for one in (experiment.dataset, target)])
    found = compare_transfer(
        experiment, target, watch=lambda what: _log.info("%s: %s", job.title, what)
    )
    return [
        row
        for one in found
        for row in scored_rows(job, Made(one.method, one.seconds, one.images, one.sent), one.scores)
    ]


def both(
    settings: Settings, target: DataSettings, pairs: list[tuple[str, str]]
) -> "tuple[Experiment, data.Dataset]":
    """Loads two sets and reduces them to their common classes, in the shape of the source.

    Args:
      settings: of the run on the source.
      target: the other set.
      pairs: the classes of the source with those of the target, see ``match_classes``.

    Returns:
      ``(experiment, target)``: that of the source, and the other set.

    Raises:
      UserError: if they have fewer than two classes in common.
    """
    from medjax.run import datasets
    from medjax.run.setup import experiment_on
    from medjax.study.transfer.classes import match_classes, restricted
    from medjax.study.transfer.conversion import in_shape_of

    (ours, streaming), (theirs, _) = map(datasets.load_dataset, (settings.data, target))
    matched = match_classes(ours.info.classes, theirs.info.classes, dict(pairs))
    ours = restricted(ours, matched.source, matched.names)
    theirs = in_shape_of(restricted(theirs, matched.target, matched.names), ours)
    datasets.check_scored(target.name, theirs)
    return experiment_on(ours, streaming, settings=settings), theirs


def _facts(dataset: "data.Dataset") -> dict[str, Any]:
    info = dataset.info
    counts = {name: len(split) for name, split in dataset.splits.items()}
    moments = {"mean": dataset.mean, "std": dataset.std}
    return {"name": info.name, "classes": info.classes, "images": counts, **moments}


def _seconds(job: Job) -> float:
    """Distils once, and trains once on the source and twice on the target.

    Baselines take about as long as one training on real images.
    """
    settings = {**job.settings, "draws": 0}
    return rules.distilling_seconds(settings) + 3 * rules.baseline_seconds(settings)


KIND = Kind(
    run,
    _seconds,
    sources=(
        *SCORING,
        "study/transfer",
        "study/ways",
    ),
    distils=True,
)
