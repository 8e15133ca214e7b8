"""What a run writes down on its way: losses, what val makes of the images, pictures of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from medjax.methods import DistillState
from medjax.run.metrics import MetricsWriter
from medjax.run.progress import Progress
from medjax.run.report import image_grid, save_png
from medjax.run.selection import Best, select
from medjax.run.setup import Experiment


class Journal(NamedTuple):
    """A run's diary, at steps that its settings alone decide.

    Attributes:
      experiment: what the run works with.
      config: its settings.
      workdir: the run's folder.
      metrics: where numbers go.
      progress: where the user looks.
    """

    experiment: Experiment
    config: Mapping[str, Any]
    workdir: Path
    metrics: MetricsWriter
    progress: Progress

    def logs_at(self, step: int) -> bool:
        """Whether the loss is written down after so many iterations."""
        return self._due(step, self.config["log_every"])

    def judges_at(self, step: int) -> bool:
        """Whether the images are scored after so many iterations."""
        return self._due(step, self.config["evaluation"]["every"])

    def log(self, step: int, loss_sum: float, *, since: int) -> None:
        """Writes the mean loss of the iterations since a step.

        Args:
          step: iterations done.
          loss_sum: the sum of the losses of those after ``since``.
          since: iterations that were done when the sum was zero.
        """
        loss = loss_sum / (step - since)
        self.metrics.write(step, {"loss": loss})
        self.progress.update(loss=loss)

    def judge(self, step: int, state: DistillState, best: Best) -> Best:
        """Scores the images on val, and writes scores and images.

        Args:
          step: iterations done.
          state: the run as it stands.
          best: the best images before.

        Returns:
          The best images.
        """
        best, scores = select(self.experiment, self.config["evaluation"], state, best)
        also = {"step_size": state.step_size, "clipped": state.clipped}
        also = {name: float(value) for name, value in also.items() if value is not None}
        if scores or also:
            self.metrics.write(step, scores | also)
        self.progress.note(_sentence(step, scores))
        pixels = self.experiment.to_pixels(state.images)
        grid = image_grid(pixels, np.asarray(state.labels))
        save_png(self.workdir / "images" / f"step_{step:06d}.png", grid)
        self.progress.restart_clock()
        return best

    def _due(self, step: int, every: int) -> bool:
        return step > 0 and (step % every == 0 or step == self.config["iterations"])


def _sentence(step: int, scores: Mapping[str, float]) -> str:
    metrics = [name.removeprefix("val_") for name in scores if not name.endswith("_std")]
    parts = [f"{name} {scores[f'val_{name}']:.3f}" for name in metrics]
    return f"step {step}: " + (f"val {', '.join(parts)}" if parts else "no val split to score on")
