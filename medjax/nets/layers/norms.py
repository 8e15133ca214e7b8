"""Normalisation layers as in PyTorch: eps 1e-5, biased variance, affine."""

import flax.linen as nn
import jax.numpy as jnp
from jax import lax

from medjax.errors import UserError, unknown
from medjax.nets.layers.precision import accurate
from medjax.nets.layers.standardize import EPS, standardize, standardize_channels
from medjax.types import Array

NORMS = ("instance", "group", "layer", "batch", "none")

MOMENTUM = 0.1
"""Weight of a batch's moments in the running moments."""

_GROUPS = 4


class Norm(nn.Module):
    """One normalisation layer.

    ``y = (x − mean) / √(var + 1e-5) · scale + bias`` with the moments taken over

    - ``instance``: the pixels of one channel of one image,
    - ``group``: the pixels of a quarter of the channels of one image,
    - ``layer``: one image (``scale`` and ``bias`` are then ``[h, w, c]``),
    - ``batch``: one channel of the whole batch.

    Moments are computed in float32 or more, for any dtype of ``x``.

    Batch norm keeps running moments in the collection ``batch_stats`` (momentum 0.1, unbiased
    variance): it updates them if the collection is mutable and normalises with them if it is given
    and not mutable. Otherwise it normalises with the batch's own moments.

    Attributes:
      kind: one of ``NORMS``; ``none`` returns its input.
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
        lead, wide = (None,) * (4 - scale.ndim), accurate(x)
        scale, bias = scale.astype(wide.dtype), bias.astype(wide.dtype)
        if self.kind == "instance":
            y = standardize_channels(wide, scale, bias, (1, 2))
        else:
            y = self._standardized(wide) * scale[lead] + bias[lead]
        return y.astype(x.dtype)

    def _standardized(self, x: Array) -> Array:
        n, h, w, c = x.shape
        if self.kind == "layer":
            return standardize(x, (1, 2, 3))
        if self.kind == "batch":
            return self._batch_standardized(x)
        if c % _GROUPS:
            raise UserError(f"group norm needs channels divisible by {_GROUPS}, got {c}")
        groups = x.reshape(n, h, w, _GROUPS, c // _GROUPS)
        return standardize(groups, (1, 2, 4)).reshape(x.shape)

    def _batch_standardized(self, x: Array) -> Array:
        mutable = self.is_mutable_collection("batch_stats")
        if self.has_variable("batch_stats", "mean") and not mutable:
            mean: Array = self.get_variable("batch_stats", "mean")
            var: Array = self.get_variable("batch_stats", "var")
            return (x - mean[None, None, None]) * lax.rsqrt(var + EPS)[None, None, None]
        if mutable:
            count = x.size // x.shape[-1]
            unbiased = jnp.var(x, (0, 1, 2)) * (count / max(count - 1, 1))
            self._update("mean", jnp.zeros(x.shape[3:], x.dtype), jnp.mean(x, (0, 1, 2)))
            self._update("var", jnp.ones(x.shape[3:], x.dtype), unbiased)
        return standardize(x, (0, 1, 2))

    def _update(self, name: str, start: Array, new: Array) -> None:
        running = self.variable("batch_stats", name, lambda: start)
        if not self.is_initializing():
            running.value = (1 - MOMENTUM) * running.value + MOMENTUM * new
