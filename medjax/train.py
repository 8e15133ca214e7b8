"""One distillation run: distil, select and save as one goes, judge at the end."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from medjax import data, io, methods, outcome, share
from medjax.errors import RunError, UserError
from medjax.experiment import Experiment, make_experiment
from medjax.methods import DistillState
from medjax.selection import Best, nothing_yet, select
from medjax.types import Array, SyntheticSet

# Settings that change where things are or what is shown, but no number of the result.
_FREE = (
    "checkpoint",
    "data.cache",
    "data.download",
    "data.root",
    "data.stream_above_gib",
    "log_every",
)


class _Saved(NamedTuple):
    """What a checkpoint holds."""

    state: DistillState
    best: Best


def distill(config: Mapping[str, Any], workdir: str | Path) -> dict[str, Any]:
    """Runs, or goes on with, one distillation.

    Args:
      config: settings as ``medjax.config.defaults`` has them, as nested dicts.
      workdir: the run's folder. A run in it with the same settings is gone on with from its last
        checkpoint; a finished one is only read.

    Returns:
      The content of ``summary.json``.

    Raises:
      UserError: for whatever a user can get wrong; nothing is written to the workdir then.
      RunError: if the loss or the pixels stop being finite; the last checkpoint stays usable.
    """
    if ":/" in str(workdir):  # as of gs://bucket, in which a Path has joined the slashes
        raise UserError(f"workdir must be a folder of this machine, got {workdir}")
    workdir, config = Path(workdir), io.jsonable(config)
    finished = outcome.read_finished(config, workdir, free=_FREE)
    if finished is not None:
        return finished
    start = time.perf_counter()
    experiment = make_experiment(config)
    saved = _run(experiment, config, workdir)
    best, last = saved.best, saved.state
    mean, std = experiment.benchmark.stats
    synthetic = SyntheticSet(best.images, last.labels)
    share.save_synthetic(workdir / "synthetic.npz", synthetic, mean=mean, std=std)
    images = outcome.Images(best.images, int(best.step), last.images, last.labels)
    seconds = time.perf_counter() - start
    summary = outcome.summarise(experiment, config, images, distill_seconds=seconds)
    pixels = _pixels(experiment, best.images)
    outcome.write(workdir, summary, pixels, np.asarray(last.labels))
    return summary


def _run(experiment: Experiment, config: dict[str, Any], workdir: Path) -> _Saved:
    """The loop: chunks of iterations, each one compiled call, between the points of interest."""
    key, real = experiment.keys["distill"], experiment.real
    state = experiment.distiller.init(key, real)
    saved = _Saved(state, nothing_yet(state))
    total, evaluate_every = config["iterations"], config["evaluation"]["every"]
    save_every = config["checkpoint"]["every"] or evaluate_every
    tied_to = {**config, "data_digest": experiment.dataset.info.digest}
    with (
        io.Checkpoints(workdir / "checkpoints", keep=config["checkpoint"]["keep"]) as checkpoints,
        io.MetricsWriter(workdir / "metrics.jsonl") as metrics,
    ):
        step, saved = checkpoints.restore(saved, config=tied_to, free=_FREE) or (0, saved)
        metrics.truncate_after(step or -1)
        with io.Progress(total, done=step) as progress:
            if step:
                progress.note(f"going on from step {step}")
            while step < total:
                chunk = _until_next(step, total, config["log_every"], evaluate_every, save_every)
                methods.read_ahead(key, experiment.distiller, real, step=step, num_steps=chunk)
                state, info = experiment.distiller.step(key, saved.state, real, chunk)
                _check_finite(int(info.bad_step), step, workdir)
                step, saved = step + chunk, saved._replace(state=state)
                loss = float(info.loss)
                metrics.write(step, {"loss": loss})
                progress.update(step, loss=loss, real_images=int(info.real_images))
                if step % evaluate_every == 0 or step == total:
                    best, scores = select(experiment, config["evaluation"], state, saved.best)
                    saved = saved._replace(best=best)
                    if scores:
                        metrics.write(step, scores)
                    progress.note(_sentence(step, scores))
                    _save_grid(workdir, experiment, step, saved.state)
                if step % save_every == 0 or step == total:
                    checkpoints.save(step, saved, config=tied_to)
                progress.restart_clock()
    return saved


def _until_next(step: int, total: int, *periods: int) -> int:
    """Iterations from ``step`` to the next multiple of any period, or the end."""
    return min(total - step, *(period - step % period for period in periods))


def _check_finite(bad_step: int, chunk_start: int, workdir: Path) -> None:
    if bad_step >= 0:
        raise RunError(
            f"loss or pixels are not finite at iteration {bad_step} (all was well at "
            f"{chunk_start}); "
            f"the checkpoints in {workdir / 'checkpoints'} are from before; "
            "lower distill.learning_rate and use another workdir"
        )


def _pixels(experiment: Experiment, images: Array) -> np.ndarray:
    """Normalised images in pixel units, 0–1 nominal."""
    return np.asarray(data.denormalize(images, *experiment.benchmark.stats))


def _save_grid(workdir: Path, experiment: Experiment, step: int, state: DistillState) -> None:
    grid = io.image_grid(_pixels(experiment, state.images), np.asarray(state.labels))
    io.save_png(workdir / "images" / f"step_{step:06d}.png", grid)


def _sentence(step: int, scores: Mapping[str, float]) -> str:
    shown = ("accuracy", "balanced_accuracy", "auroc")
    parts = [f"{name} {scores[f'val_{name}']:.3f}" for name in shown if f"val_{name}" in scores]
    return f"step {step}: " + (f"val {', '.join(parts)}" if parts else "no val split to score on")
