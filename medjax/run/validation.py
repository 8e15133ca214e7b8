"""Validation during a run: losses, scores on val, the best images and their pictures."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from medjax import evaluate, parallel
from medjax.methods import DistillState
from medjax.run.metrics import MetricsWriter
from medjax.run.progress import Progress, Stopwatch
from medjax.run.report import DECISIONS, image_grid, save_png
from medjax.run.setup import Experiment
from medjax.run.state import Candidate, RunState
from medjax.types import SyntheticSet


class Validator(NamedTuple):
    """Logger of losses and scorer of images, at steps that the settings alone decide.

    Attributes:
      experiment: the experiment of the run.
      workdir: folder of the reports.
      metrics: writer of ``metrics.jsonl``.
      progress: the progress that the user sees.
      stopwatch: counts the seconds of scoring.
    """

    experiment: Experiment
    workdir: Path
    metrics: MetricsWriter
    progress: Progress
    stopwatch: Stopwatch

    def logs_at(self, step: int) -> bool:
        """Returns whether the loss is logged at a step."""
        return self._due(step, self.experiment.settings.log_every)

    def validates_at(self, step: int) -> bool:
        """Returns whether the images are scored at a step."""
        return self._due(step, self.experiment.settings.evaluation.every)

    def log(self, step: int, run: RunState) -> RunState:
        """Writes the mean loss since the last line; returns the run with the sum reset."""
        loss = float(run.state.loss_sum) / (step - int(run.logged))
        self.metrics.write(step, {"loss": loss})
        self.progress.update(loss=loss)
        state = run.state._replace(loss_sum=jnp.zeros_like(run.state.loss_sum))
        return self._everywhere(run._replace(state=state, logged=jnp.int32(step)))

    def validate(self, step: int, run: RunState) -> RunState:
        """Scores the images on val, and writes the scores and a picture of the images.

        Returns the run with its best images. The later images win a tie. Without a val split, the
        newest are the best.
        """
        state = run.state
        with self.stopwatch.part("select"):
            score, scores = self._score(state)
        if score >= run.best.score:
            run = run._replace(best=Candidate.of(state, score=score))
        also = {"step_size": state.step_size, "clipped": state.clipped}
        also = {name: float(value) for name, value in also.items() if value is not None}
        if scores or also:
            self.metrics.write(step, scores | also)
        self.progress.note(_sentence(step, scores))
        pixels = self.experiment.to_pixels(state.images)
        grid = image_grid(pixels, np.asarray(self.experiment.classes(state.labels)))
        save_png(self.workdir / "images" / f"step_{step:06d}.png", grid)
        self.progress.restart_clock()
        return self._everywhere(run)

    def _score(self, state: DistillState) -> tuple[float, dict[str, float]]:
        """Returns the score that selects, and all scores by ``val_<metric>[_std]``.

        All validations start from the same networks, so that only the images differ; the final
        scores come from others.
        """
        experiment, evaluation = self.experiment, self.experiment.settings.evaluation
        val = experiment.benchmark.splits.get("val")
        if val is None:
            return float("inf"), {}
        found = evaluate.evaluate_set(
            experiment.keys["select"],
            experiment.net,
            *experiment.decode(SyntheticSet(state.images, state.labels)),
            experiment.benchmark._replace(splits={"val": val}),
            recipe=experiment.recipe_for(state.step_size, selects=True),
            num_networks=evaluation.select_networks,
            watch=lambda done: self.progress.watch("images on val", done),
        )["val"]
        scores = {}
        for metric, value in found.items():
            scores |= {f"val_{metric}": value["mean"], f"val_{metric}_std": value["std"]}
        return found[evaluation.select_by]["mean"], scores

    def _everywhere(self, run: RunState) -> RunState:
        return parallel.replicate(run, mesh=self.experiment.mesh)

    def _due(self, step: int, every: int) -> bool:
        return step > 0 and (step % every == 0 or step == self.experiment.settings.iterations)


def _sentence(step: int, scores: Mapping[str, float]) -> str:
    metrics = [name.removeprefix("val_") for name in scores if not name.endswith("_std")]
    shown = [name for name in metrics if name not in DECISIONS]
    parts = [f"{name} {scores[f'val_{name}']:.3f}" for name in shown]
    return f"step {step}: " + (f"val {', '.join(parts)}" if parts else "no val split to score on")
