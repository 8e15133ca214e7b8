"""What the intervals of differences show, in sentences; the means alone show nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

from medjax.run.report import table

_METRICS = ("auroc", "balanced_accuracy")


def comparisons(summary: Mapping[str, Any]) -> list[str]:
    """Says how the distilled images compare with the baselines on test.

    Args:
      summary: the content of ``summary.json``, of one seed or over several; ``differences`` holds
        the intervals and their verdicts.

    Returns:
      Sentences, about the metric that the run compares by; none if nothing was compared.

    Example:
      >>> gap = {"mean": 0.08, "interval": [0.03, 0.13], "n": 5, "verdict": "beats"}
      >>> comparisons({"differences": {"random": {"balanced_accuracy": gap}}})
      ['In balanced accuracy, the distilled set beats random real images by 8.0 points (95 % \
interval 3.0 to 13.0).']
    """
    by = summary.get("compared_by") or "balanced_accuracy"
    found, names = summary.get("differences") or {}, _names(summary)
    gaps = [(names[k], found[k][by]) for k in names if by in (found.get(k) or {})]
    if not gaps:
        return []
    where, disagreements = f"In {table.compared_by(summary)}", _disagreements(summary)
    if any(gap["verdict"] == "cannot tell" for _, gap in gaps):
        listed = _listed([_described(*gap) for gap in gaps])
        caution = "One seed cannot tell whether a difference is more than chance."
        return [f"{where}, the distilled set is {listed}.", *disagreements, caution]
    shown = [
        f"{verdict} {_listed([_measured(*gap) for gap in chosen])}"
        for verdict in ("beats", "is below")
        if (chosen := [gap for gap in gaps if gap[1]["verdict"] == verdict])
    ]
    sentences = [f"{where}, the distilled set {' and '.join(shown)}."] if shown else []
    hidden = [_hidden(*gap) for gap in gaps if gap[1]["verdict"] == "not shown"]
    if hidden:
        start = "A difference" if shown else f"{where}, a difference"
        sentences.append(f"{start} from {_listed(hidden, word='or')} is not shown.")
    return sentences + disagreements


def _names(summary: Mapping[str, Any]) -> dict[str, str]:
    draws = ((summary.get("baseline_facts") or {}).get("random_selected") or {}).get("draws")
    best = f"the best on val of {draws} random subsets" if draws else "the best random subset"
    return {
        "random": "random real images",
        "random_selected": best,
        "random_mixed": "random images stored as patches",
        "random_mixed_selected": "the best on val of such images",
        "whole": "the whole training set",
    }


def _described(name: str, gap: Mapping[str, Any]) -> str:
    """Places the mean, without a claim."""
    points = f"{100 * abs(gap['mean']):.1f}"
    if not float(points):
        return f"level with {name}"
    return f"{points} points {'above' if gap['mean'] > 0 else 'below'} {name}"


def _measured(name: str, gap: Mapping[str, Any]) -> str:
    """Gives the size of a difference that is shown, as a positive number."""
    low, high = gap["interval"]
    low, high = (low, high) if gap["mean"] > 0 else (-high, -low)
    return (
        f"{name} by {100 * abs(gap['mean']):.1f} points (95 % interval {100 * low:.1f} to "
        f"{100 * high:.1f})"
    )


def _hidden(name: str, gap: Mapping[str, Any]) -> str:
    """Gives the mean and the interval of a difference that is not shown, with their signs."""
    mean, low, high = (f"{100 * value:+.1f}" for value in (gap["mean"], *gap["interval"]))
    return f"{name} ({mean} points, 95 % interval {low} to {high})"


def _listed(parts: Sequence[str], *, word: str = "and") -> str:
    return ", ".join([*parts[:-2], f" {word} ".join(parts[-2:])])


def _disagreements(summary: Mapping[str, Any]) -> list[str]:
    """Says where AUROC and balanced accuracy point in opposite directions.

    Of several seeds both differences must be shown; of one seed nothing more than the direction of
    the means can be said.
    """
    differ = []
    for kind, name in {"random": "random images", "whole": "all images"}.items():
        pair = [((summary.get("differences") or {}).get(kind) or {}).get(m) for m in _METRICS]
        if None in pair or not _opposite(*pair):
            continue
        higher = "AUROC" if pair[0]["mean"] > 0 else "balanced accuracy"
        differ.append(f"above {name} in {higher} only")
    if not differ:
        return []
    return [
        f"AUROC and balanced accuracy disagree: the distilled set is {' and '.join(differ)}. "
        "Balanced accuracy depends on the threshold of a decision, AUROC does not."
    ]


def _opposite(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    shown = {one["verdict"], other["verdict"]} <= {"beats", "is below", "cannot tell"}
    return shown and one["mean"] * other["mean"] < 0
