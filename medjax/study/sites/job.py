"""The kind ``sites``: one seed of a set that is divided over several sites."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from medjax.run.metrics import write_json
from medjax.run.settings import Settings
from medjax.run.sources import SCORING
from medjax.study.grid.cell import config_of
from medjax.study.jobs import rules
from medjax.study.jobs.job import Job
from medjax.study.jobs.kinds import Kind
from medjax.study.table.rows import Row
from medjax.study.table.scored import Made, scored_rows

if TYPE_CHECKING:
    from medjax.run.setup import Experiment
    from medjax.study.sites.site import Site

_log = logging.getLogger("medjax")
FACTS = "sites.json"
"""The file of a job with the images, the classes and the moments of each site."""
# The keys of a run have small numbers.
_SPLIT = np.uint32(2**32 - 1)


def run(job: Job, folder: Path) -> list[Row]:
    """Divides the set, trains and scores every way; ``bytes`` is what the sites send."""
    from medjax.run.setup import make_experiment
    from medjax.study.sites.ways import compare_ways

    experiment = make_experiment(Settings.from_config(config_of(job.settings["run"])))
    sites = divided(experiment, job.settings["split"], seed=job.seed)
    write_json(folder / FACTS, [_facts(site, experiment) for site in sites])
    found = compare_ways(
        experiment,
        sites,
        rounds=job.settings["rounds"],
        watch=lambda what: _log.info("%s: %s", job.title, what),
    )
    return [
        row
        for one in found
        for row in scored_rows(job, Made(one.method, one.seconds, one.images, one.sent), one.scores)
    ]


def divided(experiment: "Experiment", split: dict[str, Any], *, seed: int) -> "list[Site]":
    """Divides the training images of an experiment over sites.

    Args:
      experiment: of the whole set.
      split: ``kind``, one of ``config.SPLITS``, and what it needs.
      seed: of a random split.

    Raises:
      UserError: if the set cannot be divided so.
    """
    import jax

    from medjax.study.sites import site_column, splitting
    from medjax.study.sites.site import make_sites

    train, info = experiment.dataset.train, experiment.dataset.info
    key = jax.random.fold_in(jax.random.key(seed), _SPLIT)
    names, kind = None, split["kind"]
    if kind == "column":
        table = Path(split["table"])
        places, names = site_column.from_table(table, info, len(train), column=split["column"])
    elif kind == "dirichlet":
        count, beta = split["sites"], split["beta"]
        places = splitting.label_skew(key, train.labels, sites=count, beta=beta)
    elif kind == "statistics":
        places = splitting.by_statistics(train.images, train.labels, sites=split["sites"])
    else:
        places = splitting.iid(key, train.labels, sites=split["sites"])
    return make_sites(experiment.dataset, places, names=names)


def _facts(site: "Site", experiment: "Experiment") -> dict[str, Any]:
    counts = np.bincount(site.train.labels, minlength=experiment.dataset.num_classes)
    classes = dict(zip(experiment.dataset.info.classes, counts.tolist(), strict=True))
    moments = site.moments._asdict()
    return {"name": site.name, "images": len(site.train), "classes": classes, **moments}


def _seconds(job: Job) -> float:
    """Each site distils and trains alone, in one shot and in rounds; the centre trains once.

    Baselines take about as long as one training on real images.
    """
    sites, settings = job.settings["split"].get("sites", 1), {**job.settings, "draws": 0}
    whole = rules.baseline_seconds(settings)
    return sites * rules.distilling_seconds(settings) + (3 * sites + 1) * whole


KIND = Kind(
    run,
    _seconds,
    sources=(
        *SCORING,
        "study/sites",
        "study/ways",
    ),
    distils=True,
)
