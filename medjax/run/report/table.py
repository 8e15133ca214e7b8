"""The results of a run as text: one row per training set, mean ± std over networks."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from medjax.errors import some
from medjax.run.report.diverged import diverged_lines
from medjax.types import MULTI_LABEL

Metrics = Mapping[str, Mapping[str, Any]]
"""``{metric: {"mean", "std", "n"}}``, each in 0–1; other entries are not shown."""

# Metrics that read best as a percentage; the others (areas, kappas) keep three decimals.
_PERCENT = {"accuracy", "balanced_accuracy", "balanced_accuracy_tuned"}
_NAMES = {
    "auroc": "AUROC",
    "average_precision": "mean average precision",
    "balanced_accuracy_tuned": "balanced accuracy at val's threshold",
    "ece": "calibration error (ECE)",
    "brier": "Brier score",
}
DECISIONS = ("balanced_accuracy_tuned", "ece", "brier")
"""Metrics of decisions and probabilities, which have a table of their own in the report and none in
a terminal."""
# Column heads of the terminal's table. Two splits of the first three metrics fit side by side in
# a hundred columns; with more metrics, the splits are below each other.
SHORT = {
    "accuracy": "acc. %",
    "balanced_accuracy": "bal. acc. %",
    "auroc": "AUROC",
    "average_precision": "mAP",
    "quadratic_weighted_kappa": "kappa",
    "mean_absolute_error": "MAE",
}
_ALWAYS = tuple(SHORT)[:3]

NOTHING = "predicting no finding"
"""The name of a row without networks, in tables of multi-label sets."""

BASELINES = {
    "random": "random real images",
    "random_selected": "best random images on val",
    "random_hard": "random images, hard labels",
    "random_mixed": "random images as patches",
    "random_mixed_selected": "best patches on val",
    "kcenter": "k-center real images",
    "whole": "whole training set",
    "whole_balanced": "whole, classes balanced",
    "nothing": NOTHING,
}
"""The names of baselines in tables."""

CANNOT_TELL = (
    "one seed cannot tell whether a difference is more than chance; --config.seeds=5 runs five"
)
"""What the tables of one seed say about differences."""


class Row(NamedTuple):
    """The results of networks trained on one training set.

    Attributes:
      name: the training set.
      val: metrics on the validation images, if there are any.
      test: metrics on the test images.
    """

    name: str
    val: Metrics | None
    test: Metrics | None


def result_rows(summary: Mapping[str, Any]) -> list[Row]:
    """Returns the rows of the results table of a run's summary, the content of ``summary.json``.

    There is one each for the selected step, the last step, the selected images with hard labels if
    theirs are soft, and every baseline of ``evaluate.score_baselines``; rows that were not measured
    are skipped.

    Example:
      >>> auroc = {"auroc": {"mean": 0.9, "std": 0.01, "n": 5}}
      >>> [row.name for row in result_rows({"test": auroc, "baselines": {"whole": auroc}})]
      ['distilled (selected)', 'whole training set']
    """
    baselines = summary.get("baselines") or {}
    baselines_val = summary.get("baselines_val") or {}
    rows = [
        Row("distilled (selected)", summary.get("val"), summary.get("test")),
        Row("distilled (last step)", summary.get("val_last"), summary.get("test_last")),
        Row("distilled, hard labels", summary.get("val_hard"), summary.get("test_hard")),
    ]
    rows += [Row(name, baselines_val.get(k), baselines.get(k)) for k, name in BASELINES.items()]
    return [row for row in rows if row.val or row.test]


def ordered(metrics: Iterable[str], *, first: str | None) -> list[str]:
    """Returns the names of metrics in the order of the tables.

    Args:
      metrics: names, possibly repeated.
      first: the metric that comes first, see ``evaluate.headline``; ``None`` for the usual order.

    Example:
      >>> ordered(["accuracy", "auroc", "balanced_accuracy"], first="auroc")
      ['auroc', 'accuracy', 'balanced_accuracy']
    """
    names = list(dict.fromkeys(metrics))
    known = [name for name in SHORT if name in names]
    return sorted(dict.fromkeys([*known, *names]), key=lambda name: name != first)


def metric_name(metric: str) -> str:
    """Returns the words for a metric's name in ``summary.json``.

    Example:
      >>> metric_name("balanced_accuracy"), metric_name("auroc"), metric_name("quadratic_kappa")
      ('balanced accuracy', 'AUROC', 'quadratic kappa')
    """
    return _NAMES.get(metric, metric.replace("_", " "))


def is_percentage(metric: str) -> bool:
    """Returns whether a metric is written in %, as accuracies are.

    Example:
      >>> is_percentage("balanced_accuracy"), is_percentage("auroc")
      (True, False)
    """
    return metric in _PERCENT


def metric_text(metrics: Metrics | None, metric: str) -> str:
    """Formats one result, in % with one decimal or as a fraction with three.

    Args:
      metrics: the results of one row, or ``None``.
      metric: the metric to format.

    Returns:
      Text such as ``85.3 ± 0.8`` or, over seeds, ``85.3 [82.0, 88.6]``. A single network or seed
      has neither, and a missing result is a dash.

    Example:
      >>> metric_text({"accuracy": {"mean": 0.853, "std": 0.0081, "n": 5}}, "accuracy")
      '85.3 ± 0.8'
      >>> metric_text(None, "accuracy")
      '–'
    """
    entry = (metrics or {}).get(metric) or {}
    mean, std = entry.get("mean"), entry.get("std")
    if mean is None:
        return "–"
    scale, digits = (100, 1) if metric in _PERCENT else (1, 3)
    low, high = entry.get("interval") or (None, None)
    if low is not None and high is not None:
        return f"{scale * mean:.{digits}f} [{scale * low:.{digits}f}, {scale * high:.{digits}f}]"
    if std is None or entry.get("n") == 1:
        return f"{scale * mean:.{digits}f}"
    return f"{scale * mean:.{digits}f} ± {scale * std:.{digits}f}"


def image_range(metrics: Metrics | None, metric: str, *, digits: int) -> str:
    """Formats the interval of a metric over images; empty if there is none.

    Example:
      >>> image_range({"auroc": {"mean": 0.9, "image_interval": [0.88, 0.921]}}, "auroc", digits=2)
      '0.88–0.92'
    """
    ends = ((metrics or {}).get(metric) or {}).get("image_interval") or [None]
    return "" if None in ends else "–".join(f"{end:.{digits}f}" for end in ends)


def results_table(summary: Mapping[str, Any]) -> str:
    """Formats the results of a run for a terminal.

    Args:
      summary: the content of ``summary.json``.

    Returns:
      Lines of aligned text: a title, one row per training set with its metrics on validation and
      test images, the IOR and HLR in points, what one seed cannot tell, the networks that diverged,
      and the warnings about the data set.

    Example:
      >>> test = {"auroc": {"mean": 0.9, "std": 0.01, "n": 5}}
      >>> print(results_table({"method": "dm", "dataset": "x", "ipc": 1, "seed": 0, "test": test}))
      dm · x · 1 image per class · seed 0
                            test
                            acc. %  bal. acc. %  AUROC
      distilled (selected)  –       –            0.900 ± 0.010
    """
    rows = result_rows(summary)
    lines = scores_table(rows, first=summary.get("headline")).splitlines() if rows else []
    warnings = (summary.get("data") or {}).get("warnings") or ()
    lines += [*_gaps(summary), *diverged_lines(rows), *(f"warning: {line}" for line in warnings)]
    return "\n".join([title(summary), *lines])


def scores_table(rows: Sequence[Row], *, first: str | None = None) -> str:
    """Formats results for a terminal.

    Args:
      rows: at least one, with results on validation images, test images or both.
      first: the first metric, see ``evaluate.headline``; ``None`` for the usual order.

    Returns:
      Lines of aligned text: two lines of heads, then one line per row. With more than three
      metrics, the table of the validation images comes first and that of the test images below.

    Example:
      >>> test = {"auroc": {"mean": 0.9, "std": 0.01, "n": 5}}
      >>> print(scores_table([Row("resnet18", None, test)]))
                test
                acc. %  bal. acc. %  AUROC
      resnet18  –       –            0.900 ± 0.010
    """
    splits = [split for split in ("val", "test") if any(getattr(row, split) for row in rows)]
    measured = [name for row in rows for split in splits for name in getattr(row, split) or ()]
    known = [name for name in (*_ALWAYS, *measured) if name in SHORT]
    metrics = ordered(known, first=first)
    blocks = [splits] if len(metrics) <= len(_ALWAYS) else [[split] for split in splits]
    return "\n".join(scores_block(rows, block, metrics) for block in blocks)


def scores_block(rows: Sequence[Row], splits: Sequence[str], metrics: Sequence[str]) -> str:
    """Formats some splits side by side."""
    columns = [(split, metric) for split in splits for metric in metrics]
    lines = [
        ["", *(split if metric == metrics[0] else "" for split, metric in columns)],
        ["", *(SHORT[metric] for _, metric in columns)],
        *([row.name, *(metric_text(getattr(row, s), m) for s, m in columns)] for row in rows),
    ]
    return aligned(lines)


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Formats lines of cells as columns.

    Example:
      >>> print(aligned([["", "AUROC"], ["random", "0.9"]]))
              AUROC
      random  0.9
    """
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def title(summary: Mapping[str, Any]) -> str:
    """Returns the title of a run: method, data set, images per class, seed or seeds.

    Example:
      >>> title({"method": "dsa", "dataset": "pathmnist", "ipc": 10, "seed": 1})
      'dsa · pathmnist · 10 images per class · seed 1'
    """
    ipc = summary["ipc"]
    if isinstance(ipc, int):
        group = "group" if (summary.get("data") or {}).get("task") == MULTI_LABEL else "class"
        images = f"{ipc:,} image{'' if ipc == 1 else 's'} per {group}"
    else:
        images = f"ipc {ipc}"
    seeds = summary.get("seeds") or [summary["seed"]]
    shown = some(map(str, seeds), most=10)
    named = f"seed{'s' if len(seeds) > 1 else ''} {shown}"
    return f"{summary['method']} · {summary['dataset']} · {images} · {named}"


def compared_by(summary: Mapping[str, Any]) -> str:
    """Returns the name of the metric that a run's IOR and HLR are points of.

    Example:
      >>> compared_by({}), compared_by({"compared_by": "auroc"})
      ('balanced accuracy', 'AUROC')
    """
    return metric_name(summary.get("compared_by") or "balanced_accuracy")


def _gaps(summary: Mapping[str, Any]) -> list[str]:
    whole = "balanced whole" if summary.get("hlr_whole") == "whole_balanced" else "whole"
    meanings = {
        "ior": "distilled − random",
        "ior_selected": "distilled − best random on val",
        "hlr": f"{whole} − distilled{', hard labels' if summary.get('test_hard') else ''}",
    }
    gaps = [
        f"{name[:3].upper()} {summary[name]:+.1f} points of {compared_by(summary)} ({meaning})"
        for name, meaning in meanings.items()
        if summary.get(name) is not None
    ]
    return [*gaps, CANNOT_TELL] if gaps else []
