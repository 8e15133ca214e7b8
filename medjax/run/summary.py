"""The results of a finished run: its images, its scores beside the baselines, its summary."""

import json
import logging
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

import medjax
from medjax import coreset, data, evaluate, methods
from medjax.data.pictures.sources import PREFIXES
from medjax.errors import UserError
from medjax.run import datasets
from medjax.run.binding import binding, other_data
from medjax.run.judging import Judgement
from medjax.run.judging.differences import differences
from medjax.run.metrics import read_metrics, write_json
from medjax.run.report import write_report
from medjax.run.settings import Settings
from medjax.run.setup import Experiment
from medjax.run.state import Candidate
from medjax.types import Array

_log = logging.getLogger("medjax")


def summarise(
    experiment: Experiment,
    selected: Candidate,
    last: Candidate,
    judgement: Judgement,
    *,
    seconds: Mapping[str, float],
    commit: str | None,
) -> dict[str, Any]:
    """Describes a run and its results.

    Args:
      experiment: the experiment of the run.
      selected: the images with the best score on val or, without a val split, the last ones.
      last: the images of the last iteration.
      judgement: their scores and those of the baselines.
      seconds: those of the parts of the run, see ``Stopwatch.seconds``.
      commit: the commit at the start of the process, see ``commit_of_code``.

    Returns:
      The content of ``summary.json``.
    """
    settings, results = experiment.settings, _results(experiment, judgement)
    return {
        **_description(experiment, selected, last),
        **results,
        "differences": differences([results]),
        "time": dict(seconds),
        "device": _device(experiment),
        "data": _provenance(experiment),
        "recipe": vars(experiment.recipe_for(None)),
        "config": dict(settings.config),
        "versions": {
            "medjax": medjax.__version__,
            "jax": jax.__version__,
            "numpy": np.__version__,
            "commit": commit,
        },
    }


def write_images(folder: Path, experiment: Experiment, selected: Candidate) -> None:
    """Writes the selected images to ``synthetic.npz`` in a folder, as networks train on them."""
    mean, std = experiment.pixel_stats
    decoded = experiment.decode(selected.stored)
    data.save_synthetic(
        folder / "synthetic.npz",
        decoded,
        stored=None if len(decoded.labels) == len(selected.labels) else selected.images,
        mean=mean,
        std=std,
        step_size=_number(selected.step_size),
        whitening=experiment.whitening,
        preparation=str(experiment.dataset.preparation),
    )


def write(
    folder: Path, summary: Mapping[str, Any], experiment: Experiment, selected: Candidate
) -> None:
    """Writes ``report.html`` and then ``summary.json``, whose presence means "finished".

    The folder contains ``metrics.jsonl``; the report shows the selected images.
    """
    pixels = experiment.to_pixels(selected.images)
    labels = np.asarray(experiment.classes(selected.labels))
    history = read_metrics(folder / "metrics.jsonl")
    write_report(folder / "report.html", summary, images=pixels, labels=labels, history=history)
    write_json(folder / "summary.json", summary)


def read_summary(path: Path) -> dict[str, Any] | None:
    """Returns the content of ``summary.json``, ``None`` if the file is missing or invalid."""
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
        return summary if isinstance(summary["config"], dict) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def read_finished(settings: Settings, workdir: Path) -> dict[str, Any] | None:
    """Returns the summary in a workdir if its run is finished and has these settings.

    Raises:
      UserError: if the data has changed since. Data that is not there is not compared, with a line.
    """
    summary = read_summary(workdir / "summary.json")
    if summary is None or binding(summary["config"]) != binding(settings.config):
        return None
    try:
        data.load_synthetic(workdir / "synthetic.npz")
    except UserError:  # missing or damaged; the last checkpoint has the images
        return None
    _check_same_data(summary, settings, workdir)
    return summary


def _check_same_data(summary: Mapping[str, Any], settings: Settings, workdir: Path) -> None:
    name, before = settings.data.name, (summary.get("data") or {}).get("digest")
    if name in data.EMBEDDED or before is None:
        return
    if name.startswith(PREFIXES):
        _log.info(
            "%s is a finished run; looks whether the pictures of %s have changed", workdir, name
        )
    now = datasets.digest(settings.data)
    if now is None:
        _log.warning("%s is a finished run; %s is not there to be compared", workdir, name)
    elif now != before:
        raise other_data(f"{workdir} is a finished run", name, before, now)


