"""A network of all real images, which gives soft labels to other images."""

import hashlib
from typing import Any, NamedTuple

import flax.linen as nn
import numpy as np
from flax import traverse_util

from medjax.evaluate.baselines.made import Made
from medjax.training.inputs import Stats
from medjax.training.prediction import predict
from medjax.types import Array


class Teacher(NamedTuple):
    """A trained network that says how probable each class is for an image.

    Attributes:
      net: a flax module.
      whole: networks trained on all real images, as ``train_whole`` keeps them; the first one is
        the teacher.
      stats: mean and standard deviation that normalise uint8 images.
      temperature: ``T``, by which the logits are divided; the higher, the softer the labels.
    """

    net: nn.Module
    whole: Made
    stats: Stats
    temperature: float

    def label(self, images: Array | np.ndarray) -> np.ndarray:
        """Returns soft labels of images, ``softmax(logits / T)``.

        A teacher that diverged gives every class the same probability.

        Args:
          images: ``[n, h, w, c]``, uint8, or floats in normalised space.

        Returns:
          Probabilities, float32 ``[n, C]``.
        """
        inputs, network = np.asarray(images), first_network(self.whole)
        logits = np.asarray(predict(self.net, network, inputs, stats=self.stats)[0], np.float64)
        logits = np.where(np.isfinite(logits).all(), logits / self.temperature, 0)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        soft: np.ndarray = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
        return soft

    def content(self) -> dict[str, Any]:
        """Returns what the labels depend on, as JSON."""
        digest = hashlib.sha256()
        for name in sorted(self.whole.arrays):
            digest.update(np.asarray(self.whole.arrays[name], order="C").tobytes())
        return {"temperature": self.temperature, "network": digest.hexdigest()}


def first_network(whole: Made) -> Any:
    """Returns the variables of the first network of all images, each with a leading axis ``[1]``.

    Args:
      whole: networks trained on all images, as ``train_whole`` keeps them.
    """
    leaves = {tuple(name.split("/")): array[None] for name, array in whole.arrays.items()}
    return traverse_util.unflatten_dict(leaves)
