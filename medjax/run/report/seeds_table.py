"""The results over several seeds as text: means with intervals, and differences with verdicts."""

from collections.abc import Mapping
from typing import Any

from medjax.run.report import table
from medjax.run.report.diverged import diverged_lines

# Columns of a mean with its interval that fit in a hundred characters.
_MOST_METRICS = 3
_COMPARED = ("balanced_accuracy", "auroc")


def seeds_table(summary: Mapping[str, Any]) -> str:
    """Formats the results over seeds for a terminal.

    Args:
      summary: the content of ``summary.json`` over seeds.

    Returns:
      Lines of aligned text: a title, one row per training set with its metrics on test, one row per
      difference with its verdict, what the intervals are, the networks that diverged, and the
      warnings about the data set.

    Example:
      >>> test = {"auroc": {"mean": 0.9, "interval": [0.88, 0.92], "n": 5}}
      >>> gap = {"mean": 0.05, "interval": [0.01, 0.09], "n": 5, "verdict": "beats"}
      >>> print(seeds_table({
      ...     "method": "dm", "dataset": "x", "ipc": 1, "seeds": [0, 1, 2, 3, 4], "test": test,
      ...     "differences": {"random": {"auroc": gap}},
      ... }))
      dm · x · 1 image per class · seeds 0, 1, 2, 3, 4
                            test
                            AUROC
      distilled (selected)  0.900 [0.880, 0.920]
      distilled minus     AUROC
      random real images  beats +0.050 [+0.010, +0.090]
      [low, high]: 95 % intervals over 5 seeds, differences paired by seed
    """
    lines = [table.title(summary), *_scores(summary), *_differences(summary), reading(summary)]
    lines += diverged_lines(table.result_rows(summary))
    warnings = (summary.get("data") or {}).get("warnings") or ()
    return "\n".join([*lines, *(f"warning: {line}" for line in warnings)])


def compared(summary: Mapping[str, Any]) -> list[str]:
    """Returns the metrics of the differences, the one that the runs compare by first."""
    found = (summary.get("differences") or {}).values()
    measured = [metric for metric in _COMPARED if any(metric in gaps for gaps in found)]
    return sorted(measured, key=lambda metric: metric != summary.get("compared_by"))


def difference_text(gap: Mapping[str, Any], metric: str) -> str:
    """Formats a difference, in points or as a fraction, without its verdict.

    Example:
      >>> difference_text({"mean": 0.05, "interval": [0.01, 0.09]}, "balanced_accuracy")
      '+5.0 [+1.0, +9.0]'
      >>> difference_text({"mean": 0.05, "interval": [None, None]}, "auroc")
      '+0.050'
    """
    scale, digits = (100, 1) if table.is_percentage(metric) else (1, 3)
    ends = [f"{scale * end:+.{digits}f}" for end in gap["interval"] if end is not None]
    return f"{scale * gap['mean']:+.{digits}f}" + (f" [{', '.join(ends)}]" if ends else "")


def reading(summary: Mapping[str, Any]) -> str:
    """Says in one line what the intervals are.

    Example:
      >>> reading({"seeds": [3]})
      'one seed cannot tell whether a difference is more than chance; --config.seeds=5 runs five'
    """
    count = len(summary["seeds"])
    if count == 1:
        return table.CANNOT_TELL
    return f"[low, high]: 95 % intervals over {count} seeds, differences paired by seed"


def _scores(summary: Mapping[str, Any]) -> list[str]:
    rows = [row._replace(val=None) for row in table.result_rows(summary) if row.test]
    measured = [metric for row in rows for metric in row.test if metric in table.SHORT]
    metrics = table.ordered(measured, first=summary.get("headline"))
    blocks = [metrics[i : i + _MOST_METRICS] for i in range(0, len(metrics), _MOST_METRICS)]
    return [table.scores_block(rows, ["test"], block) for block in blocks]


def _differences(summary: Mapping[str, Any]) -> list[str]:
    metrics, found = compared(summary), summary.get("differences") or {}
    if not metrics:
        return []
    lines = [["distilled minus", *(table.SHORT[metric] for metric in metrics)]]
    for name, gaps in found.items():
        shown = [(gaps.get(metric), metric) for metric in metrics]
        cells = [f"{gap['verdict']} {difference_text(gap, m)}" if gap else "–" for gap, m in shown]
        lines.append([table.BASELINES[name], *cells])
    return [table.aligned(lines)]
