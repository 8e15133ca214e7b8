"""The jobs of a study of several sites: one for each seed."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from medjax.errors import UserError
from medjax.run.settings import Settings
from medjax.store import expand_user
from medjax.study.grid.cell import Cell, config_of, settings_of
from medjax.study.grid.facts import Facts, facts_of
from medjax.study.grid.grid import Grid
from medjax.study.jobs.performing import make_job
from medjax.study.sites import site_column, splitting
from medjax.study.ways.part_distilling import check_distils


def make_grid(study: Mapping[str, Any]) -> Grid:
    """Lists the jobs of a study of several sites.

    Args:
      study: the settings, from ``sites.config.make``, as nested dicts.

    Returns:
      The jobs. Their data set carries the split, as in ``phantom/dirichlet_5_0.6``.

    Raises:
      UserError: for an unknown method, data set or setting, a set that cannot be distilled in parts
        or has too few images, or a table that cannot be read or does not name the sites.

    Example:
      >>> from medjax.study.sites import config
      >>> study = config.make("phantom", split="statistics", sites=4, words="quick").to_dict()
      >>> [job.title for job in make_grid(study).jobs][:1]
      ['phantom/statistics_4 · sites · ipc 10 · seed 0']
    """
    (name,), (method,), (ipc,) = study["datasets"], study["methods"], study["ipc"]
    split, jobs = _split(study), []
    for seed in range(study["seeds"][0]):
        run = settings_of(Cell(name, method, ipc, seed, study["networks"][0]), study)
        facts = facts_of(config_of(run)["data"])
        if not jobs:
            _check(Settings.from_config(config_of(run)), facts, split)
        settings = {
            "run": run,
            "split": split,
            "rounds": study["rounds"],
            "classes": len(facts.class_sizes),
            "images": facts.images,
            "pixels": facts.pixels,
        }
        cell = f"{name}/{_title(split)}", "sites", ipc, seed
        jobs.append(make_job("sites", cell, settings, data=facts.digest))
    return Grid(jobs, [])


def _check(settings: Settings, facts: Facts, split: Mapping[str, Any]) -> None:
    """Refuses what every job would stumble over."""
    check_distils(settings, facts.info)
    if split["kind"] == "column":
        table = Path(split["table"])
        site_column.from_table(table, facts.info, facts.images, column=split["column"])
    else:
        splitting.check_sites(facts.images, split["sites"])


def _split(study: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what decides the split, by kind."""
    kind = study["split"]
    if kind == "column":
        path = expand_user(study["table"])
        try:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise UserError(f"cannot read {path}: {error.strerror or error}") from error
        return {"kind": kind, "table": str(path), "column": study["column"], "digest": digest}
    found = {"kind": kind, "sites": study["sites"]}
    return found | ({"beta": study["beta"]} if kind == "dirichlet" else {})


def _title(split: Mapping[str, Any]) -> str:
    parts = (split.get(name) for name in ("kind", "sites", "beta", "column"))
    return "_".join(f"{part}" for part in parts if part is not None)
