"""The part of ``python -m medjax.evaluate`` with learners of scikit-learn."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from medjax import data, evaluate
from medjax.cli import messages
from medjax.run.report import Row, metric_name
from medjax.types import MULTI_LABEL, PRNGKey

_WORDS = {
    "beats": "the set beats them with",
    "is below": "the set is below them with",
    "not shown": "a difference is not shown with",
    "cannot tell": "one draw cannot tell with",
}


class Compared(NamedTuple):
    """A set and random images, compared by learners.

    Attributes:
      content: for the JSON file, by the name of the learner.
      rows: for the table.
      lines: with which learners the set is better than random images, and with which not.
    """

    content: dict[str, Any]
    rows: list[Row]
    lines: list[str]


def compare(
    names: Sequence[str],
    keys: PRNGKey,
    ours: data.Split,
    dataset: data.Dataset,
    benchmark: evaluate.Benchmark,
    *,
    whitening: data.Whitening | None,
) -> Compared:
    """Judges a set by learners, beside as many random real images per class.

    Args:
      names: the learners, see ``evaluate.check_learners``; none compare nothing.
      keys: a PRNG key for each draw of random images, ``[draws]``.
      ours: the set, in normalised space.
      dataset: the real images.
      benchmark: the splits to score on.
      whitening: what was done to the images of the benchmark.
    """
    if not names:
        return Compared({}, [], [])
    train, found = dataset.train, {}
    rows = evaluate.random_rows(keys, train, ours.labels)
    draws = [_draw(train, some, whitening) for some in rows]
    by = "auroc" if benchmark.task == MULTI_LABEL else "balanced_accuracy"
    for name in names:
        images = f"{len(ours.labels)} image{'' if len(ours.labels) == 1 else 's'}"
        messages.say(f"{name}: {images}, and {_draws(len(keys))} of random images")
        found[name] = evaluate.compare_learner(
            name, ours, draws, benchmark, num_classes=dataset.num_classes, by=by
        )
    table = [
        Row(f"{what}{name}", scores.get("val"), scores["test"])
        for name, result in found.items()
        for what, scores in (("", result.ours), ("random images, ", result.random))
    ]
    content = {
        name: {
            "set": result.ours,
            "random": result.random,
            "difference": {"metric": by, **result.difference._asdict()},
            "verdict": evaluate.verdict(result.difference),
        }
        for name, result in found.items()
    }
    differences = {name: result.difference for name, result in found.items()}
    return Compared(content, table, [_sentence(differences, by=by)])


def _draw(train: data.Split, rows: np.ndarray, whitening: data.Whitening | None) -> data.Split:
    images = train.images[rows]
    images = images if whitening is None else whitening.whiten(images)
    return data.Split(images, train.labels[rows])


def _sentence(differences: Mapping[str, evaluate.Interval], *, by: str) -> str:
    """Says with which learners the set is better than random images, and with which not."""
    clauses = []
    for verdict, words in _WORDS.items():
        listed = [
            _points(name, interval)
            for name, interval in differences.items()
            if evaluate.verdict(interval) == verdict
        ]
        if listed:
            clauses.append(f"{words} {', '.join(listed)}")
    over = _draws(next(iter(differences.values())).n)
    return (
        f"Against as many random real images, in points of {metric_name(by)} on test (95 % "
        f"prediction interval of {over}): {'; '.join(clauses)}."
    )


def _draws(count: int) -> str:
    return f"{count} draw{'' if count == 1 else 's'}"


def _points(name: str, interval: evaluate.Interval) -> str:
    mean, low, high = (100 * value for value in interval[:3])
    ends = "" if np.isnan(low) else f" ({low:+.1f} to {high:+.1f})"
    return f"{name} {mean:+.1f}{ends}"
