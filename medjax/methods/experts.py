"""Experts: networks trained on the real images, with a snapshot after every epoch."""

import dataclasses
import functools
from collections.abc import Callable
from typing import NamedTuple

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax
from jax.flatten_util import ravel_pytree
from jax.sharding import Mesh

from medjax import kernels, parallel, training
from medjax.augment import Strategy, parse_strategy
from medjax.data import HostImages, RealData, take
from medjax.errors import UserError
from medjax.methods.networks import apply_fn, both_keys
from medjax.methods.vectors import unraveller, variable_shapes, vector_size
from medjax.types import Array, Params, PRNGKey

# The weight of GSAM's gap in the releases of DATM and HoP-TM.
_GAP = 0.3


@dataclasses.dataclass(frozen=True)
class Experts:
    """The training of experts: SGD at a constant rate, which a student can follow.

    Attributes:
      count: number of experts.
      epochs: passes over the real images.
      learning_rate: learning rate of SGD without momentum or weight decay.
      batch_size: images in a step; the last, smaller batch of an epoch is kept.
      augment: a DSA strategy drawn for every image separately, or ``none``.
      sharpness: 0 for the gradient; otherwise the ρ of ``kernels.sharpness_aware_gradient``, whose
        α is 0.3.
      kept: the epochs after which ``real.experts`` has a snapshot, ascending, 0 for the start;
        ``None`` is all of them. A run's cache has all, to resume from.
    """

    count: int
    epochs: int
    learning_rate: float
    batch_size: int
    augment: str
    sharpness: float = 0.0
    kept: tuple[int, ...] | None = None

    @property
    def snapshot_epochs(self) -> tuple[int, ...]:
        """The epochs after which there is a snapshot, 0 for the start: ``kept``, or all."""
        return tuple(range(self.epochs + 1)) if self.kept is None else self.kept

    @property
    def snapshots(self) -> int:
        """Snapshots of each expert in ``real.experts``."""
        return len(self.snapshot_epochs)


class Trainer(NamedTuple):
    """The training of some experts, one epoch at a time; its only state is their parameters.

    Expert ``i`` is a function of ``fold_in(key, i)`` and the images alone.

    Attributes:
      start: ``(key, numbers, real) -> vectors``; float32 ``[k, p]``, the parameters of the experts
        with these numbers (int32 ``[k]``) before the first epoch.
      epoch: ``(key, numbers, vectors, epoch, real) -> vectors``; the parameters after epoch number
        ``epoch``. One compiled program serves all epochs of the same number of experts.
    """

    start: Callable[[PRNGKey, Array, RealData], Array]
    epoch: Callable[[PRNGKey, Array, Array, int, RealData], Array]


def make_trainer(net: nn.Module, experts: Experts, *, mesh: Mesh | None = None) -> Trainer:
    """Makes a ``Trainer`` of experts.

    Args:
      net: a flax module; the moments of a batch norm are those of each minibatch.
      experts: the experts.
      mesh: devices that divide them, from ``parallel.make_mesh``; ``None`` is one device.

    Returns:
      A ``Trainer``.

    Example:
      >>> from medjax import nets
      >>> net = nets.make("convnet", num_classes=2, width=8)
      >>> trainer = make_trainer(net, Experts(100, 50, 0.01, 256, "flip"))
    """
    axes = tuple(name for some in parallel.axes_of(mesh) for name in some)
    program = _Training(net, experts, parse_strategy(experts.augment), axes)
    spread = parallel.on_mesh(program.epoch, mesh)

    @jax.jit
    def epoch(key: PRNGKey, numbers: Array, vectors: Array, index: int, real: RealData) -> Array:
        chex.assert_shape(vectors, (len(numbers), None))
        return spread(key, numbers, vectors, jnp.asarray(index, jnp.int32), real)

    return Trainer(jax.jit(program.start), epoch)


