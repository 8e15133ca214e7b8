"""Tables of several seeds: every training set of a data set beside the best random images.

All ends are 95 % intervals over seeds, and differences are paired by seed.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from medjax import evaluate
from medjax.run.report import metric_name
from medjax.run.report.seeds_table import difference_text

METRICS = ("auroc", "balanced_accuracy")
BASELINES = {
    "random": "random",
    "random_selected": "best random",
    "random_mixed": "random, as patches",
    "random_mixed_selected": "best random, as patches",
    "kcenter": "k-center",
}
# Random images in the form of a set, with which the verdicts compare it.
COMPARED = ("random", "random_selected", "random_mixed_selected")
WHOLE = {"whole": "all images", "whole_balanced": "all images, balanced"}
# Chosen without the val split and under the recipe of DM, whose baselines they are compared with.
CORE_SETS = ("herding", "kcenter")
ORDER = ("herding", "rded", "dm", "dsa", "dc", "mtt", "idm", "ncfm", "datm", "hoptm", "idc", "auto")
_LEVEL = 0.05
_REFERENCES = ("DM", "DM, 4 patches")
Summary = Mapping[str, Any]
Scores = Mapping[str, Mapping[str, Any]]


class Set(NamedTuple):
    """A training set, and what it is compared with.

    Attributes:
      name: in the table.
      scores: ``{metric: {"mean", "interval", "values"}}`` on test.
      baselines: the scores of random images under the same recipe, by ``random`` and
        ``random_selected``, and where images store patches by ``random_mixed_selected``.
      seeds: of its runs; none of random and all images.
      draws: how many random subsets the best random one was chosen from.
      cost: seconds of distilling one set and, where it was measured, the peak memory.
    """

    name: str
    scores: Scores
    baselines: Mapping[str, Scores]
    seeds: tuple[int, ...] = ()
    draws: int | None = None
    cost: str = ""


def by_data(summaries: Iterable[Summary]) -> dict[str, list[Summary]]:
    """Groups summaries over seeds by data set and size, methods in the order of tables."""
    found: dict[str, list[Summary]] = {}
    for summary in sorted(summaries, key=lambda summary: ORDER.index(summary["method"])):
        found.setdefault(f"{summary['dataset']}, ipc {summary['ipc']}", []).append(summary)
    return found


def sets_of(summaries: Sequence[Summary]) -> list[Set]:
    """Returns the training sets of one data set.

    Args:
      summaries: the content of ``summary.json`` over seeds of each method. Baselines are those of
        the first method that is no core-set, those of patches of the first that stores them, and
        only the same seeds are compared.
    """
    first = next((s for s in summaries if s["method"] not in CORE_SETS), summaries[0])
    patches = next((s["baselines"] for s in summaries if "random_mixed" in s["baselines"]), {})
    shared = {**patches, **first["baselines"]}
    made = [Set(shown, shared[name], shared) for name, shown in BASELINES.items() if name in shared]
    for summary in summaries:
        same = summary["method"] in CORE_SETS and summary["seeds"] == first["seeds"]
        own = first if same else summary
        baselines = shared if same else summary["baselines"]
        facts = tuple(summary["seeds"]), draws_of(own), cost_of(summary)
        made.append(Set(name_of(summary), summary["test"], baselines, *facts))
    made += [Set(shown, shared[name], {}) for name, shown in WHOLE.items() if name in shared]
    return made


def name_of(summary: Summary) -> str:
    """Returns the name of a training set: its method, and what is unusual about its images."""
    decoded, stored = summary.get("num_decoded"), summary.get("num_images")
    patches = f", {decoded // stored} patches" if decoded and decoded != stored else ""
    labels = summary.get("labels", "hard")
    return summary["method"].upper() + patches + ("" if labels == "hard" else f", {labels} labels")


def draws_of(summary: Summary) -> int | None:
    """Returns how many random subsets the best one was chosen from."""
    facts = summary.get("baseline_facts") or {}
    draws: int | None = facts.get("random_selected", {}).get("draws")
    return draws


def cost_of(summary: Summary) -> str:
    """Returns what one set took, as a table says it."""
    time = summary.get("time", {})
    # Without its own part, selecting counts as distilling.
    seconds = time.get("distill_s") if "select_s" in time else None
    cost = "" if seconds is None else f"{seconds / len(summary['seeds']):.0f} s"
    return f"{cost}, {summary['plan']['peak_mib']:.0f} MiB" if "plan" in summary else cost


def difference(ours: Scores, theirs: Scores, metric: str) -> dict[str, Any]:
    """Returns ``{"mean", "interval", "verdict"}`` of a difference, paired by seed."""
    found = evaluate.paired_interval(_by_seed(ours[metric]), _by_seed(theirs[metric]))
    ends = [found.low, found.high]
    return {"mean": found.mean, "interval": ends, "verdict": evaluate.verdict(found)}


def scores_markdown(sets: Sequence[Set]) -> str:
    """Formats the scores on test, and the differences to the best random images."""
    heads = [text for m in METRICS for text in (metric_name(m), "minus best random")]
    heads += ["best random of", "distilling"]
    lines = [f"| | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for one in sets:
        cells = [text for metric in METRICS for text in _cells(one, metric)]
        cells += [str(one.draws or ""), one.cost]
        lines.append(f"| {' | '.join([one.name, *cells])} |")
    return "\n".join(lines) + "\n"


def methods_markdown(sets: Sequence[Set]) -> str:
    """Formats the differences of methods to DM of the same seeds, in either form of its images.

    Returns:
      A table; empty where DM or other methods are missing.
    """
    methods = [one for one in sets if one.draws]
    references = [one for one in methods if one.name in _REFERENCES]
    pairs = [(metric, reference) for reference in references for metric in METRICS]
    heads = [f"{metric_name(metric)}, minus {reference.name}" for metric, reference in pairs]
    lines = [f"| | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for one in methods:
        cells = [_against(one, reference, metric) for metric, reference in pairs]
        if any(cells):
            lines.append(f"| {' | '.join([one.name, *cells])} |")
    return "\n".join(lines) + "\n" if len(lines) > 2 else ""


def verdicts_markdown(data: Mapping[str, Sequence[Set]]) -> str:
    """Counts the data sets on which a training set beats random images, by its interval."""
    found = {name for sets in data.values() for one in sets for name in one.baselines}
    pairs = [(metric, name) for metric in METRICS for name in COMPARED if name in found]
    heads = [f"{metric_name(metric)}, {BASELINES[name]}" for metric, name in pairs]
    lines = [f"| | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    names = dict.fromkeys(one.name for sets in data.values() for one in sets if one.baselines)
    for name in names:
        own = [one for sets in data.values() for one in sets if one.name == name]
        cells = [_count(own, *pair) for pair in pairs]
        lines.append(f"| {' | '.join([name, *cells])} |")
    return "\n".join(lines) + "\n"


def discoveries(data: Mapping[str, Sequence[Set]], metric: str) -> tuple[int, int, int]:
    """Counts the methods and sets that beat the best random images, one by one and together.

    Args:
      data: the training sets of each data set, of which the methods count and random ones do not.
      metric: of the differences.

    Returns:
      As ``discovered``.
    """
    return discovered(
        np.subtract(
            _by_seed(one.scores[metric]), _by_seed(one.baselines["random_selected"][metric])
        )
        for sets in data.values()
        for one in sets
        if one.draws and metric in one.scores and _differs(one, "random_selected")
    )


def discovered(gaps: Iterable[np.ndarray]) -> tuple[int, int, int]:
    """Counts the differences that are above zero, one by one and together.

    Args:
      gaps: the differences by seed of each comparison.

    Returns:
      The number of comparisons; of those whose interval is above zero; and of these, those that
      remain when a share of at most 5 % of what is shown may be by chance (Benjamini and Hochberg
      1995, paired t tests, two-sided).
    """
    gaps = list(gaps)
    if not gaps:
        return 0, 0, 0
    verdicts = [evaluate.verdict(evaluate.mean_interval(gap)) for gap in gaps]
    # Equal differences and those of one seed have no t test; what is not shown counts as p = 1.
    shown = [verdict in ("beats", "is below") for verdict in verdicts]
    tested = zip(gaps, shown, strict=True)
    p = [stats.ttest_1samp(gap, 0).pvalue if known else 1.0 for gap, known in tested]
    beats = np.array([verdict == "beats" for verdict in verdicts])
    left = beats & (stats.false_discovery_control(p) <= _LEVEL)
    return len(gaps), int(beats.sum()), int(left.sum())


def _cells(one: Set, metric: str) -> tuple[str, str]:
    if metric not in one.scores:
        return "–", "–"
    scale, digits = (1, 3) if metric == "auroc" else (100, 1)
    entry = one.scores[metric]
    mean, low, high = (f"{scale * x:.{digits}f}" for x in (entry["mean"], *entry["interval"]))
    if not _differs(one, "random_selected"):
        return f"{mean} [{low}, {high}]", ""
    gap = _gap_text(one.scores, one.baselines["random_selected"], metric)
    return f"{mean} [{low}, {high}]", gap


def _against(one: Set, reference: Set, metric: str) -> str:
    if one is reference or one.seeds != reference.seeds:
        return ""
    if metric not in one.scores or metric not in reference.scores:
        return "–"
    return _gap_text(one.scores, reference.scores, metric)


def _gap_text(ours: Scores, theirs: Scores, metric: str) -> str:
    gap = difference(ours, theirs, metric)
    return f"{gap['verdict']} {difference_text(gap, metric)}"


def _differs(one: Set, name: str) -> bool:
    """Returns whether a set can be compared with a baseline, which is not the set itself."""
    return one.baselines.get(name, one.scores) is not one.scores


def _count(sets: Sequence[Set], metric: str, name: str) -> str:
    sets = [one for one in sets if _differs(one, name)]
    found = [difference(one.scores, one.baselines[name], metric)["verdict"] for one in sets]
    if not found:
        return ""
    below = found.count("is below")
    return f"{found.count('beats')} of {len(found)}" + (f", below on {below}" if below else "")


def _by_seed(entry: Mapping[str, Any]) -> list[float]:
    return [sum(row) / len(row) for row in entry["values"]]
