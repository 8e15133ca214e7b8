"""The base class of all networks: a linear head on their features."""

import dataclasses

import flax.linen as nn

from medjax.nets.layers.linear import Dense
from medjax.nets.layers.precision import require_precision
from medjax.types import Array


class Classifier(nn.Module):
    """A network that applies a linear head to the features from a subclass's ``embed``.

    Attributes:
      num_classes: logits per image.
      precision: ``float32``, ``tf32`` or ``bfloat16``, the dtype that convolutions and matrix
        products multiply in and that activations are kept in; parameters, moments, features and
        logits are float32.
    """

    num_classes: int
    _: dataclasses.KW_ONLY
    precision: str = "float32"

    def setup(self) -> None:
        require_precision(self.precision)
        self.head = Dense(self.num_classes, self.precision)

    def embed(self, images: Array) -> Array:
        """Features before the head, flattened: ``[n, h, w, c] -> [n, f]``."""
        raise NotImplementedError

    def __call__(self, images: Array) -> Array:
        """Logits: ``[n, h, w, c] -> [n, num_classes]``."""
        logits: Array = self.head(self.embed(images))
        return logits
