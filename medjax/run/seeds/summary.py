"""The summary of several seeds: means, both spreads and intervals of what their runs reached."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from medjax import evaluate
from medjax.run.judging.differences import differences
from medjax.run.metrics import jsonable

# Equal for all seeds, because the settings and the data are.
_SHARED = (
    "method",
    "dataset",
    "ipc",
    "init",
    "labels",
    "num_images",
    "num_decoded",
    "stored_bytes",
    "num_train",
    "baseline_ipc",
    "iterations",
    "select_by",
    "absent_classes",
    "headline",
    "compared_by",
    "data",
    "recipe",
)
_BY_SEED = ("selected_step", "step_size", "step_size_last", "hlr_whole")
_SCORES = ("val", "test", "val_last", "test_last", "val_hard", "test_hard")
_BASELINES = ("baselines", "baselines_val")


def summarise_seeds(
    runs: Mapping[str, Mapping[str, Any]], *, seed: int, seeds: Sequence[int]
) -> dict[str, Any]:
    """Summarises finished runs of the same settings and data that differ in the seed.

    Args:
      runs: the content of ``summary.json`` of each seed by the name of its folder, at least one.
      seed: that of the config of all.
      seeds: that of the config of all.

    Returns:
      The content of ``summary.json`` over seeds, as JSON holds it. A metric is ``{"mean",
      "between_seed_std", "between_network_std", "interval", "n", "values", "diverged"}``:
      ``interval`` is the 95 % interval ``[low, high]`` of the mean over ``n`` seeds, ``values`` are
      ``[seeds, networks]``, of which ``diverged`` networks count as guessing, and what one seed
      cannot tell is ``None``. See ``evaluate.two_level``. ``learners`` is there if the runs have
      it, each with its ``difference`` paired by seed.
    """
    seed_runs, runs = [*runs], [*runs.values()]
    first = runs[0]
    learners = _each([run.get("learners") for run in runs], _learner)
    return jsonable(
        {
            **{name: first[name] for name in _SHARED if name in first},
            "seeds": [run["seed"] for run in runs],
            "seed_runs": seed_runs,
            **{name: [run.get(name) for run in runs] for name in _BY_SEED},
            **{name: _over_seeds([run.get(name) for run in runs]) for name in _SCORES},
            **{name: _each([run.get(name) for run in runs], _over_seeds) for name in _BASELINES},
            "baseline_facts": _each([run.get("baseline_facts") for run in runs], _equal),
            **({"learners": learners} if learners else {}),
            "differences": differences(runs),
            "time": _each([run["time"] for run in runs], sum),
            "device": _distinct(run["device"] for run in runs),
            "config": {**first["config"], "seed": seed, "seeds": seeds},
            "versions": _distinct(run["versions"] for run in runs),
        }
    )


def _each(parts: Sequence[Mapping[str, Any] | None], join: Any) -> dict[str, Any] | None:
    """Joins what all parts have under the same name; ``None`` if a part is missing."""
    present = [part for part in parts if part is not None]
    if len(present) < len(parts):
        return None
    names = [name for name in present[0] if all(name in part for part in present)]
    return {name: join([part[name] for part in present]) for name in names}


def _over_seeds(scores: Sequence[Mapping[str, Any] | None]) -> dict[str, Any] | None:
    return _each(scores, _metric)


def _metric(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    values = [entry.get("values") or [entry["mean"]] for entry in entries]
    if len({len(row) for row in values}) > 1:  # older runs have means alone
        values = [[entry["mean"]] for entry in entries]
    found = evaluate.two_level(values)
    return {
        "mean": found.interval.mean,
        "between_seed_std": found.seed_std,
        "between_network_std": found.network_std,
        "interval": [found.interval.low, found.interval.high],
        "n": found.interval.n,
        "values": values,
        "diverged": sum(entry.get("diverged") or 0 for entry in entries),
    }


def _learner(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Returns what ``judge_learners`` would, with intervals over seeds."""
    sides = {side: _each([one[side] for one in found], _over_seeds) for side in ("set", "random")}
    metric = found[0]["difference"]["metric"]
    ours, theirs = ([one[side]["test"][metric]["mean"] for one in found] for side in sides)
    difference = evaluate.paired_interval(ours, theirs)
    return {
        **sides,
        "difference": {"metric": metric, **difference._asdict()},
        "verdict": evaluate.verdict(difference),
    }


def _equal(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Returns the facts that are equal in all parts, such as the number of random subsets."""
    shared = [name for name in parts[0] if all(p.get(name) == parts[0][name] for p in parts)]
    return {name: parts[0][name] for name in shared}


def _distinct(values: Iterable[Any]) -> Any:
    """Returns the value of all seeds, or a list of those that differ."""
    found: list[Any] = []
    for value in values:
        if value not in found:
            found.append(value)
    return found[0] if len(found) == 1 else found
