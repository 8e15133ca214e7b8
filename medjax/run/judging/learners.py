"""A set of images, compared with random real ones by learners of scikit-learn."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from medjax import data, evaluate
from medjax.types import MULTI_LABEL, PRNGKey


def judge_learners(
    names: Sequence[str],
    keys: PRNGKey,
    ours: data.Split,
    real: tuple[data.Dataset, data.Whitening | None],
    benchmark: evaluate.Benchmark,
    *,
    watch: Callable[[str, float], None],
) -> dict[str, dict[str, Any]]:
    """Judges a set by learners, beside as many random real images per class.

    Args:
      names: the learners, see ``evaluate.check_learners``; none compare nothing.
      keys: a PRNG key for each draw of random images, ``[draws]``.
      ours: the set, images in normalised space; of soft labels the most probable class counts.
      real: the real images, and what was done to those of the benchmark but not to them; ``None``
        for nothing.
      benchmark: the splits to score on.
      watch: is told a line about each learner with 0.0, and with 1.0 when the learner is done.

    Returns:
      For the JSON file, by the name of the learner: ``{"set", "random", "difference", "verdict"}``,
      see ``evaluate.LearnerScores`` and ``evaluate.verdict``.
    """
    (dataset, whitening), found = real, {}
    if not names:
        return found
    if ours.labels.ndim > dataset.train.labels.ndim:
        ours = dataclasses.replace(ours, labels=ours.labels.argmax(axis=1))
    rows = evaluate.random_rows(keys, dataset.train, ours.labels)
    draws = [_draw(dataset.train, some, whitening) for some in rows]
    by = "auroc" if benchmark.task == MULTI_LABEL else "balanced_accuracy"
    sizes = f"{_counted(len(ours), 'image')}, and {_counted(len(draws), 'draw')} of random images"
    for name in names:
        watch(f"{name}: {sizes}", 0.0)
        result = evaluate.compare_learner(
            name, ours, draws, benchmark, num_classes=dataset.num_classes, by=by
        )
        found[name] = {
            "set": result.ours,
            "random": result.random,
            "difference": {"metric": by, **result.difference._asdict()},
            "verdict": evaluate.verdict(result.difference),
        }
        watch(f"{name}: {sizes}", 1.0)
    return found


def _draw(train: data.Split, rows: np.ndarray, whitening: data.Whitening | None) -> data.Split:
    images = train.images[rows]
    images = images if whitening is None else whitening.whiten(images)
    return data.Split(images, train.labels[rows])


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
