"""Rows from the scores of training sets, as the launcher keeps them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from medjax.study.jobs.job import Job
from medjax.study.table.rows import METRICS, SPLITS, Row


class Made(NamedTuple):
    """A training set that was scored.

    Attributes:
      method: how it was made.
      seconds: what making it took; ``None`` where it was not measured alone.
      images: the number of images that are stored.
      bytes: their size.
    """

    method: str
    seconds: float | None
    images: int
    bytes: int


def scored_rows(job: Job, made: Made, scores: Mapping[str, Any]) -> list[Row]:
    """Returns the rows of a training set.

    Args:
      job: the job, whose data set, ipc and seed the rows have.
      made: the training set.
      scores: ``{split: {metric: {"mean", "std", "n", "values"}}}``; a split may be ``None``.

    Example:
      >>> job = Job("distil", "x", "dm", 1, 0, {}, data="1f", source="2e")
      >>> auroc = {"auroc": {"mean": 0.9, "std": 0.0, "n": 1, "values": [0.9]}}
      >>> [row[:7] for row in scored_rows(job, Made("dm", 60.0, 2, 8), {"test": auroc})]
      [('x', 'dm', 1, 0, 'test', 'auroc', 0.9)]
    """
    rows = []
    for split in SPLITS:
        for metric in METRICS:
            entry = (scores.get(split) or {}).get(metric)
            if entry is not None:
                score = entry["mean"], entry["std"], entry["n"]
                cell = job.dataset, made.method, job.ipc, job.seed, split, metric
                values = tuple(entry["values"]) if entry["n"] else ()
                rows.append(Row(*cell, *score, *made[1:], values=values))
    return rows


def on_network(method: str, job: Job) -> str:
    """Returns a method's name in the table, with the network of a job if it is not the first.

    Example:
      >>> job = Job("distil", "x", "dm@resnet18", 1, 0, {}, data="1f", source="2e")
      >>> on_network("random", job)
      'random@resnet18'
    """
    _, at, network = job.method.partition("@")
    return f"{method}{at}{network}"
