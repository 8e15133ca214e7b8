"""The settings of a study of several sites."""

import math
from collections.abc import Mapping
from typing import Any

from medjax.errors import UserError, unknown
from medjax.study import config
from medjax.study.settings.counts import check_counts

SPLITS = ("dirichlet", "iid", "statistics", "column")
"""How a set is divided over sites."""


def make(
    dataset: str,
    *,
    split: str = "dirichlet",
    sites: int = 5,
    beta: float = 0.6,
    table: str = "",
    column: str = "site",
    rounds: int = 10,
    method: str = "dm",
    ipc: int = 10,
    seeds: int = 3,
    words: str = "",
    words_for: Mapping[str, str] | None = None,
) -> Any:
    """Makes the settings of a study of several sites.

    Args:
      dataset: a name for ``data.load``, or for ``words_for``.
      split: one of ``SPLITS``: see ``splitting`` for the first three; ``column`` reads ``table``.
      sites: the number of sites; not used by ``column``.
      beta: concentration of ``dirichlet``.
      table: a table with the site of each training image, see ``site_column``.
      column: the name of its column.
      rounds: of federated averaging.
      method: a method without experts, of ``methods.names()``.
      ipc: images that a site distils of each class.
      seeds: the number of seeds; each has a split of its own, if it is random.
      words: settings of all runs, as after the colon of a run's config.
      words_for: further words for the data set or the method, by its name.

    Returns:
      The ``ConfigDict`` of ``study.config.make`` with these settings, too.

    Raises:
      UserError: for an unknown split, a number below 1, a beta that is not positive, or a missing
        table.

    Example:
      >>> make("phantom", split="iid", sites=4).sites
      4
    """
    if split not in SPLITS:
        raise unknown("split", split, SPLITS)
    check_counts(sites=sites, rounds=rounds, ipc=ipc, seeds=seeds)
    if not (math.isfinite(beta) and beta > 0):
        raise UserError(f"beta must be a positive number, got {beta}")
    if (split == "column") != bool(table):
        raise UserError(f"split=column and table=PATH need each other, got {split} and {table!r}")
    made = config.make(
        datasets=(dataset,), methods=(method,), ipc=(ipc,), seeds=(seeds,), words=words,
        words_for=words_for,
    )  # fmt: skip
    own = {"sites": sites, "beta": beta, "table": table, "column": column, "rounds": rounds}
    for name, value in {"study": "sites", "split": split, **own}.items():
        made[name] = value
    return made
