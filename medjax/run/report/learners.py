"""What learners of scikit-learn say of a set: the rows of a table, and a sentence."""

from collections.abc import Mapping
from typing import Any

from medjax.run.report.table import Row, metric_name

_WORDS = {
    "beats": "the set beats them with",
    "is below": "the set is below them with",
    "not shown": "a difference is not shown with",
    "cannot tell": "one {of} cannot tell with",
}


def rows(found: Mapping[str, Mapping[str, Any]]) -> list[Row]:
    """Returns two rows for each learner: trained on the set, and on random images.

    Args:
      found: from ``judge_learners``, or the ``learners`` of a ``summary.json``, of one seed or over
        several.

    Example:
      >>> test = {"test": {"auroc": {"mean": 0.9, "std": 0.0, "n": 1}}}
      >>> [row.name for row in rows({"knn": {"set": test, "random": test}})]
      ['knn', 'random images, knn']
    """
    return [
        Row(f"{what}{name}", scores.get("val"), scores["test"])
        for name, result in found.items()
        for what, scores in (("", result["set"]), ("random images, ", result["random"]))
    ]


def lines(found: Mapping[str, Mapping[str, Any]], *, seeds: bool = False) -> list[str]:
    """Says in one sentence with which learners the set is better than random images.

    Args:
      found: see ``rows``; no sentence for none.
      seeds: whether it is over several distilled sets, and not over draws of random images.

    Example:
      >>> gap = {"metric": "auroc", "mean": 0.05, "low": 0.03, "high": 0.07, "n": 5}
      >>> lines({"knn": {"difference": gap, "verdict": "beats"}})
      ['Against as many random real images, in points of AUROC on test (95 % prediction interval \
of 5 draws): the set beats them with knn +5.0 (+3.0 to +7.0).']
    """
    of, kind = ("seed", "interval over") if seeds else ("draw", "prediction interval of")
    clauses = []
    for verdict, words in _WORDS.items():
        named = [_points(name, one) for name, one in found.items() if one["verdict"] == verdict]
        if named:
            clauses.append(f"{words.format(of=of)} {', '.join(named)}")
    if not clauses:
        return []
    difference = next(iter(found.values()))["difference"]
    by, count = metric_name(difference["metric"]), difference["n"]
    return [
        f"Against as many random real images, in points of {by} on test (95 % {kind} "
        f"{count} {of}{'' if count == 1 else 's'}): {'; '.join(clauses)}."
    ]


def said(summary: Mapping[str, Any]) -> list[str]:
    """Returns the sentence about the learners of a summary, of one seed or over several.

    Args:
      summary: the content of ``summary.json``.

    Example:
      >>> said({"seeds": [0, 1]})
      []
    """
    return lines(summary.get("learners") or {}, seeds="seeds" in summary)


def _points(name: str, one: Mapping[str, Any]) -> str:
    mean, low, high = (one["difference"][end] for end in ("mean", "low", "high"))
    if one["verdict"] == "cannot tell":  # there is no interval
        return f"{name} {100 * mean:+.1f}"
    return f"{name} {100 * mean:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"
