"""Attacks on all images and on each class: what they show, and what they could have seen."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from medjax.privacy.statistics.membership import RATES, RESAMPLES, Attack, least_found, measure
from medjax.privacy.statistics.scores import per_unit, standardised

LEVEL = 0.01
"""The probability of a false alarm by all tests of an audit together, see ``decision``."""
_POWER = 0.8

LEAST = 8
"""Members, and others, that an attack is measured on at least; fewer could not pass the level."""


class Population(NamedTuple):
    """The images that attacks are tried on: the members first, then the others.

    Attributes:
      groups: bool ``[n, G]``, the classes or findings of each image.
      units: int ``[n]``, the number of each image's patient, or of the image itself.
      members: how many of the images are members.
      names: the names of the groups.
    """

    groups: np.ndarray
    units: np.ndarray
    members: int
    names: tuple[str, ...]


def attacks(
    name: str,
    scores: Sequence[np.ndarray] | np.ndarray,
    population: Population,
    *,
    resamples: int = RESAMPLES,
) -> list[Attack]:
    """Measures an attack on all images together, and on the images of each group.

    Args:
      name: the name of the attack.
      scores: float ``[n, G]``, or several of them, such as those under several networks, whose mean
        is taken when each is standardised.
      population: the images.
      resamples: number of bootstrap resamples.

    Returns:
      The outcome for all images, and for each group that has enough members and others.

    Example:
      >>> rng = np.random.default_rng(0)
      >>> population = Population(np.ones((40, 1), bool), np.arange(40), 20, ("cats",))
      >>> [found.group for found in attacks("pixels", rng.normal(size=(40, 1)), population)]
      ['']
    """
    several = [scores] if isinstance(scores, np.ndarray) else scores
    mean = np.mean([standardised(one) for one in several], axis=0)
    columns = {"": mean}
    if len(population.names) > 1:
        columns |= {group: mean[:, [i]] for i, group in enumerate(population.names)}
    found, split = [], population.members
    for group, column in columns.items():
        inside = per_unit(column[:split], population.units[:split])
        outside = per_unit(column[split:], population.units[split:])
        if min(len(inside), len(outside)) >= LEAST:
            found.append(measure(name, inside, outside, group=group, resamples=resamples))
    return found


def alarms(found: Sequence[Attack], tests: int) -> list[Attack]:
    """Returns the attacks that show a leak: one of their p-values is below ``LEVEL / tests``.

    Args:
      found: the attacks.
      tests: the number of p-values that share the level, by which it is divided (Bonferroni).

    Example:
      >>> alarms([], 1)
      []
    """
    return [attack for attack in found if min(attack.p_values) < LEVEL / tests]


def count_tests(found: Sequence[Attack]) -> int:
    """Returns the number of p-values of some attacks.

    Example:
      >>> count_tests([])
      0
    """
    return sum(len(attack.p_values) for attack in found)


def detectable(members: int, others: int, tests: int) -> Mapping[str, float | None]:
    """Returns the smallest leak that an audit finds in 8 of 10 cases, by the measure.

    The area's spread is that under chance, ``√((m + n + 1)/(12 m n))``. A rate is large enough if
    a binomial number of members reaches the count that a p-value below the level takes.

    Args:
      members: number of members.
      others: number of others.
      tests: the number of p-values that share the level.

    Returns:
      ``{"auc": …, "tpr_at_fpr_0.01": …, "tpr_at_fpr_0.05": …}``; ``None`` where no leak could be
      found with so few.

    Example:
      >>> {name: round(value, 3) for name, value in detectable(1000, 1000, 30).items()}
      {'auc': 0.555, 'tpr_at_fpr_0.01': 0.038, 'tpr_at_fpr_0.05': 0.097}
    """
    level = LEVEL / tests
    spread = math.sqrt((members + others + 1) / (12 * members * others))
    area = 0.5 + float(stats.norm.isf(level) + stats.norm.ppf(_POWER)) * spread
    found: dict[str, float | None] = {"auc": area if area < 1 else None}
    for most in RATES:
        least = least_found(members, others, most=most, level=level)
        # A rate p reaches the count with this power where the beta quantile of the count is p.
        rate = stats.beta.ppf(_POWER, least, members - least + 1) if least <= members else None
        found[f"tpr_at_fpr_{most}"] = None if rate is None else float(rate)
    return found
