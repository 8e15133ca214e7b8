"""The jobs of a study of transfer: one for each seed."""

from collections.abc import Mapping
from typing import Any

from medjax import store
from medjax.run.settings import Settings
from medjax.study.grid.cell import Cell, config_of, settings_of
from medjax.study.grid.facts import facts_of
from medjax.study.grid.grid import Grid
from medjax.study.jobs.performing import make_job
from medjax.study.transfer.classes import match_classes
from medjax.study.ways.part_distilling import check_distils


def make_grid(study: Mapping[str, Any]) -> Grid:
    """Lists the jobs of a study of transfer.

    Args:
      study: the settings, from ``transfer.config.make``, as nested dicts.

    Returns:
      The jobs, of the data set ``source->target``.

    Raises:
      UserError: for an unknown method, data set, class or setting, sets with findings, or ones with
        fewer than two classes in common.

    Example:
      >>> from medjax.study.transfer import config
      >>> study = config.make("phantom", "phantom_bedside", words="quick").to_dict()
      >>> [job.title for job in make_grid(study).jobs][:1]
      ['phantom->phantom_bedside · transfer · ipc 10 · seed 0']
    """
    (source, target), (method,), (ipc,) = study["datasets"], study["methods"], study["ipc"]
    jobs = []
    for seed in range(study["seeds"][0]):
        ours, other = (
            settings_of(Cell(name, method, ipc, seed, study["networks"][0]), study)
            for name in (source, target)
        )
        facts, theirs = (facts_of(config_of(one)["data"]) for one in (ours, other))
        if not jobs:
            for found in (facts, theirs):
                check_distils(Settings.from_config(config_of(ours)), found.info)
            match_classes(facts.info.classes, theirs.info.classes, dict(study["classes"]))
        settings = {
            "run": ours,
            "target": {k: v for k, v in other.items() if k.startswith("data.")},
            "pairs": study["classes"],
            "classes": len(facts.class_sizes),
            "images": facts.images + theirs.images,
            "pixels": facts.pixels,
        }
        digest = store.key_of([facts.digest, theirs.digest])
        cell = f"{source}->{target}", "transfer", ipc, seed
        jobs.append(make_job("transfer", cell, settings, data=digest))
    return Grid(jobs, [])
