"""Whether recovery falls with variation, at equal images per class and number of classes."""

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from medjax.evaluate import Interval, verdict
from medjax.study import tasks
from medjax.study.predict.outcomes import Outcome

_CONFIDENCE = 0.95
_FEWEST = 2


def variation_difference(small: Sequence[float], large: Sequence[float]) -> Interval:
    """Computes the mean of sets with great variation minus that of sets with minor variation.

    The interval is Welch's: the spreads may differ. It takes the sets to be independent; those that
    share images are not, and then it is too narrow.

    Args:
      small, large: a value of each set with minor and with great variation.

    Returns:
      The difference; ``low`` and ``high`` are NaN if one kind has a single set, or neither has any
      spread. ``n`` is the number of all sets.

    Example:
      >>> found = variation_difference([60.0, 70.0, 65.0], [80.0, 85.0, 90.0])
      >>> print(f"{found.mean:.1f} ({found.low:.1f} to {found.high:.1f})")
      20.0 (8.7 to 31.3)

    Welch, "The generalization of Student's problem when several different population variances are
    involved", Biometrika 34, 1947.
    """
    count, mean = len(small) + len(large), float(np.mean(large) - np.mean(small))
    if min(len(small), len(large)) < _FEWEST or not np.var(small) + np.var(large):
        return Interval(mean, math.nan, math.nan, count)
    found = stats.ttest_ind(large, small, equal_var=False).confidence_interval(_CONFIDENCE)
    return Interval(mean, float(found.low), float(found.high), count)


def variation_markdown(outcomes: Sequence[Outcome]) -> str:
    """Formats the outcomes of mixed tasks, and what great variation changes.

    Args:
      outcomes: those of a study, of which only mixed tasks count.

    Returns:
      Markdown; empty unless there are tasks of both kinds.
    """
    kinds: dict[str, list[Outcome]] = {tasks.MINOR: [], tasks.GREAT: []}
    for one in outcomes:
        task = tasks.TASKS.get(one.dataset)
        if task is not None and task.variation and math.isfinite(one.recovery):
            kinds[task.variation].append(one)
    if not all(kinds.values()):
        return ""
    lines = ["| task | variation | all images | gain over random | recovery |", "|---" * 5 + "|"]
    for kind, found in kinds.items():
        lines += [
            f"| {one.dataset} | {kind} | {100 * one.whole:.1f} | {one.gain.mean:+.1f} | "
            f"{one.recovery:.1f} |"
            for one in found
        ]
    recovered = [[one.recovery for one in found] for found in kinds.values()]
    gained = [[one.gain.mean for one in found] for found in kinds.values()]
    said = [
        _sentence("Recovery", variation_difference(*recovered)),
        _sentence("Gain over random images", variation_difference(*gained)),
    ]
    return "\n".join([*lines, "", *said]) + "\n"


def _sentence(what: str, found: Interval) -> str:
    if math.isnan(found.low):
        return f"{what}, great minus minor variation: {found.mean:+.1f}; too few sets to tell."
    words = {"beats": "rises", "is below": "falls", "not shown": "is not shown to change"}
    return (
        f"{what} {words[verdict(found)]} with variation: great minus minor is {found.mean:+.1f} "
        f"points [{found.low:+.1f}, {found.high:+.1f}], {found.n} sets, some of which share images."
    )
