"""What the seeds of a study show of each cell, computed from the rows of its table."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from medjax import evaluate, methods
from medjax.evaluate import Interval, TwoLevel
from medjax.study.statistics.ratio import ratio_interval
from medjax.study.table.rows import Row

CHANCE = "chance"
"""The method of the rows of a constant prediction."""
WHOLE = ("whole", "whole_balanced")
"""The methods of the rows of all images."""
SELECTED = (
    "random",
    "random_selected",
    "random_hard",
    "random_mixed",
    "random_mixed_selected",
    "kcenter",
    "herding",
)
"""The methods of the rows of real images that were chosen, which is no distillation."""


class Key(NamedTuple):
    """A cell of the table."""

    dataset: str
    method: str
    ipc: int


class Summary(NamedTuple):
    """What the seeds show of a cell, for one metric on test.

    Attributes:
      key: the cell.
      score: mean, interval over seeds, and both spreads.
      share: images of the set in parts of all training images.
      chance: the score of a constant prediction.
      whole: that of all images, as they are or with balanced classes: the better on val of each
        seed.
      over_random, over_selected: score minus that of random images, and of the best of them on val.
      hlr: that of all images minus the score.
      share_of_whole: the score in parts of that of all images.
      recovery: the same with chance subtracted from both; ``None`` also where all images do not
        exceed chance.
      seconds: what making the images took, on average; ``None`` if it was not measured.
      bytes: the size of the images.

    What the table lacks is ``None``.
    """

    key: Key
    score: TwoLevel
    share: float
    chance: float | None
    whole: Interval | None
    over_random: Interval | None
    over_selected: Interval | None
    hlr: Interval | None
    share_of_whole: Interval | None
    recovery: Interval | None
    seconds: float | None
    bytes: int


Cells = Mapping[Key, Mapping[int, Row]]
"""The rows of each cell by seed, of one metric on one split."""


def cells_of(rows: Iterable[Row], *, metric: str, split: str) -> dict[Key, dict[int, Row]]:
    """Groups the rows of one metric on one split by cell and seed.

    Args:
      rows: the rows of the table.
      metric: the metric.
      split: ``val`` or ``test``.

    Example:
      >>> row = Row("x", "dm", 1, 0, "test", "auroc", 0.9, 0.0, 1, None, 2, 8)
      >>> [*cells_of([row], metric="auroc", split="test")]
      [Key(dataset='x', method='dm', ipc=1)]
    """
    found: dict[Key, dict[int, Row]] = {}
    for row in rows:
        if (row.metric, row.split) == (metric, split):
            found.setdefault(Key(row.dataset, row.method, row.ipc), {})[row.seed] = row
    return found


def paired_means(ours: Mapping[int, Row], theirs: Mapping[int, Row]) -> np.ndarray | None:
    """Returns the means of two cells, paired by seed.

    Args:
      ours: the rows of a cell by seed, as ``cells_of`` gives them.
      theirs: those of another cell.

    Returns:
      float ``[2, seeds]`` of the seeds that both have, in the order of ``ours``; ``None`` if there
      are none.

    Example:
      >>> row = Row("x", "dm", 1, 0, "test", "auroc", 0.9, 0.0, 1, None, 2, 8)
      >>> paired_means({0: row, 1: row}, {1: row._replace(mean=0.8)}).tolist()
      [[0.9], [0.8]]
    """
    seeds = [seed for seed in ours if seed in theirs]
    means = [[rows[seed].mean for seed in seeds] for rows in (ours, theirs)]
    return np.array(means) if seeds else None


def summarise(rows: Sequence[Row], *, metric: str) -> list[Summary]:
    """Summarises each cell over its seeds, beside the baselines of the same seeds.

    Args:
      rows: the rows of the table; each has the scores of its networks, or counts as one network.
      metric: the metric.

    Returns:
      A summary for each cell in the order of the rows, without those of chance.

    Example:
      >>> def row(method, seed, mean):
      ...     return Row("x", method, 1, seed, "test", "auroc", mean, 0.0, 1, None, 2, 8)
      >>> rows = [row("dm", seed, mean) for seed, mean in enumerate((0.90, 0.95, 0.92))]
      >>> rows += [row("random", seed, mean) for seed, mean in enumerate((0.80, 0.86, 0.81))]
      >>> found = summarise(rows, metric="auroc")[0].over_random
      >>> print(f"{found.mean:.3f} ({found.low:.3f} to {found.high:.3f})")
      0.100 (0.075 to 0.125)
    """
    test = cells_of(rows, metric=metric, split="test")
    val = cells_of(rows, metric=metric, split="val")
    return [_summary(key, test, val) for key in test if base_of(key.method) != CHANCE]


def base_of(method: str) -> str:
    """Returns a method's name without the network.

    Example:
      >>> base_of("dm@resnet18:norm=batch")
      'dm'
    """
    return method.partition("@")[0]


def is_distilled(method: str) -> bool:
    """Returns whether a method makes images rather than choosing them, or taking all.

    Example:
      >>> is_distilled("dm@resnet18"), is_distilled("kcenter"), is_distilled("sites/central")
      (True, False, False)
    """
    base = base_of(method)
    return base in methods.names() and base not in SELECTED


def _summary(key: Key, test: Cells, val: Cells) -> Summary:
    ours = test[key]
    whole, chance = _whole(key, test, val), test.get(key_beside(key, CHANCE), {})
    first = next(iter(ours.values()))
    all_images = next((row.images for row in whole.values()), 0)
    level = next((row.mean for row in chance.values()), None)
    return Summary(
        key=key,
        score=evaluate.two_level(_networks(ours.values())),
        share=first.images / all_images if all_images else float("nan"),
        chance=level,
        whole=evaluate.mean_interval([row.mean for row in whole.values()]) if whole else None,
        over_random=_difference(ours, test.get(key_beside(key, "random"), {})),
        over_selected=_difference(ours, test.get(key_beside(key, "random_selected"), {})),
        hlr=_difference(whole, ours),
        share_of_whole=_ratio(ours, whole, 0.0),
        recovery=_recovery(ours, whole, level),
        seconds=_seconds(ours.values()),
        bytes=first.bytes,
    )


def key_beside(key: Key, method: str) -> Key:
    """Returns the cell of another method, under the same network.

    Args:
      key: a cell.
      method: the other method, without a network.

    Example:
      >>> key_beside(Key("x", "dm@resnet18", 1), "random").method
      'random@resnet18'
    """
    _, at, network = key.method.partition("@")
    return key._replace(method=f"{method}{at}{network}")


def _whole(key: Key, test: Cells, val: Cells) -> dict[int, Row]:
    """Returns the rows of all images: of each seed the better training on val."""
    keys = [key_beside(key, method) for method in WHOLE]
    (plain, balanced), on_val = ([cells.get(one, {}) for one in keys] for cells in (test, val))
    found = dict(plain)
    for seed, row in balanced.items():
        scores = [rows[seed].mean if seed in rows else None for rows in on_val]
        if None not in scores and scores[1] > scores[0]:
            found[seed] = row
    return found


def _networks(rows: Iterable[Row]) -> list[Sequence[float]]:
    """Returns the scores ``[seeds, networks]``; only means where the numbers of networks differ."""
    rows = list(rows)
    values = [row.values or (row.mean,) for row in rows]
    even = len({len(found) for found in values}) == 1
    return values if even else [(row.mean,) for row in rows]


def _difference(ours: Mapping[int, Row], theirs: Mapping[int, Row]) -> Interval | None:
    pairs = None if ours is theirs else paired_means(ours, theirs)
    return None if pairs is None else evaluate.paired_interval(*pairs)


def _ratio(ours: Mapping[int, Row], theirs: Mapping[int, Row], chance: float) -> Interval | None:
    pairs = paired_means(ours, theirs)
    return None if pairs is None else ratio_interval(*(pairs - chance))


def _recovery(
    ours: Mapping[int, Row], whole: Mapping[int, Row], chance: float | None
) -> Interval | None:
    """Returns the recovery; ``None`` if there is no score of all images above chance."""
    if chance is None or not whole or np.mean([row.mean for row in whole.values()]) <= chance:
        return None
    return _ratio(ours, whole, chance)


def _seconds(rows: Iterable[Row]) -> float | None:
    found = [row.seconds for row in rows if row.seconds is not None]
    return sum(found) / len(found) if found else None
