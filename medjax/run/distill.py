"""One distillation run: distil, select and save as one goes, judge at the end."""

import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from medjax import data, methods, parallel
from medjax.errors import PreemptedError, RunError, UserError
from medjax.run import summary as summaries
from medjax.run.checkpoint import Checkpoints
from medjax.run.experts import with_experts
from medjax.run.metrics import MetricsWriter, jsonable
from medjax.run.pace import Pace, agreed
from medjax.run.preemption import Preemption, preempted
from medjax.run.progress import Progress
from medjax.run.setup import Experiment, make_experiment
from medjax.run.state import FREE, Saved, nothing_done
from medjax.run.validation import Journal
from medjax.types import SyntheticSet


def distill(
    config: Mapping[str, Any], workdir: str | Path, *, preemption: Preemption | None = None
) -> dict[str, Any]:
    """Runs, or goes on with, one distillation.

    Args:
      config: settings as ``medjax.config.defaults`` has them, as nested dicts.
      workdir: the run's folder. A run in it with the same settings is gone on with from its last
        checkpoint; a finished one is only read.
      preemption: tells the run when to end; without it a signal does what it does to any program.

    Returns:
      The content of ``summary.json``.

    Raises:
      UserError: for whatever a user can get wrong; nothing is written to the workdir then.
      RunError: if the loss or the pixels stop being finite; the last checkpoint stays usable.
      PreemptedError: if it was told to end; the same call goes on from there.
    """
    if ":/" in str(workdir):  # as of gs://bucket, in which a Path has joined the slashes
        raise UserError(f"workdir must be a folder of this machine, got {workdir}")
    workdir, config = Path(workdir), jsonable(config)
    finished = summaries.read_finished(config, workdir, free=FREE)
    if finished is not None:
        return finished
    start, commit = time.perf_counter(), summaries.commit_of_code()
    experiment = with_experts(make_experiment(config), config)
    with parallel.reports_folder(workdir) as reports:
        saved = _run(experiment, config, workdir, reports, preemption or Preemption())
        best, last = saved.best, saved.state
        mean, std = experiment.pixel_stats
        step_sizes = [None if x.step_size is None else float(x.step_size) for x in (best, last)]
        data.save_synthetic(
            reports / "synthetic.npz",
            SyntheticSet(best.images, best.labels),
            mean=mean,
            std=std,
            step_size=step_sizes[0],
            whitening=experiment.whitening,
            preparation=experiment.dataset.preparation,
        )
        sets = [SyntheticSet(x.images, x.labels) for x in (best, last)]
        made = summaries.Made(sets[0], int(best.step), sets[1], *step_sizes)
        seconds = time.perf_counter() - start
        summary = summaries.summarise(
            experiment, config, made, distill_seconds=seconds, commit=commit
        )
        pixels = experiment.to_pixels(best.images)
        summaries.write(reports, summary, pixels, np.asarray(best.labels))
    return summary


def _run(
    experiment: Experiment,
    config: dict[str, Any],
    workdir: Path,
    reports: Path,
    preemption: Preemption,
) -> Saved:
    """The loop: a call of some iterations, a checkpoint if one is due, then what is reported."""
    key, real, total = experiment.keys["distill"], experiment.real, config["iterations"]
    step_fn, pace = experiment.distiller.step, _pace(config)
    everywhere = partial(parallel.replicate, mesh=experiment.mesh)
    state = experiment.distiller.init(key, real)
    saved = everywhere(nothing_done(state))
    tied_to = {**config, "data_digest": experiment.dataset.info.digest}
    with (
        Checkpoints(workdir / "checkpoints", keep=config["checkpoint"]["keep"]) as checkpoints,
        MetricsWriter(reports / "metrics.jsonl") as metrics,
    ):
        step, saved = checkpoints.restore(saved, config=tied_to, free=FREE) or (0, saved)
        metrics.truncate_after(step - 1)  # what is written of a step comes after its checkpoint
        state, _ = step_fn(key, saved.state, real, 0)  # compiles, where there is nothing to lose
        saved, count = saved._replace(state=state), 1
        with (
            Progress(total, done=step, shown=parallel.is_first()) as progress,
            preemption.deferred(),
        ):
            journal = Journal(experiment, config, reports, metrics, progress)
            if step:
                progress.note(f"going on from step {step}")
            while True:
                if journal.logs_at(step):
                    journal.log(step, float(saved.state.loss_sum), since=int(saved.logged))
                    zero = jnp.zeros_like(saved.state.loss_sum)
                    state = saved.state._replace(loss_sum=zero)
                    saved = everywhere(saved._replace(state=state, logged=jnp.int32(step)))
                if journal.judges_at(step):
                    checkpoints.wait()
                    with preemption.allowed(step):
                        best = journal.judge(step, saved.state, saved.best)
                    saved = everywhere(saved._replace(best=best))
                if step == total:
                    return saved
                start = time.perf_counter()
                methods.read_ahead(key, experiment.distiller, real, step=step, num_steps=count)
                state, info = step_fn(key, saved.state, real, count)
                _check_finite(int(info.bad_step), step, workdir)
                step, saved = step + count, saved._replace(state=state)
                progress.advance(step, real_images=int(info.real_images))
                seconds, stop = time.perf_counter() - start, preemption.requested
                own = pace.decide(step, iterations=count, seconds=seconds, stop=stop)
                decision = agreed(parallel.of_all_processes(own))
                count = decision.iterations
                if decision.save:
                    checkpoints.save(step, saved, config=tied_to)
                if decision.stop:
                    checkpoints.wait()
                    raise PreemptedError(preempted(step))


def _pace(config: Mapping[str, Any]) -> Pace:
    checkpoint, evaluate_every = config["checkpoint"], config["evaluation"]["every"]
    return Pace(
        total=config["iterations"],
        report_every=[config["log_every"]],
        save_every=[evaluate_every, checkpoint["every_steps"] or evaluate_every],
        save_minutes=checkpoint["every_minutes"],
    )


def _check_finite(bad_step: int, start: int, workdir: Path) -> None:
    if bad_step >= 0:
        raise RunError(
            f"loss or pixels are not finite at iteration {bad_step} (all was well at {start}); "
            f"the checkpoints in {workdir / 'checkpoints'} are from before; "
            "lower distill.learning_rate and use another workdir"
        )
