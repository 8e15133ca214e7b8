"""One distillation run: distils, validates and saves on the way, and scores at the end."""

import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from medjax import evaluate, methods, parallel
from medjax.errors import PreemptedError, RunError, UserError
from medjax.run import summary as summaries
from medjax.run.binding import DATA_DIGEST, binding
from medjax.run.checkpoint import Checkpoints
from medjax.run.experts import with_experts
from medjax.run.judging import judge, with_teacher
from medjax.run.metrics import MetricsWriter
from medjax.run.pace import Pace, agreed
from medjax.run.preemption import Preemption, preempted
from medjax.run.progress import Progress, Stopwatch
from medjax.run.settings import Settings
from medjax.run.setup import Experiment, make_experiment
from medjax.run.state import Candidate, RunState
from medjax.run.validation import Validator
from medjax.store import expand_user

# As in gs://bucket, whose slashes a Path merges; a single letter is a drive of Windows.
_REMOTE = re.compile(r"\w\w+:/")


def distill(
    config: Mapping[str, Any], workdir: str | Path, *, preemption: Preemption | None = None
) -> dict[str, Any]:
    """Runs one distillation, or resumes it from its last checkpoint.

    ``medjax.run.seeds`` calls this function for each seed.

    Args:
      config: all settings that ``medjax.run.config.defaults`` has, as nested dicts; ``seeds`` is
        empty.
      workdir: folder for everything the run writes. A stopped run with the same settings is
        resumed from it; a finished one is only read.
      preemption: tells the run when to end; without it a signal ends the process as usual.

    Returns:
      The content of ``summary.json``.

    Raises:
      UserError: for every mistake that a user can make; nothing is then written to the workdir.
      RunError: if the loss or the pixels stop being finite; the last checkpoint stays usable.
      PreemptedError: if the run was asked to end; the same call resumes it.

    Example:
      >>> from medjax.run import config
      >>> settings = config.make("dm", "phantom", "quick,ipc=5").to_dict()
      >>> summary = distill(settings, "runs/phantom")  # doctest: +SKIP
      >>> summary["test"]["auroc"]["mean"]  # doctest: +SKIP
      0.98
    """
    workdir, settings = _checked(workdir), Settings.from_config(config)
    finished = summaries.read_finished(settings, workdir)
    if finished is not None:
        return finished
    if settings.evaluation.learners:
        evaluate.check_learners(settings.evaluation.learners)
    commit = summaries.commit_of_code()
    with Stopwatch() as stopwatch, parallel.reports_folder(workdir) as reports:
        experiment = with_experts(make_experiment(settings))
        with stopwatch.part("baselines"):
            experiment = with_teacher(experiment)
        run = _run(experiment, workdir, reports, preemption or Preemption(), stopwatch)
        selected, last = run.best, Candidate.of(run.state)
        summaries.write_images(reports, experiment, selected)
        judgement = judge(experiment, selected, last, stopwatch)
        seconds = stopwatch.seconds()
        summary = summaries.summarise(
            experiment, selected, last, judgement, seconds=seconds, commit=commit
        )
        summaries.write(reports, summary, experiment, selected)
    return summary


def _checked(workdir: str | Path) -> Path:
    if _REMOTE.match(str(workdir)):
        raise UserError(f"workdir must be a folder of this machine, got {workdir}")
    path = expand_user(workdir)
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError as error:
        raise UserError(f"workdir must be a name in UTF-8, got {workdir}") from error
    return path


def _run(
    experiment: Experiment,
    workdir: Path,
    reports: Path,
    preemption: Preemption,
    stopwatch: Stopwatch,
) -> RunState:
    """Restores or starts the run, and distils to the end."""
    settings, mesh = experiment.settings, experiment.mesh
    key, real = experiment.keys["distill"], experiment.real
    start = RunState.at_start(experiment.distiller.init(key, real))
    run = parallel.replicate(start, mesh=mesh)
    tied_to = {**binding(settings.config), DATA_DIGEST: experiment.dataset.info.digest}
    keep, folder = settings.checkpoint.keep, workdir / "checkpoints"
    with (
        Checkpoints(folder, keep=keep, tied_to=tied_to) as checkpoints,
        MetricsWriter(reports / "metrics.jsonl") as metrics,
    ):
        step, run = checkpoints.restore(run) or (0, run)
        metrics.truncate_after(step - 1)  # the lines of a step follow its checkpoint
        # Compiles the step while nothing is unsaved.
        state, _ = experiment.distiller.step(key, run.state, real, 0)
        run = run._replace(state=state)
        with (
            Progress(settings.iterations, done=step, shown=parallel.is_first()) as progress,
            preemption.deferred(),
        ):
            if step:
                progress.note(f"resuming from step {step}")
            validator = Validator(experiment, reports, metrics, progress, stopwatch)
            return _loop(step, run, validator, checkpoints, preemption)


def _loop(
    step: int, run: RunState, validator: Validator, checkpoints: Checkpoints, preemption: Preemption
) -> RunState:
    """Alternates between reports, a call of some iterations, and a checkpoint if one is due."""
    experiment, progress = validator.experiment, validator.progress
    key, real, pace = experiment.keys["distill"], experiment.real, _pace(experiment.settings)
    count = 1
    while True:
        if validator.logs_at(step):
            run = validator.log(step, run)
        if validator.validates_at(step):
            checkpoints.wait()
            with preemption.allowed(step):
                run = validator.validate(step, run)
        if step == experiment.settings.iterations:
            return run
        start = time.perf_counter()
        methods.read_ahead(key, experiment.distiller, real, step=step, num_steps=count)
        state, info = experiment.distiller.step(key, run.state, real, count)
        _check_finite(int(info.bad_step), step, checkpoints.directory)
        step, run = step + count, run._replace(state=state)
        progress.advance(step, real_images=int(info.real_images))
        seconds, stop = time.perf_counter() - start, preemption.requested
        own = pace.decide(step, iterations=count, seconds=seconds, stop=stop)
        decision = agreed(parallel.of_all_processes(own))
        count = decision.iterations
        if decision.save:
            checkpoints.save(step, run)
        if decision.stop:
            checkpoints.wait()
            raise PreemptedError(preempted(step))


def _pace(settings: Settings) -> Pace:
    checkpoint, evaluate_every = settings.checkpoint, settings.evaluation.every
    return Pace(
        total=settings.iterations,
        report_every=[settings.log_every],
        save_every=[evaluate_every, checkpoint.every_steps or evaluate_every],
        save_minutes=checkpoint.every_minutes,
    )


def _check_finite(bad_step: int, start: int, checkpoints: Path) -> None:
    if bad_step >= 0:
        raise RunError(
            f"loss or pixels are not finite at iteration {bad_step} "
            f"(all were finite up to iteration {start}); "
            f"the checkpoints in {checkpoints} are older; "
            "lower distill.learning_rate and use another workdir"
        )
