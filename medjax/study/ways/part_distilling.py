"""Distils a part of a data set, which may lack some of its classes."""

from typing import NamedTuple

import jax
import numpy as np

from medjax import coreset, data, methods
from medjax.errors import RunError, UserError
from medjax.run.settings import Settings
from medjax.run.setup import Experiment, make_distiller
from medjax.study.ways.classifiers import Moments
from medjax.types import MULTI_LABEL, PRNGKey, SyntheticSet


class Distilled(NamedTuple):
    """A distilled set.

    Attributes:
      images: float32 ``[n, h, w, c]``, normalised by the moments that it was distilled with.
      labels: int32 ``[n]``, numbers of the classes of the whole data set.
      stored: the shape of the images as the method stores them, of which each may hold several.
    """

    images: np.ndarray
    labels: np.ndarray
    stored: tuple[int, ...]


def check_distils(settings: Settings, info: data.DatasetInfo) -> None:
    """Refuses what ``distil_split`` cannot do, before anything long.

    Args:
      settings: of the run.
      info: of the whole data set.

    Raises:
      UserError: for methods with experts, soft labels of a teacher, ZCA, and findings in place of
        classes.
    """
    if info.task == MULTI_LABEL:
        raise UserError(
            f"{info.name} has findings; sites and transfer need classes that exclude each other"
        )
    if "num_experts" in methods.options(settings.method):
        raise UserError(
            f"method {settings.method} needs experts, which are not trained for parts of a set; "
            "use dm, dc, dsa, idm or another method without experts"
        )
    if settings.evaluation.labels != "hard":
        raise UserError("parts of a set are distilled with evaluation.labels=hard only")
    if settings.data.prepare.zca != "none":
        raise UserError("parts of a set are normalised by mean and std: leave zca out of prepare")


def images_of_each_class(experiment: Experiment, labels: np.ndarray) -> list[int]:
    """Returns the images that a part of the set distils of each class of the whole set.

    They are the run's ``ipc``, but no more than the part has; none of an absent class.

    Args:
      experiment: of the whole data set.
      labels: int ``[n]``, those of the part.
    """
    ipc, classes = experiment.ipc, experiment.dataset.num_classes
    return coreset.at_most(labels, [ipc] * classes if isinstance(ipc, int) else list(ipc))


def distil_split(
    key: PRNGKey, split: data.Split, moments: Moments, *, experiment: Experiment
) -> Distilled:
    """Distils a part of a data set by the method of a run and takes the images of the last step.

    Args:
      key: PRNG key.
      split: the part, uint8 images with classes of the whole set, of which some may be absent.
      moments: those that normalise the images.
      experiment: of the whole data set: the method, the network, ``ipc`` and ``iterations``.

    Returns:
      The distilled set, see ``images_of_each_class``.

    Raises:
      UserError: if the method refuses the part.
      RunError: if the loss or the pixels stop being finite.
    """
    present, labels = np.unique(split.labels, return_inverse=True)
    each = images_of_each_class(experiment, split.labels)
    distiller = make_distiller(
        experiment.settings,
        experiment.dataset,
        experiment.net,
        ipc=[each[label] for label in present],
        num_groups=len(present),
    )
    part = data.Split(split.images, labels.astype(np.int32))
    real = data.real_data(part, num_classes=len(present), **moments._asdict())
    state, iterations = distiller.init(key, real), experiment.settings.iterations
    for start in range(0, iterations, experiment.settings.evaluation.every):
        count = min(experiment.settings.evaluation.every, iterations - start)
        state, info = distiller.step(key, state, real, count)
        if int(info.bad_step) >= 0:
            raise RunError(
                f"loss or pixels are not finite at iteration {int(info.bad_step)}; lower "
                "distill.learning_rate"
            )
    found = jax.device_get(distiller.decode(SyntheticSet(state.images, state.labels)))
    return Distilled(found.images, present[found.labels].astype(np.int32), state.images.shape)