def _description(experiment: Experiment, selected: Candidate, last: Candidate) -> dict[str, Any]:
    """Describes the distilled images, their method and the selected step."""
    settings, dataset, ipc = experiment.settings, experiment.dataset, experiment.ipc
    return {
        "method": settings.method,
        "dataset": dataset.info.name,
        "ipc": list(ipc) if isinstance(ipc, tuple) else ipc,
        "seed": settings.seed,
        "init": settings.distill.get("init", methods.real_parts(settings.method)),
        "labels": experiment.labels,
        "num_images": len(selected.labels),
        "num_decoded": len(experiment.distiller.decode(selected.stored).labels),
        "stored_bytes": selected.images.size,
        "num_train": len(dataset.train),
        "baseline_ipc": coreset.at_most(dataset.train.labels, ipc),
        "iterations": settings.iterations,
        "selected_step": int(selected.step),
        "step_size": _number(selected.step_size),
        "step_size_last": _number(last.step_size),
        "select_by": settings.evaluation.select_by if dataset.val is not None else None,
    }


def _results(experiment: Experiment, judgement: Judgement) -> dict[str, Any]:
    """Collects and compares the scores of the images and of the baselines."""
    dataset, scores = experiment.dataset, judgement.selected
    has_val, multi_label = dataset.val is not None, dataset.train.labels.ndim == 2
    # Where findings are rare, all networks predict alike at 0.5, but they rank differently.
    compared_by = "auroc" if multi_label else "balanced_accuracy"
    made = judgement.baselines
    compared = {name: b.scores["test"][compared_by]["mean"] for name, b in made.items()}
    reached = scores["test"][compared_by]["mean"]
    # How much of the whole set is recovered is a question of equal labels.
    hard = (judgement.hard or scores)["test"][compared_by]["mean"]
    whole = evaluate.better_whole(made, by=compared_by)
    selected = compared.get("random_selected")
    return {
        "val": scores.get("val"),
        "test": scores["test"],
        "val_last": judgement.last.get("val"),
        "test_last": judgement.last["test"],
        "val_hard": (judgement.hard or {}).get("val"),
        "test_hard": (judgement.hard or {}).get("test"),
        "baselines": {name: b.scores["test"] for name, b in made.items()},
        "baselines_val": {name: b.scores["val"] for name, b in made.items()} if has_val else None,
        "baseline_facts": {name: b.facts for name, b in made.items() if b.facts},
        "absent_classes": data.absent_classes(
            datasets.scored_splits(dataset), dataset.info.classes
        ),
        "headline": evaluate.headline(dataset.train.labels, task=dataset.info.task),
        "compared_by": compared_by,
        "ior": evaluate.ior(reached, compared["random"]),
        "ior_selected": None if selected is None else evaluate.ior(reached, selected),
        "hlr": evaluate.hlr(compared[whole], hard),
        "hlr_whole": whole,
        **({"learners": judgement.learners} if judgement.learners else {}),
    }


def _number(array: Array | None) -> float | None:
    return None if array is None else float(array)


def _device(experiment: Experiment) -> dict[str, Any]:
    device, mesh = jax.devices()[0], experiment.mesh
    layout = {axis: size for axis, size in mesh.shape.items() if size > 1} if mesh else {}
    count = mesh.size if mesh else 1
    kind = {"platform": device.platform, "kind": device.device_kind}
    return {**kind, "count": count, "mesh": layout}


def _provenance(experiment: Experiment) -> dict[str, Any]:
    dataset, (mean, std) = experiment.dataset, experiment.pixel_stats
    info, whitening = dataset.info, experiment.whitening
    groups = data.group_indices(dataset.train.labels, num_classes=dataset.num_classes)
    return {
        "source": info.source,
        "digest": info.digest,
        "official_digest": info.official_digest,
        "licence": info.licence,
        "task": info.task,
        "classes": list(info.classes),
        "counts": {name: len(split) for name, split in dataset.splits.items()},
        "smallest_group": min(len(rows) for rows in groups if len(rows)),
        "left_out": [{"name": name, "reason": reason} for name, reason in info.skipped],
        "cut": info.cut,
        "patients": experiment.checked["patients"],
        "warnings": experiment.checked["warnings"],
        "mean": mean,
        "std": std,
        "preparation": dataset.preparation.listed(),
        "zca": whitening.zca if whitening else None,
    }


def commit_of_code() -> str | None:
    """Returns the commit of the checkout at this moment; ``None`` for an installed package."""
    command = ["git", "-C", str(Path(medjax.__file__).parent), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
