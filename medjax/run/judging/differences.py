"""The differences between distilled images and baselines, with the words that they allow."""

from collections.abc import Mapping, Sequence
from typing import Any

from medjax import evaluate
from medjax.run.metrics import jsonable

_BASELINES = (
    "random",
    "random_selected",
    "random_mixed",
    "random_mixed_selected",
    "kcenter",
    "whole",
)
_METRICS = ("auroc", "balanced_accuracy")


def differences(runs: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, dict[str, Any]]]:
    """Compares the distilled images with each baseline on test, paired by seed.

    All images are those of the better of ``whole`` and ``whole_balanced`` on val, in each run.

    Args:
      runs: what ``summary.json`` holds of each seed, at least ``test`` and ``baselines``.

    Returns:
      ``{baseline: {metric: {"mean", "interval", "n", "values", "verdict"}}}`` for AUROC and
      balanced accuracy: distilled minus baseline, the 95 % interval ``[low, high]`` over seeds
      (``None`` for one seed), the number of seeds, the difference of each, and
      ``evaluate.verdict``. What a run did not measure is absent.

    Example:
      >>> def run(ours, theirs):
      ...     test, random = ({"auroc": {"mean": mean}} for mean in (ours, theirs))
      ...     return {"test": test, "baselines": {"random": random}}
      >>> made = differences([run(0.90, 0.80), run(0.95, 0.86), run(0.92, 0.81)])
      >>> made["random"]["auroc"]["verdict"]
      'beats'
      >>> differences([run(0.90, 0.80)])["random"]["auroc"]["verdict"]
      'cannot tell'
    """
    made: dict[str, dict[str, dict[str, Any]]] = {}
    for name in _BASELINES:
        for metric in _METRICS:
            pairs = [(_mean(run["test"], metric), _theirs(run, name, metric)) for run in runs]
            if not any(None in pair for pair in pairs):
                made.setdefault(name, {})[metric] = _difference(pairs)
    return jsonable(made)


def _difference(pairs: Sequence[tuple[float, float]]) -> dict[str, Any]:
    ours, theirs = zip(*pairs, strict=True)
    found = evaluate.paired_interval(ours, theirs)
    return {
        "mean": found.mean,
        "interval": [found.low, found.high],
        "n": found.n,
        "values": [a - b for a, b in pairs],
        "verdict": evaluate.verdict(found),
    }


def _theirs(run: Mapping[str, Any], name: str, metric: str) -> float | None:
    if name == "whole":
        name = run.get("hlr_whole") or name
    return _mean(run["baselines"].get(name), metric)


def _mean(scores: Mapping[str, Any] | None, metric: str) -> float | None:
    return ((scores or {}).get(metric) or {}).get("mean")
