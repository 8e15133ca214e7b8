"""The claims of a study, computed from its summaries: how few images suffice, and for whom."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from medjax.evaluate import Interval
from medjax.study.statistics.summaries import (
    Cells,
    Key,
    Summary,
    cells_of,
    is_distilled,
    key_beside,
)
from medjax.study.table.rows import Row

LARGEST_SHARE = 0.05
"""The largest part of the training images that the claim is about."""
ENOUGH = 0.9
"""The part of the score of all images that suffices."""


class Size(NamedTuple):
    """A distilled set and random images of the same size.

    Attributes:
      ipc: images per class.
      share: images in parts of all training images.
      method: the distilling method, chosen on val.
      distilled: its score in parts of that of all images.
      random: that of random images; ``None`` if the table lacks it.
    """

    ipc: int
    share: float
    method: str
    distilled: Interval
    random: Interval | None


class Claim(NamedTuple):
    """What sets of a few images reach on a data set.

    Attributes:
      dataset: the data set.
      sizes: all sizes, the smallest first.
    """

    dataset: str
    sizes: Sequence[Size]

    def reaches(self, *, random: bool = False, shown: bool = False) -> bool:
        """Returns whether a size of at most ``LARGEST_SHARE`` reaches ``ENOUGH``.

        Args:
          random: whether it is asked of random images in place of the distilled ones.
          shown: whether the whole interval must reach it, rather than the mean.
        """
        found = [size.random if random else size.distilled for size in self.small]
        return any(one is not None and suffices(one, shown=shown) for one in found)

    @property
    def small(self) -> list[Size]:
        """The sizes that the claim is about."""
        return [size for size in self.sizes if size.share <= LARGEST_SHARE]


class Boundary(NamedTuple):
    """Where a method is of use on a data set.

    Attributes:
      dataset: the data set.
      method: the method.
      enough: the smallest share whose mean reaches ``ENOUGH``; ``None`` if none that was run does.
      enough_shown: the smallest share whose whole interval reaches it.
      beats: the largest share at which the interval of the difference to random is above zero.
      shares: all shares that were run, the smallest first.
    """

    dataset: str
    method: str
    enough: float | None
    enough_shown: float | None
    beats: float | None
    shares: Sequence[float]


def suffices(share_of_whole: Interval, *, shown: bool) -> bool:
    """Returns whether a part of the score of all images is at least ``ENOUGH``.

    Args:
      share_of_whole: the part.
      shown: whether the whole interval must be, rather than the mean.

    Example:
      >>> found = Interval(0.93, 0.88, 0.98, 5)
      >>> suffices(found, shown=False), suffices(found, shown=True)
      (True, False)
    """
    return (share_of_whole.low if shown else share_of_whole.mean) >= ENOUGH


def claims_of(rows: Sequence[Row], summaries: Sequence[Summary], *, metric: str) -> list[Claim]:
    """Computes what small sets reach on each data set.

    Of several distilling methods, the one with the best mean on val counts at each size; a choice
    on test would favour distillation. Without val it is the first one of the table.

    Args:
      rows: the rows of the table.
      summaries: those of the metric, from ``summarise``.
      metric: the metric.
    """
    val = cells_of(rows, metric=metric, split="val")
    by_key = {one.key: one for one in summaries}
    found: dict[str, list[Size]] = {}
    for dataset, ipc in dict.fromkeys((key.dataset, key.ipc) for key in by_key):
        methods = [key for key in by_key if key[::2] == (dataset, ipc) and is_distilled(key.method)]
        methods = [key for key in methods if by_key[key].share_of_whole is not None]
        if methods:
            best = by_key[max(methods, key=lambda key: _mean_on_val(key, val))]
            random = by_key.get(key_beside(best.key, "random"))
            theirs = random.share_of_whole if random is not None else None
            size = Size(ipc, best.share, best.key.method, best.share_of_whole, theirs)
            found.setdefault(dataset, []).append(size)
    return [Claim(name, sorted(sizes, key=lambda s: s.share)) for name, sizes in found.items()]


def boundaries_of(summaries: Iterable[Summary]) -> list[Boundary]:
    """Computes where each method is of use on each data set.

    Args:
      summaries: those of one metric, from ``summarise``.
    """
    groups: dict[tuple[str, str], list[Summary]] = {}
    for one in summaries:
        if is_distilled(one.key.method) and not math.isnan(one.share):
            groups.setdefault(one.key[:2], []).append(one)
    return [_boundary(*name, sorted(found, key=_share)) for name, found in groups.items()]


def sentences(claims: Sequence[Claim], *, metric: str) -> list[str]:
    """Says in two sentences on how many data sets few images suffice, distilled and random.

    Args:
      claims: from ``claims_of``.
      metric: the name of the metric in words.

    Returns:
      The sentences; one that says so if no data set has a size that the claim is about, and none if
      nothing was distilled, as in a study of sites.

    Example:
      >>> size = Size(10, 0.01, "dm", Interval(0.95, 0.91, 0.99, 5), Interval(0.9, 0.8, 1.0, 5))
      >>> for line in sentences([Claim("x", [size])], metric="AUROC"):
      ...     print(line)
      Distilled sets of at most 5 % of the images reach 90 % of the AUROC of all images on 1 of 1 \
data sets; the 95 % interval shows it on 1.
      Random images of the same sizes reach it on 1 of 1 data sets; the interval shows it on 0.
    """
    asked = [claim for claim in claims if claim.small]
    if not asked and not claims:
        return []
    if not asked:
        return [f"No set of at most {100 * LARGEST_SHARE:.0f} % of the images has been run."]
    n = len(asked)

    def count(*, random: bool, shown: bool) -> int:
        return sum(claim.reaches(random=random, shown=shown) for claim in asked)

    return [
        f"Distilled sets of at most {100 * LARGEST_SHARE:.0f} % of the images reach "
        f"{100 * ENOUGH:.0f} % of the {metric} of all images on "
        f"{count(random=False, shown=False)} of {n} data sets; the 95 % interval shows it on "
        f"{count(random=False, shown=True)}.",
        f"Random images of the same sizes reach it on {count(random=True, shown=False)} of {n} "
        f"data sets; the interval shows it on {count(random=True, shown=True)}.",
    ]


def _mean_on_val(key: Key, val: Cells) -> float:
    rows = val.get(key, {}).values()
    return sum(row.mean for row in rows) / len(rows) if rows else 0.0


def _boundary(dataset: str, method: str, found: Sequence[Summary]) -> Boundary:
    asked = [one for one in found if one.share_of_whole is not None]
    enough, shown = (
        next((one.share for one in asked if suffices(one.share_of_whole, shown=shown)), None)
        for shown in (False, True)
    )
    beats = [one.share for one in found if one.over_random is not None and one.over_random.low > 0]
    largest = max(beats) if beats else None
    return Boundary(dataset, method, enough, shown, largest, [one.share for one in found])


def _share(one: Summary) -> float:
    return one.share
