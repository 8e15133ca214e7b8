"""The images that networks are trained on: checked, and placed on the device."""

import functools
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from medjax import data, errors
from medjax.training.class_weights import class_weights
from medjax.training.inputs import Images, Pixels, Stats, on_device
from medjax.types import IGNORED, Array


class TrainingSet(NamedTuple):
    """Images, their labels and their weights in the loss; ``None`` is equal weights."""

    images: Images
    labels: Array
    weights: Array | None

    def take(self, rows: Array) -> "TrainingSet":
        """Returns the images with these numbers, with their labels and weights."""
        images = self.images._replace(pixels=self.images.pixels[rows])
        weights = None if self.weights is None else self.weights[rows]
        return TrainingSet(images, self.labels[rows], weights)


def training_set(
    net: nn.Module,
    given: Pixels,
    given_labels: Array | np.ndarray,
    stats: Stats | None,
    *,
    balanced: bool,
    soft: bool = False,
) -> TrainingSet:
    """Puts a training set on the device after checking that a network can learn from it.

    Args:
      net: a flax module from images to logits ``[n, C]``.
      given: images, see ``train_networks``.
      given_labels: labels, see ``train_networks``.
      stats: mean and standard deviation that normalise uint8 images.
      balanced: whether every class has the same weight in the loss.
      soft: whether the labels are rows of probabilities of classes that exclude each other.

    Raises:
      UserError: see ``train_networks``.
    """
    images, labels = on_device(given, stats), np.asarray(given_labels)
    if len(labels) != len(images.pixels):
        raise errors.UserError(f"{len(labels)} labels do not fit {len(images.pixels)} images")
    image = jax.eval_shape(lambda: images.normalized(slice(1)))
    num_classes = _num_classes(net, image.shape, image.dtype)
    rows = labels.ndim == 2
    if labels.ndim not in (1, 2) or (rows and labels.shape[1] != num_classes):
        shape = list(labels.shape)
        raise errors.UserError(f"labels must be [n] or rows [n, {num_classes}], got {shape}")
    if soft and not data.are_probabilities(labels):
        raise errors.UserError("soft labels must be rows of probabilities whose sum is 1")
    last = 1 if rows else num_classes - 1
    known = labels[labels != IGNORED] if rows else labels
    low, high = (known.min(), known.max()) if known.size else (0, 0)
    if low < 0 or high > last:
        # On the device an impossible class would silently have no gradient.
        raise errors.UserError(
            f"labels must lie between 0 and {last}; these go from {low} to {high}"
        )
    ignored = known.size < labels.size
    if ignored and not np.isin(known, (0, 1)).all():
        raise errors.UserError(
            f"rows with ignored labels ({IGNORED}) need zeros and ones as the others"
        )
    classes = labels.argmax(axis=1) if soft else labels
    weights = jnp.asarray(class_weights(classes, num_classes), image.dtype) if balanced else None
    dtype = jnp.int32 if ignored else image.dtype if rows else None
    return TrainingSet(images, jnp.asarray(labels, dtype), weights)


@functools.cache
def _num_classes(net: nn.Module, shape: tuple[int, ...], dtype: Any) -> int:
    image = jax.ShapeDtypeStruct(shape, dtype)
    logits, _ = jax.eval_shape(net.init_with_output, jax.random.key(0), image)
    return int(logits.shape[-1])
