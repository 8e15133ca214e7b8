"""Tables of how well recipes of evaluation agree with the reference's, from rows of judgements."""

import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np

from medjax import evaluate

COLUMNS = (
    "recipe",
    "sets",
    "difference in points",
    "inside",
    "τ, same networks",
    "τ, others",
    "τ of sets apart",
    "cost",
    "training",
)
SCORES = (("test", "auroc"), ("test", "balanced_accuracy"), ("val", "auroc"))
REFERENCE = "reference"
Row = dict[str, Any]


def tables(rows: list[Row]) -> str:
    """Returns Markdown: a table for each data set, learning rate and score.

    The reference's networks are two halves. Every recipe trains those of the first half, so the
    row ``reference`` is the agreement of the reference with itself, which others exceed by chance.

    - ``difference``: of the mean over networks from that of the reference's first half, in points,
      mean over sets with its 95 % interval.
    - ``inside``: share of sets whose mean is inside the 95 % interval of the second half.
    - ``τ``: Kendall's, with the order of the first half (``same networks``) and of the second
      (``others``), and with that of the second over pairs of sets alone that differ there:
      the 95 % interval of their difference, paired by network, excludes zero.
    - ``cost``: CPU seconds for one network, training and scoring, as a part of the reference's;
      ``training``: without the scoring.
    """
    parts = []
    for case in sorted({(row["data"], row["learning_rate"]) for row in rows}):
        own = [row for row in rows if (row["data"], row["learning_rate"]) == case]
        for split, metric in SCORES:
            parts.append(f"{case[0]}, learning rate {case[1]}: {metric} on {split}\n")
            parts.append(_table(own, split, metric))
    return "\n".join(parts)


def _table(rows: list[Row], split: str, metric: str) -> str:
    names = dict.fromkeys(row["recipe"] for row in rows)
    lines = [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    for name in names:
        cells = [name, *(_cells(rows, name, split, metric))]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cells(rows: list[Row], name: str, split: str, metric: str) -> Iterable[str]:
    by_recipe = {
        recipe: {row["set"]: row for row in rows if row["recipe"] == recipe}
        for recipe in (name, REFERENCE)
    }
    sets = [one for one in by_recipe[REFERENCE] if one in by_recipe[name]]
    reference, own = (
        np.array([by_recipe[recipe][one][split][metric] for one in sets])
        for recipe in (REFERENCE, name)
    )
    half = reference.shape[1] // 2
    first, second = reference[:, :half], reference[:, half:]
    own = second if name == REFERENCE else own
    means, targets = own.mean(1), first.mean(1)
    yield str(len(sets))
    yield _points(evaluate.mean_interval(100 * (means - targets)))
    # The reference's own first half is compared with the second.
    against = first if name == REFERENCE else own
    within = [
        interval.low <= value <= interval.high
        for interval, value in zip(
            map(evaluate.mean_interval, second), against.mean(1), strict=True
        )
    ]
    yield f"{100 * np.mean(within):.0f} %"
    yield "–" if name == REFERENCE else f"{kendall(means, targets):.2f}"
    yield f"{kendall(against.mean(1), second.mean(1)):.2f}"
    pairs = _apart(second)
    yield f"{kendall(against.mean(1), second.mean(1), pairs=pairs):.2f} ({len(pairs)} pairs)"
    for part in ("cpu", "train_cpu"):
        seconds = {
            recipe: sum(of[one]["seconds"][part] / of[one]["networks"] for one in sets)
            for recipe, of in by_recipe.items()
        }
        yield f"{seconds[name] / seconds[REFERENCE]:.2f}"


def _points(interval: evaluate.Interval) -> str:
    return f"{interval.mean:+.2f} ({interval.low:+.2f} to {interval.high:+.2f})"


def _apart(values: np.ndarray) -> list[tuple[int, int]]:
    """Returns the pairs of sets ``[sets, networks]`` that differ by more than their noise."""
    pairs = itertools.combinations(range(len(values)), 2)
    intervals = {(i, j): evaluate.mean_interval(values[i] - values[j]) for i, j in pairs}
    return [pair for pair, found in intervals.items() if found.low > 0 or found.high < 0]


def kendall(
    x: np.ndarray, y: np.ndarray, *, pairs: Iterable[tuple[int, int]] | None = None
) -> float:
    """Returns Kendall's τ-b, over all pairs or some; NaN without a pair that differs."""
    pairs = itertools.combinations(range(len(x)), 2) if pairs is None else pairs
    signs = [(np.sign(x[i] - x[j]), np.sign(y[i] - y[j])) for i, j in pairs]
    signs = np.reshape(signs, (-1, 2))
    both, either = signs.prod(1).sum(), np.abs(signs).sum(0).prod() ** 0.5
    return float(both / either) if either else float("nan")
