"""The images of a run before its first iteration, which its seed and perhaps its data determine."""

import numpy as np

from medjax import data
from medjax.privacy.case.case import Case
from medjax.privacy.case.redistil import config_of
from medjax.run.settings import Settings
from medjax.run.setup import make_experiment
from medjax.types import SyntheticSet

NOISE = "noise"


def known_start(case: Case) -> np.ndarray | None:
    """Returns what the distilled half started from, if whoever knows the seed can compute it.

    Args:
      case: the case.

    Returns:
      float32 ``[s, h, w, c]`` in pixel units; ``None`` unless the start is noise.
    """
    if case.run.settings.distill.get("init") != NOISE:
        return None
    images, inside = case.images, case.inside
    part = data.Split(images.images[inside], images.labels[inside])
    with config_of(case.run, part, case.folder / "half") as config:
        found = start_of(Settings.from_config(config))
    same = found is not None and found.shape == case.scene.target.images.shape
    return found if same else None


def start_of(settings: Settings) -> np.ndarray | None:
    """Returns the images of a run before the first iteration.

    Args:
      settings: the settings of the run.

    Returns:
      float32 ``[s, h, w, c]`` in pixel units; ``None`` for a method that learns labels by experts,
      on which its start depends.
    """
    experiment = make_experiment(settings)
    if experiment.distiller.experts is not None and experiment.distiller.soft_labels:
        return None
    state = experiment.distiller.init(experiment.keys["distill"], experiment.real)
    decoded = experiment.distiller.decode(SyntheticSet(state.images, state.labels))
    return experiment.to_pixels(decoded.images)
