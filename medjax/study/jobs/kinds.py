"""The kinds of jobs: what a job of each kind does, and the source code that decides its result."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from medjax.errors import unknown
from medjax.study.jobs.job import Job
from medjax.study.table.rows import Row

MODULES = {
    "baselines": "medjax.study.grid.baselines",
    "distil": "medjax.study.grid.distilling",
    "indicator": "medjax.study.indicator.job",
    "sites": "medjax.study.sites.job",
    "transfer": "medjax.study.transfer.job",
}
"""The module of each kind, imported when a job of it is made or done."""


class Kind(NamedTuple):
    """A kind of jobs, which its module names ``KIND``.

    Attributes:
      run: ``(job, folder) -> rows``: does a job. It may write files to the folder, which is kept.
      seconds: ``job -> seconds``: a rule for what a job takes on one core, for estimates.
      sources: files and folders of medjax whose code decides the rows, as in ``kernels`` or
        ``run/setup.py``.
      shared: ``job -> seconds``: the part of these that jobs on the same data set with the same
        seed share, so that the first one alone takes them.
      distils: whether it runs the method of ``job.settings["run"]``, whose code then decides too.
      resumes: whether ``run`` goes on from files that a killed process left in the folder;
        otherwise the folder is empty.
    """

    run: Callable[[Job, Path], list[Row]]
    seconds: Callable[[Job], float]
    sources: tuple[str, ...]
    distils: bool = False
    resumes: bool = False
    shared: Callable[[Job], float] = lambda _: 0.0


def kind_of(name: str) -> Kind:
    """Returns a kind of jobs.

    Args:
      name: one of ``MODULES``, or the dotted name of a module that has a ``KIND``.

    Raises:
      UserError: if the name is unknown.

    Example:
      >>> kind_of("distill")  # doctest: +ELLIPSIS
      Traceback (most recent call last):
      medjax.errors.UserError: unknown kind of jobs 'distill' (did you mean 'distil'?); choose ...
    """
    if name not in MODULES and "." not in name:
        raise unknown("kind of jobs", name, MODULES)
    kind: Kind = importlib.import_module(MODULES.get(name, name)).KIND
    return kind
