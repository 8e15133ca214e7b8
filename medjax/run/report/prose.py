"""The sentences of a report, made from a run's numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from medjax import data, evaluate
from medjax.errors import printable
from medjax.run.report import table, verdicts
from medjax.run.report.diverged import diverged_lines
from medjax.run.report.meanings import meanings

# The first sentence uses the selection metric or else the first of these that was measured.
_PREFERRED = ("auroc", "balanced_accuracy", "accuracy")


def findings(summary: Mapping[str, Any]) -> list[str]:
    """Compares the synthetic images with random images and with the whole training set.

    Args:
      summary: the content of ``summary.json``, of one seed or over several.

    Returns:
      Sentences; none if nothing was measured.

    Example:
      >>> def auroc(mean): return {"auroc": {"mean": mean, "std": 0.01, "n": 5}}
      >>> for sentence in findings({"num_images": 20, "num_train": 4708, "test": auroc(0.92),
      ...                           "baselines": {"whole": auroc(0.95)}}):
      ...     print(sentence)
      A network trained on these 20 images reaches AUROC 0.92 (±0.01) on the test images; trained \
on all 4,708 training images, it reaches 0.95 (±0.01).
    """
    test, baselines = summary.get("test") or {}, summary.get("baselines") or {}
    choices = [summary.get("select_by"), *_PREFERRED]
    metric = next((name for name in choices if _mean(test, name) is not None), None)
    if metric is None:
        return []
    seeds = len(summary.get("seeds") or [])
    which = f"the {{}} images of a seed ({seeds} seeds)" if seeds > 1 else "these {} images"
    first = (
        f"A network trained on {which.format(format(summary['num_images'], ','))} reaches "
        f"{table.metric_name(metric)} {_value(test, metric, explained=True)} on the test images"
    )
    others = {
        "random": f"{_num_random(summary):,} random real images",
        "whole": f"all {summary.get('num_train') or 0:,} training images",
    }
    clauses = [
        f"trained on {images}, it reaches {_value(baselines[kind], metric)}"
        for kind, images in others.items()
        if _mean(baselines.get(kind), metric) is not None
    ]
    return ["; ".join([first, *clauses]) + ".", *verdicts.comparisons(summary)]


def warnings(summary: Mapping[str, Any]) -> list[str]:
    """Returns what may be wrong with the data set of a run, in sentences.

    The ``notes`` name the classes that are not scored.

    Example:
      >>> warnings({"data": {"warnings": ["leakage: 1 image in both splits of train–test"]}})
      ['Leakage: 1 image in both splits of train–test.']
    """
    lines = (summary.get("data") or {}).get("warnings") or ()
    absent = (summary.get("absent_classes") or {}).items()
    noted = {printable(data.absent_warning(split, classes)) for split, classes in absent}
    return [f"{line[:1].upper()}{line[1:]}." for line in lines if line not in noted]


def notes(summary: Mapping[str, Any]) -> list[str]:
    """Explains in sentences how to read the table of results of a ``summary.json``.

    Example:
      >>> notes({"test": {"auroc": {"mean": 0.9, "std": 0.0, "n": 5}}})[-1]
      'Values are means ± standard deviations over 5 networks trained from scratch.'
    """
    sentences = [_selection(summary), *_labels(summary)]
    whole = "balanced whole" if summary.get("hlr_whole") == "whole_balanced" else "whole"
    hard = " with hard labels" if summary.get("test_hard") else ""
    signs = {"ior": "distilled minus random"}
    signs |= {"hlr": f"{whole} training set minus distilled{hard}"}
    if patients := (summary.get("data") or {}).get("patients"):
        sentences.append(f"About the splits: {patients}.")
    gaps = [
        f"{name.upper()} {summary[name]:+.1f} ({meaning})"
        for name, meaning in signs.items()
        if summary.get(name) is not None
    ]
    if gaps:
        by_name = table.compared_by(summary)
        sentences.append(f"In points of {by_name} on the test images: {', '.join(gaps)}.")
    sentences += [*_scarce(summary), *evaluate.absent_lines(summary.get("absent_classes") or {})]
    test = summary.get("test") or {}
    if (summary.get("baselines") or {}).get("nothing"):
        sentences.append(
            "Accuracies are averages over labels at a probability of 0.5. Where findings are rare, "
            "predicting no finding for anybody also has a high accuracy (see the last row)."
        )
    sentences += [*diverged_lines(table.result_rows(summary)), *meanings(test)]
    return [*sentences, *_spread(summary, test)]


def privacy(init: str | None, *, zca: str | None = None) -> str:
    """States the little that the run knows about the privacy of the images.

    Args:
      init: the start of the synthetic images: ``"real"``, ``"herding"``, ``"kcenter"``,
        ``"noise"`` or another name; ``"coreset"`` for unchanged real images, ``"crops"`` for
        parts of them.
      zca: the whitening saved with the images, ``None`` for none.

    Returns:
      Sentences that never claim privacy.

    Example:
      >>> print(privacy("noise"))
      These images started from random noise, but they were fitted to real patients' images. What \
they may reveal about a patient was not measured here.
    """
    start = "random noise" if init == "noise" else f"{init!r}" if init else "an unrecorded state"
    text = (
        f"These images started from {start}, but they were fitted to real patients' images. What "
        "they may reveal about a patient was not measured here."
    )
    if init == "coreset":
        text = "These images are real patients' images, unchanged. They must not leave the site."
    if init == "crops":
        text = "These images are parts of real patients' images. They must not leave the site."
    if init in ("real", "herding", "kcenter"):
        text = (
            "These images started from real patients' images and may still show them. They must "
            "not leave the site without a privacy audit."
        )
    if zca:
        text += (
            " synthetic.npz also holds the mean of all real training images and a factor of their "
            "pixels' covariance, which the whitening needs."
        )
    return text


def class_name(label: np.ndarray, names: Sequence[str]) -> str:
    """Returns the name of a label's class, or of the findings in a row of labels.

    Args:
      label: an int, or a row ``[l]`` of 0–1 where 0.5 or more is positive.
      names: the names of the classes; a class without a name gets its number.

    Example:
      >>> class_name(np.int32(1), ["normal", "pneumonia"])
      'pneumonia'
      >>> class_name(np.array([1, 0, 1]), ["mass", "nodule", "edema"])
      'mass, edema'
      >>> class_name(np.zeros(3), ["mass", "nodule", "edema"])
      'no finding'
    """

    def name(index: int) -> str:
        return str(names[index]) if index < len(names) else f"class {index}"

    if np.ndim(label) == 0:
        return name(int(label))
    return ", ".join(name(int(i)) for i in np.flatnonzero(np.asarray(label) >= 0.5)) or "no finding"


def duration(seconds: float) -> str:
    """Formats a time span.

    Example:
      >>> duration(4.25), duration(605), duration(7265)
      ('4.2 s', '10 min 5 s', '2 h 1 min')
    """
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def _selection(summary: Mapping[str, Any]) -> str:
    """Says how the images were selected."""
    steps, by = summary.get("selected_step"), summary.get("select_by")
    if not summary.get("val") or not by or steps is None:
        return "There were no validation images, so no step could be selected."
    each = " of each seed" if isinstance(steps, list) else ""
    steps = steps if isinstance(steps, list) else [steps]
    named = f"outer step{'s' if len(steps) > 1 else ''} {', '.join(f'{step:,}' for step in steps)}"
    return (
        f"The selected images{each} are those of {named}, the best on the validation images by "
        f"{table.metric_name(by)}; the test images played no part in this choice."
    )


def _labels(summary: Mapping[str, Any]) -> list[str]:
    """Says which labels networks were trained on, if they are soft."""
    evaluation = (summary.get("config") or {}).get("evaluation") or {}
    taught = evaluation.get("labels") == "teacher"
    real = "the probabilities that a network of all real images gives them"
    temperature = f" at temperature {evaluation.get('temperature', 1):g}"
    if summary.get("labels") == "teacher":
        sentence = f"The labels of distilled, random and k-center images are {real}{temperature}"
    elif summary.get("labels") == "learned":
        theirs = f"{real}{temperature}" if taught else "classes, so only hard labels compare alike"
        sentence = (
            "The distilled images have soft labels, which were learned with them. The labels of "
            f"random and k-center images are {theirs}"
        )
    else:
        return []
    return [f"{sentence}. Rows with hard labels are of networks trained on one class per image."]


def _spread(summary: Mapping[str, Any], test: Mapping[str, Any]) -> list[str]:
    """Says what stands beside the means of a table."""
    counts = {entry.get("n") for entry in test.values() if entry.get("n")}
    if len(counts) != 1:
        return []
    (count,) = counts
    if "seeds" not in summary:
        if count == 1:
            return ["Each value comes from a single network, so differences may be due to chance."]
        return [
            f"Values are means ± standard deviations over {count} networks trained from scratch."
        ]
    if count == 1:
        return ["Values are means over the networks of one seed, so they have no interval."]
    name = summary.get("compared_by") or "balanced_accuracy"
    seeds, networks = ((test.get(name) or {}).get(f"between_{x}_std") for x in ("seed", "network"))
    lines = [
        f"Values are means over {count} seeds with 95 % intervals [low, high]; each seed has its "
        "own distilled images, random images and networks.",
        "Differences are paired by seed. The distilled set beats another or is below it if the "
        "interval excludes zero; otherwise a difference is not shown.",
        "The whole training set is, in each seed, the better on val of all images as they are and "
        "with balanced classes.",
    ]
    if seeds is not None and networks is not None:
        lines.append(
            f"The standard deviation of {table.metric_name(name)} between seeds is "
            f"{100 * seeds:.1f} points, between networks of one seed {100 * networks:.1f} points."
        )
    return lines


def _num_random(summary: Mapping[str, Any]) -> int:
    return sum(summary.get("baseline_ipc") or []) or summary["num_images"]


def _scarce(summary: Mapping[str, Any]) -> list[str]:
    """Says of which classes there are more synthetic images than real ones to compare them with."""
    held, ipc = summary.get("baseline_ipc") or [], summary.get("ipc")
    wanted = [ipc] * len(held) if isinstance(ipc, int) else ipc or []
    names = [*((summary.get("data") or {}).get("classes") or []), "no finding"]
    rows = zip(names, held, wanted, strict=False)  # only findings have that last group
    few = [f"{name} ({real} for {synthetic})" for name, real, synthetic in rows if real < synthetic]
    if not few:
        return []
    return [
        "The training set has fewer images than there are synthetic ones of "
        f"{', '.join(few)}: random and k-center are all that it has."
    ]


def _mean(metrics: Mapping[str, Any] | None, metric: str | None) -> float | None:
    return ((metrics or {}).get(metric) or {}).get("mean")


def _value(metrics: Mapping[str, Any], metric: str, *, explained: bool = False) -> str:
    entry = metrics[metric]
    scale, digits, unit = (100, 1, " %") if table.is_percentage(metric) else (1, 2, "")
    text, spreads = f"{scale * entry['mean']:.{digits}f}{unit}", []
    low, high = entry.get("interval") or (None, None)
    if low is not None and high is not None:
        return f"{text} (95 % interval {scale * low:.{digits}f} to {scale * high:.{digits}f})"
    over_images = table.image_range(metrics, metric, digits=digits)
    if entry.get("std") is not None and entry.get("n") != 1:
        spread = f"±{scale * entry['std']:.{digits}f}"
        if not float(spread[1:]):  # a spread below the last digit is small, not zero
            spread = f"±{scale * entry['std']:.1g}"
        spreads.append(f"{spread} over networks" if explained and over_images else spread)
    if over_images:
        spreads.append(f"{over_images} over test images" if explained else over_images)
    return f"{text} ({'; '.join(spreads)})" if spreads else text
