"""The settings of a study of transfer between two data sets."""

from collections.abc import Mapping
from typing import Any

from medjax.study import config
from medjax.study.settings.counts import check_counts


def make(
    source: str,
    target: str,
    *,
    classes: Mapping[str, str] | None = None,
    method: str = "dm",
    ipc: int = 10,
    seeds: int = 3,
    words: str = "",
    words_for: Mapping[str, str] | None = None,
) -> Any:
    """Makes the settings of a study of transfer.

    Args:
      source: the set that is distilled, a name for ``data.load`` or for ``words_for``.
      target: the set that networks are scored on.
      classes: the class of the target for classes of the source, see ``classes.match_classes``;
        without them, classes of equal names are partners.
      method: a method without experts, of ``methods.names()``.
      ipc: images that are distilled of each common class.
      seeds: the number of seeds.
      words: settings of all runs, as after the colon of a run's config; those of ``data`` hold for
        both sets.
      words_for: further words for a data set or the method, by its name.

    Returns:
      The ``ConfigDict`` of ``study.config.make`` with these settings, too.

    Raises:
      UserError: for a number below 1.

    Example:
      >>> make("phantom", "phantom_bedside").datasets
      ('phantom', 'phantom_bedside')
    """
    check_counts(ipc=ipc, seeds=seeds)
    made = config.make(
        datasets=(source, target), methods=(method,), ipc=(ipc,), seeds=(seeds,), words=words,
        words_for=words_for,
    )  # fmt: skip
    made.study = "transfer"
    made.classes = tuple((classes or {}).items())
    return made
