"""The jobs of a study, in order of value: every stop leaves a table that is whole so far."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from medjax import methods
from medjax.errors import UserError, some, unknown
from medjax.run.config.words import split_words
from medjax.run.settings import Settings
from medjax.study.grid.cell import Cell, config_of, settings_of, shared_part
from medjax.study.grid.facts import Facts, facts_of
from medjax.study.indicator.names import FIRST_SEED, INDICATOR
from medjax.study.jobs.job import Job
from medjax.study.jobs.performing import make_job

BASELINES = ("random", "random_selected", "kcenter")
"""Methods whose rows come with the baselines of every cell."""
_RANDOM = "random"
_NEEDED = ("ipc", "seeds", "words", "words_for", "validations", "least_class")


class Grid(NamedTuple):
    """The jobs of a study.

    Attributes:
      jobs: all jobs, the most valuable first; each stands behind its needs.
      skipped: why cells have no job, one line each.
    """

    jobs: list[Job]
    skipped: list[str]


def make_grid(study: Mapping[str, Any]) -> Grid:
    """Lists the jobs of a study.

    For each ipc come the baselines of all data sets, then, if ``indicator`` is among the methods,
    what is measured of them before, then one method after another on all data sets, each with all
    its seeds.

    Args:
      study: the settings, from ``study.config.make``, as nested dicts.

    Raises:
      UserError: for an unknown method, data set or setting, and if methods of a study differ in
        their data, their networks or how these are trained, which their baselines share.

    Example:
      >>> from medjax.study import config
      >>> study = config.make(datasets=("phantom",), methods=("dm",), words="quick").to_dict()
      >>> [job.title for job in make_grid(study).jobs][::3]
      ['phantom · baselines · ipc 10 · seed 0', 'phantom · dm · ipc 10 · seed 0']
    """
    study = _listed(study)
    _check(study)
    facts = {name: _facts(study, name) for name in study["datasets"]}
    jobs: dict[Job, None] = {}
    skipped: dict[str, None] = {}
    distilled = [name for name in study["methods"] if name not in (*BASELINES, INDICATOR)]
    for ipc, seeds in zip(study["ipc"], _seeds(study), strict=True):
        reasons = {name: _why_skipped(name, facts[name], ipc, study) for name in facts}
        skipped |= dict.fromkeys(reason for reason in reasons.values() if reason)
        names = [name for name, reason in reasons.items() if reason is None]
        for network in study["networks"]:
            rows = [_Row(study, facts[name], name, ipc, network) for name in names]
            shared = [row.baselines(seeds) for row in rows]
            jobs |= dict.fromkeys(job for made in shared for job in made)
            if INDICATOR in study["methods"] and _pair(INDICATOR, ipc) not in study["without"]:
                jobs |= dict.fromkeys(row.indicator() for row in rows)
            for method in distilled:
                if _pair(method, ipc) not in study["without"]:
                    for row, made in zip(rows, shared, strict=True):
                        jobs |= dict.fromkeys(row.runs(method, made))
    if not jobs:
        raise UserError(f"the study has no jobs: {some(skipped, most=1, between='; ')}")
    return Grid(list(jobs), list(skipped))


def shard(jobs: Sequence[Job], number: int, count: int) -> list[Job]:
    """Returns the jobs that one of several machines does.

    Jobs of the same data set and seed share what is kept in a cache, so one machine does them all;
    there are at most as many useful machines as there are data sets times seeds.

    Args:
      jobs: all jobs of a study, each behind its needs.
      number: the number of the machine, from 0.
      count: how many machines there are.

    Example:
      >>> seeds = [Job("distil", "x", "dm", 1, i, {}, data="1f", source="2e") for i in range(3)]
      >>> [job.seed for job in shard(seeds, 0, 2)], [job.seed for job in shard(seeds, 1, 2)]
      ([0, 2], [1])
    """
    groups = list(dict.fromkeys((job.dataset, job.seed) for job in jobs))
    ours = set(groups[number::count])
    return [job for job in jobs if (job.dataset, job.seed) in ours]


class _Row(NamedTuple):
    """The part of a grid with one data set, ipc and network."""

    study: Mapping[str, Any]
    facts: Facts
    dataset: str
    ipc: int
    network: str

    def baselines(self, seeds: range) -> list[Job]:
        """Returns the baselines of each seed."""
        run = self._settings(_RANDOM)
        return [self._job("baselines", "baselines", {**run, "seed": seed}) for seed in seeds]

    def indicator(self) -> Job:
        """Returns the measurement of the data set, with a seed that no run has."""
        run = {**self._settings(_RANDOM), "seed": FIRST_SEED}
        return self._job(INDICATOR, INDICATOR, run)

    def runs(self, method: str, baselines: Sequence[Job]) -> list[Job]:
        """Returns the runs of a method, each for the seed of some baselines."""
        run = self._settings(method)
        _check_shared(run, baselines[0].settings["run"], self.dataset, method)
        return [
            self._job("distil", method, {**run, "seed": need.seed}, needs=(need,))
            for need in baselines
        ]

    def _settings(self, method: str) -> dict[str, Any]:
        found = settings_of(Cell(self.dataset, method, self.ipc, 0, self.network), self.study)
        Settings.from_config(config_of(found))  # refuses what a job would stumble over
        return found

    def _job(
        self, kind: str, method: str, run: Mapping[str, Any], *, needs: tuple[Job, ...] = ()
    ) -> Job:
        if self.network != self.study["networks"][0]:
            method = f"{method}@{self.network}"
        settings = {
            "run": run,
            "draws": self.study["validations"],
            "classes": len(self.facts.class_sizes),
            "images": self.facts.images,
            "pixels": self.facts.pixels,
        }
        cell = self.dataset, method, self.ipc, run["seed"]
        return make_job(kind, cell, settings, data=self.facts.digest, needs=needs)


def _pair(method: str, ipc: int) -> str:
    """Returns how ``without`` names a method at an ipc."""
    return f"{method}:{ipc}"


def _facts(study: Mapping[str, Any], dataset: str) -> Facts:
    cell = Cell(dataset, _RANDOM, study["ipc"][0], 0, study["networks"][0])
    return facts_of(config_of(settings_of(cell, study))["data"])


def _why_skipped(dataset: str, facts: Facts, ipc: int, study: Mapping[str, Any]) -> str | None:
    """Returns why a data set has no cells of an ipc; ``None`` if it has."""
    # A class without any image has none to distil, and does not keep others from it.
    smallest, least = min(filter(None, facts.class_sizes), default=0), study["least_class"]
    if ipc == 1 or smallest >= least * ipc:
        return None
    return (
        f"{dataset} has no cells of ipc {ipc}: its smallest class has {smallest} images, "
        f"less than {least:g} times as many"
    )


def _seeds(study: Mapping[str, Any]) -> list[range]:
    """Returns the seeds of each ipc."""
    counts: Sequence[int] = study["seeds"]
    if len(counts) == 1:
        counts = counts * len(study["ipc"])
    if len(counts) != len(study["ipc"]) or min(counts) < 1:
        raise UserError(
            f"seeds takes one number of seeds, or one for each of the {len(study['ipc'])} ipc, "
            f"got {', '.join(map(str, counts))}"
        )
    return [range(count) for count in counts]


def _listed(study: Mapping[str, Any]) -> dict[str, Any]:
    """Splits lists of names, which a command line gives as one text with commas."""
    names = ("datasets", "methods", "networks", "without")
    if missing := [name for name in (*names, *_NEEDED) if name not in study]:
        raise UserError(
            f"this is no config of a study: it has no {missing[0]}; configs/study.py is one"
        )
    split = {
        name: [str(word.value) for text in study[name] for word in split_words(text)]
        for name in names
    }
    return {**study, **split}


def _check(study: Mapping[str, Any]) -> None:
    for name in ("datasets", "methods", "ipc", "seeds", "networks"):
        if not study[name]:
            raise UserError(f"{name} of the study is empty")
    for name in ("ipc", "seeds"):
        if wrong := [one for one in study[name] if type(one) is not int]:
            raise UserError(f"{name} of the study takes whole numbers, got {wrong[0]!r}")
    if min(study["ipc"]) < 1:
        raise UserError(f"ipc must be at least 1, got {min(study['ipc'])}")
    known = [*methods.names(), *BASELINES, INDICATOR]
    for name in study["methods"]:
        if name not in known:
            raise unknown("method", name, dict.fromkeys(known))
    for name in study["without"]:
        method, _, ipc = name.partition(":")
        if method not in known or not ipc.isdecimal():
            raise UserError(f"without takes a method and an ipc, as in dsa:50, got {name}")
    if study["validations"] < 1:
        raise UserError(f"validations must be at least 1, got {study['validations']}")


def _check_shared(
    ours: Mapping[str, Any], theirs: Mapping[str, Any], dataset: str, method: str
) -> None:
    """Refuses a method that is scored otherwise than the baselines that it is compared with."""
    mine, shared = shared_part(ours), shared_part(theirs)
    for name in sorted({*mine, *shared}):
        if mine.get(name) != shared.get(name):
            raise UserError(
                f"{method} on {dataset} has {name}={mine.get(name)}, but the baselines have "
                f"{shared.get(name)}; all methods of a study are scored alike, so set {name} in "
                "words"
            )
