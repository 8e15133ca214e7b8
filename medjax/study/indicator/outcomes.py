"""What distilling gained on each data set of a study, beside the indicators measured before."""

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from medjax import evaluate
from medjax.errors import UserError
from medjax.study import tasks
from medjax.study.indicator.names import CHANCE, INDICATOR
from medjax.study.rows import Row

_WHOLE = ("whole", "whole_balanced")
_PERCENT = 100


class Outcome(NamedTuple):
    """A data set of a study.

    Attributes:
      dataset: its name.
      family: see ``tasks.family_of``.
      indicators: what was measured before, by name.
      random: mean test score of networks on random images, 0–1.
      distilled: mean test score of networks on distilled images, 0–1.
      whole: that on all images, as they are or with balanced classes, whichever is better.
      chance: the score of guessing, 0–1.
      gain: ``100 · (distilled − random)`` with its interval over seeds, paired by seed.
      over_best: the same over the best random images on val; ``None`` without a val split.
      seconds: mean seconds of distilling; NaN where it was not measured.
      images: number of distilled images.
    """

    dataset: str
    family: str
    indicators: Mapping[str, float]
    random: float
    distilled: float
    whole: float
    chance: float
    gain: evaluate.Interval
    over_best: evaluate.Interval | None
    seconds: float
    images: int

    @property
    def recovery(self) -> float:
        """Chance-corrected recovery, ``100 · (distilled − chance) / (whole − chance)``."""
        return recovery(self.distilled, whole=self.whole, chance=self.chance)


def recovery(score: float, *, whole: float, chance: float) -> float:
    """Computes chance-corrected recovery in percent.

    Args:
      score: score on some images, 0–1.
      whole: score on all images, 0–1.
      chance: score of guessing, 0–1.

    Returns:
      ``100 · (score − chance) / (whole − chance)``; NaN if all images do not exceed chance.

    Example:
      >>> recovery(0.75, whole=1.0, chance=0.5)
      50.0
    """
    return _PERCENT * (score - chance) / (whole - chance) if whole > chance else math.nan


def outcomes_of(rows: Iterable[Row], *, method: str, ipc: int) -> list[Outcome]:
    """Returns the outcomes of a method on all data sets that have its rows and indicators.

    Args:
      rows: the rows of a study's table.
      method: the method.
      ipc: images per class.

    Returns:
      Outcomes in the order of the table. A data set that lacks the rows of random images, of all
      images, of the method or of indicators is not among them.

    Example:
      >>> outcomes_of([], method="dm", ipc=10)
      []
    """
    by_set: dict[str, list[Row]] = {}
    for row in rows:
        if row.ipc == ipc:
            by_set.setdefault(row.dataset, []).append(row)
    found = (_outcome(name, own, method) for name, own in by_set.items())
    return [outcome for outcome in found if outcome is not None]


def _outcome(dataset: str, rows: list[Row], method: str) -> Outcome | None:
    measured = {row.metric: row.mean for row in rows if row.method == INDICATOR}
    metric = next((name[len(CHANCE) :] for name in measured if name.startswith(CHANCE)), None)
    test = [row for row in rows if (row.split, row.metric) == ("test", metric)]
    scores = {
        name: {row.seed: row.mean for row in test if row.method == name} for name in _names(test)
    }
    whole = [float(np.mean([*scores[name].values()])) for name in _WHOLE if name in scores]
    if metric is None or not whole or not {method, "random"} <= set(scores):
        return None
    own = [row for row in test if row.method == method]
    times = [row.seconds for row in own if row.seconds is not None]
    chance = measured.pop(f"{CHANCE}{metric}")
    best = scores.get("random_selected")
    return Outcome(
        dataset,
        tasks.family_of(dataset),
        measured,
        random=float(np.mean([*scores["random"].values()])),
        distilled=float(np.mean([*scores[method].values()])),
        whole=max(whole),
        chance=chance,
        gain=_difference(scores[method], scores["random"], dataset),
        over_best=_difference(scores[method], best, dataset) if best else None,
        seconds=float(np.mean(times)) if times else math.nan,
        images=own[0].images,
    )


def _names(rows: list[Row]) -> list[str]:
    return list(dict.fromkeys(row.method for row in rows))


def _difference(
    ours: Mapping[int, float], theirs: Mapping[int, float], dataset: str
) -> evaluate.Interval:
    """Returns a difference in points and its interval, paired by seed."""
    shared = sorted(set(ours) & set(theirs))
    if not shared:
        raise UserError(f"{dataset} has no seed with both the distilled and the random images")
    pairs = ([_PERCENT * scores[seed] for seed in shared] for scores in (ours, theirs))
    return evaluate.paired_interval(*pairs)
