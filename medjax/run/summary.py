"""What a finished run says: its scores beside the baselines', its summary, report and table."""

import json
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

import medjax
from medjax import data, evaluate
from medjax.run.metrics import read_metrics, write_json
from medjax.run.report import write_report
from medjax.run.setup import Experiment
from medjax.types import SyntheticSet


class Made(NamedTuple):
    """What a finished run made.

    Attributes:
      selected: the synthetic set that did best on val, or the last; normalised.
      selected_step: the iterations after which it stood.
      last: that of the last iteration.
      selected_step_size: the learning rate learned with the selected images, if one is.
      last_step_size: with the last.
    """

    selected: SyntheticSet
    selected_step: int
    last: SyntheticSet
    selected_step_size: float | None = None
    last_step_size: float | None = None


def summarise(
    experiment: Experiment,
    config: Mapping[str, Any],
    made: Made,
    *,
    distill_seconds: float,
    commit: str | None,
) -> dict[str, Any]:
    """Scores the images on test, once, beside the baselines.

    Args:
      experiment: what the run worked with.
      config: its settings.
      made: what it made.
      distill_seconds: what distilling and selecting took.
      commit: of the code that the process began with, see ``commit_of_code``.

    Returns:
      The content of ``summary.json``.
    """
    evaluation, dataset = config["evaluation"], experiment.dataset
    start = time.perf_counter()

    def score(candidate, step_size):
        return evaluate.evaluate_set(
            experiment.keys["final"],
            experiment.net,
            *candidate,
            experiment.benchmark,
            recipe=experiment.recipe_for(step_size),
            num_networks=evaluation["networks"],
        )

    selected = score(made.selected, made.selected_step_size)
    is_last = made.selected_step == config["iterations"]
    last = selected if is_last else score(made.last, made.last_step_size)
    evaluate_seconds = time.perf_counter() - start
    baselines = evaluate.score_baselines(
        experiment.keys["final"],
        experiment.net,
        dataset.train,
        experiment.benchmark,
        ipc=experiment.ipc,
        recipe=experiment.recipe,
        whole_epochs=evaluation["whole_epochs"],
        num_networks=evaluation["networks"],
    )
    total = time.perf_counter() - start
    multi_label = dataset.train.labels.ndim == 2
    # Where findings are rare all networks predict alike at 0.5, but do not rank alike.
    compared_by = "auroc" if multi_label else "balanced_accuracy"
    compared = {name: scores["test"][compared_by]["mean"] for name, scores in baselines.items()}
    reached = selected["test"][compared_by]["mean"]
    has_val = dataset.val is not None
    return {
        "method": config["method"],
        "dataset": dataset.info.name,
        "ipc": list(experiment.ipc) if isinstance(experiment.ipc, tuple) else experiment.ipc,
        "seed": config["seed"],
        "init": config["distill"].get("init", "coreset"),
        "num_images": len(made.selected.labels),
        "num_train": len(dataset.train),
        "iterations": config["iterations"],
        "selected_step": made.selected_step,
        "step_size": made.selected_step_size,
        "step_size_last": made.last_step_size,
        "select_by": evaluation["select_by"] if has_val else None,
        "val": selected.get("val"),
        "test": selected["test"],
        "val_last": last.get("val"),
        "test_last": last["test"],
        "baselines": {name: scores["test"] for name, scores in baselines.items()},
        "baselines_val": {name: s["val"] for name, s in baselines.items()} if has_val else None,
        "headline": evaluate.headline(dataset.train.labels, task=dataset.info.task),
        "compared_by": compared_by,
        "ior": evaluate.ior(reached, compared["random"]),
        "hlr": evaluate.hlr(compared["whole"], reached),
        "time": {
            "distill_s": distill_seconds,
            "evaluate_s": evaluate_seconds,
            "baselines_s": total - evaluate_seconds,
            "total_s": distill_seconds + total,
        },
        "device": _device(experiment),
        "data": _provenance(experiment),
        "recipe": vars(experiment.recipe),
        "config": dict(config),
        "versions": {
            "medjax": medjax.__version__,
            "jax": jax.__version__,
            "numpy": np.__version__,
            "commit": commit,
        },
    }


def write(
    workdir: Path, summary: Mapping[str, Any], images: np.ndarray, labels: np.ndarray
) -> None:
    """Writes ``report.html`` and, last of all, ``summary.json``: its presence means "finished".

    Args:
      workdir: the run's folder, with ``metrics.jsonl`` in it.
      summary: from ``summarise``.
      images: float32 ``[n, h, w, c]``, the selected images in pixel units.
      labels: int ``[n]``.
    """
    history = read_metrics(workdir / "metrics.jsonl")
    write_report(workdir / "report.html", summary, images=images, labels=labels, history=history)
    write_json(workdir / "summary.json", summary)


def read_finished(
    config: Mapping[str, Any], workdir: Path, *, free: Sequence[str]
) -> dict[str, Any] | None:
    """The summary of a run that is already there, finished, with the same settings.

    Args:
      config: the settings.
      workdir: the run's folder.
      free: dotted names of settings that may differ; a name frees all below it.

    Returns:
      The content of ``summary.json``, or ``None``.
    """
    try:
        summary = json.loads((workdir / "summary.json").read_text())
    except (OSError, ValueError):
        return None
    same = _binding(summary.get("config", {}), free) == _binding(config, free)
    return summary if same and (workdir / "synthetic.npz").exists() else None


def _binding(config: Mapping[str, Any], free: Sequence[str], prefix: str = "") -> dict[str, Any]:
    """The settings that a result depends on."""
    return {
        key: _binding(value, free, f"{prefix}{key}.") if isinstance(value, dict) else value
        for key, value in config.items()
        if prefix + key not in free
    }


def _device(experiment: Experiment) -> dict[str, Any]:
    device, mesh = jax.devices()[0], experiment.mesh
    layout = {axis: size for axis, size in mesh.shape.items() if size > 1} if mesh else {}
    count = mesh.size if mesh else 1
    return {
        "platform": device.platform,
        "kind": device.device_kind,
        "count": count,
        "mesh": layout,
    }


def _provenance(experiment: Experiment) -> dict[str, Any]:
    dataset, (mean, std) = experiment.dataset, experiment.pixel_stats
    info, whitening = dataset.info, experiment.whitening
    splits = {"train": dataset.train, "val": dataset.val, "test": dataset.test}
    return {
        "source": info.source,
        "digest": info.digest,
        "official_digest": info.official_digest,
        "licence": info.licence,
        "task": info.task,
        "classes": list(info.classes),
        "counts": {name: len(split) for name, split in splits.items() if split is not None},
        "left_out": [{"name": name, "reason": reason} for name, reason in info.left_out],
        "mean": mean,
        "std": std,
        "preparation": data.parse_preparation(dataset.preparation).listed(),
        "zca": whitening.zca if whitening else None,
    }


def commit_of_code() -> str | None:
    """The commit of the checkout that the code is from, now: it may move on while the code runs.

    Returns:
      The commit, or ``None`` for an installed package.
    """
    here = Path(medjax.__file__).parent
    command = ["git", "-C", str(here), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
