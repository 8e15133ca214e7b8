"""Normalisation layers as PyTorch defines them: eps 1e-5, biased variance, affine."""

import flax.linen as nn
import jax.numpy as jnp
from jax import lax

from medjax.errors import unknown
from medjax.types import Array

NORMS = ("instance", "group", "layer", "batch", "none")

_EPS = 1e-5
_GROUPS = 4
_MOMENTUM = 0.1


class Norm(nn.Module):
    """One normalisation layer.

    ``y = (x − mean) / √(var + 1e-5) · scale + bias`` with the moments taken over

    - ``instance``: the pixels of one channel of one image,
    - ``group``: the pixels of a quarter of the channels of one image,
    - ``layer``: all of one image (``scale`` and ``bias`` are then ``[h, w, c]``),
    - ``batch``: one channel of the whole batch.

    Batch norm keeps running moments in the collection ``batch_stats`` (momentum 0.1, unbiased
    variance). They are updated when the collection is mutable, used when it is given and not
    mutable, and without the collection the batch's own moments are used.

    Attributes:
      kind: one of ``NORMS``; ``none`` passes its input through.
    """

    kind: str

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """``[n, h, w, c] -> [n, h, w, c]``."""
        if self.kind == "none":
            return x
        if self.kind not in NORMS:
            raise unknown("norm", self.kind, NORMS)
        shape = x.shape[1:] if self.kind == "layer" else x.shape[3:]
        scale = self.param("scale", nn.initializers.ones, shape, jnp.float32)
        bias = self.param("bias", nn.initializers.zeros, shape, jnp.float32)
        mean, var = self._batch_moments(x) if self.kind == "batch" else self._moments(x)
        lead = (None,) * (4 - scale.ndim)
        return (x - mean) * lax.rsqrt(var + _EPS) * scale[lead] + bias[lead]

    def _moments(self, x: Array) -> tuple[Array, Array]:
        if self.kind == "instance":
            return _moments(x, (1, 2))
        if self.kind == "layer":
            return _moments(x, (1, 2, 3))
        n, h, w, c = x.shape
        if c % _GROUPS:
            raise ValueError(f"group norm needs channels divisible by {_GROUPS}, got {c}")
        grouped = _moments(x.reshape(n, h, w, _GROUPS, c // _GROUPS), (1, 2, 4))
        per_channel = (n, 1, 1, _GROUPS, c // _GROUPS)
        return tuple(jnp.broadcast_to(m, per_channel).reshape(n, 1, 1, c) for m in grouped)

    def _batch_moments(self, x: Array) -> tuple[Array, Array]:
        given = self.has_variable("batch_stats", "mean")
        if given and not self.is_mutable_collection("batch_stats"):
            running = (
                self.get_variable("batch_stats", "mean"),
                self.get_variable("batch_stats", "var"),
            )
            return tuple(m[None, None, None] for m in running)
        mean, var = _moments(x, (0, 1, 2))
        if self.is_mutable_collection("batch_stats"):
            count = x.size // x.shape[-1]
            unbiased = var * (count / max(count - 1, 1))
            self._update("mean", jnp.zeros(x.shape[3:], x.dtype), mean[0, 0, 0])
            self._update("var", jnp.ones(x.shape[3:], x.dtype), unbiased[0, 0, 0])
        return mean, var

    def _update(self, name: str, start: Array, new: Array) -> None:
        running = self.variable("batch_stats", name, lambda: start)
        if not self.is_initializing():
            running.value = (1 - _MOMENTUM) * running.value + _MOMENTUM * new


def _moments(x: Array, axes: tuple[int, ...]) -> tuple[Array, Array]:
    mean = jnp.mean(x, axes, keepdims=True)
    return mean, jnp.mean(jnp.square(x - mean), axes, keepdims=True)