@dataclasses.dataclass(frozen=True)
class _Training:
    net: nn.Module
    experts: Experts
    strategy: Strategy
    axes: parallel.AxisNames

    def start(self, key: PRNGKey, numbers: Array, real: RealData) -> Array:
        image = take(real, jnp.zeros(1, jnp.int32))

        def one(init_key: PRNGKey) -> Array:
            return ravel_pytree(self.net.init(init_key, image)["params"])[0]

        return jax.vmap(one)(both_keys(key, numbers)[0])

    def epoch(
        self, key: PRNGKey, numbers: Array, vectors: Array, index: Array, real: RealData
    ) -> Array:
        unravel, own = unraveller(self.net, real), parallel.share(len(numbers), self.axes)
        chunks = training.chunks_of(
            self.net,
            jax.ShapeDtypeStruct((1, *real.images.shape[1:]), real.mean.dtype),
            num_networks=parallel.share_size(len(numbers), self.axes),
            rows=min(self.experts.batch_size, len(real.labels)),
            whole="batch_stats" in variable_shapes(self.net, real),
        )

        def one(expert: tuple[PRNGKey, Array]) -> Array:
            use_key, vector = expert
            params = training.run_epoch(
                jax.random.fold_in(use_key, index),
                functools.partial(self._step, real, chunks.images),
                unravel(vector),
                num_rows=len(real.labels),
                batch_size=self.experts.batch_size,
            )
            return ravel_pytree(params)[0]

        each = own.take((both_keys(key, numbers)[1], vectors))
        trained = kernels.chunked_map(one, each, chunk_size=chunks.networks)
        summed: Array = lax.psum(own.place(trained, count=len(numbers)), self.axes)
        return summed

    def _step(
        self, real: RealData, chunk_size: int | None, params: Params, rows: Array, key: PRNGKey
    ) -> Params:
        draw = self.strategy.sample_per_image(key, len(rows))
        images = self.strategy.apply(draw, take(real, rows))

        def gradient_fn(params: Params) -> Params:
            return kernels.loss_gradient(
                apply_fn(self.net), params, images, real.labels[rows], chunk_size=chunk_size
            )

        if self.experts.sharpness:
            gradient = kernels.sharpness_aware_gradient(
                gradient_fn, params, radius=self.experts.sharpness, gap=_GAP
            )
        else:
            gradient = gradient_fn(params)
        return jax.tree.map(lambda p, g: p - self.experts.learning_rate * g, params, gradient)


def train_experts(key: PRNGKey, net: nn.Module, experts: Experts, real: RealData) -> Array:
    """Trains experts in memory.

    Args:
      key: PRNG key.
      net: a flax module; the moments of a batch norm are those of each minibatch.
      experts: the experts.
      real: the training images.

    Returns:
      Float32 ``[count · snapshots, p]``, which becomes ``real.experts``: the snapshots of expert 0,
      then those of expert 1, and so on.

    Example:
      >>> import numpy as np
      >>> from medjax import data, nets
      >>> split = data.Split(np.zeros((4, 8, 8, 1), np.uint8), np.array([0, 1, 0, 1], np.int32))
      >>> mean, std = np.zeros(1, "f"), np.ones(1, "f")
      >>> real = data.real_data(split, num_classes=2, mean=mean, std=std)
      >>> net = nets.make("convnet", num_classes=2, width=2, depth=1)
      >>> experts = Experts(3, epochs=2, learning_rate=0.1, batch_size=4, augment="none")
      >>> train_experts(jax.random.key(0), net, experts, real).shape
      (9, 90)
    """
    trainer, numbers = make_trainer(net, experts), jnp.arange(experts.count, dtype=jnp.int32)
    vectors, snapshots = trainer.start(key, numbers, real), []
    for epoch in range(experts.epochs + 1):
        if epoch in experts.snapshot_epochs:
            snapshots.append(vectors)
        if epoch < experts.epochs:
            vectors = trainer.epoch(key, numbers, vectors, epoch, real)
    return jnp.stack(snapshots, axis=1).reshape(experts.count * experts.snapshots, -1)


def expert_rows(real: RealData, net: nn.Module, experts: Experts) -> Array | HostImages:
    """Returns ``real.experts``, float32 ``[count · snapshots, p]``.

    Args:
      real: the training images.
      net: a flax module.
      experts: the experts.

    Returns:
      The rows, on the device or on the host.

    Raises:
      UserError: if they cannot be the parameters of these experts.
    """
    needed = [experts.count * experts.snapshots, vector_size(net, real)]
    found = None if real.experts is None else list(real.experts.shape)
    if real.experts is None or found != needed:
        raise UserError(
            f"real.experts must be {needed}, {experts.snapshots} snapshots of {experts.count} "
            f"experts from train_experts, got {found}"
        )
    return real.experts
