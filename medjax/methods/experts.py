"""Experts: networks trained on the real images, their parameters kept after every epoch."""

from collections.abc import Callable
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax
from jax.flatten_util import ravel_pytree
from jax.sharding import Mesh

from medjax import kernels, parallel, training
from medjax.augment import parse_strategy
from medjax.data import RealData, take
from medjax.errors import UserError
from medjax.methods.networks import apply_fn, both_keys
from medjax.types import Array, Params, PRNGKey


class Experts(NamedTuple):
    """How experts are trained: plain SGD at one rate, which a student can follow.

    Attributes:
      count: how many there are.
      epochs: passes over the real images.
      learning_rate: of SGD without momentum or weight decay.
      batch_size: images a step; the last, smaller batch of an epoch is kept.
      augment: a DSA strategy drawn for every image separately, or ``none``.
    """

    count: int
    epochs: int
    learning_rate: float
    batch_size: int
    augment: str

    @property
    def snapshots(self) -> int:
        """Of each expert: one before the first epoch and one after every epoch."""
        return self.epochs + 1


class Trainer(NamedTuple):
    """The training of some experts, an epoch at a time; parameters are all that goes on.

    Expert ``i`` is a function of ``fold_in(key, i)`` and the images alone, whichever others are
    trained with it.

    Attributes:
      start: ``(key, numbers, real) -> vectors``; float32 ``[k, p]``, the parameters of the experts
        with these numbers (int32 ``[k]``) before the first epoch.
      epoch: ``(key, numbers, vectors, epoch, real) -> vectors``; after one more epoch, that with
        this index. One compiled program for all epochs, and for as many experts.
    """

    start: Callable[[PRNGKey, Array, RealData], Array]
    epoch: Callable[[PRNGKey, Array, Array, int, RealData], Array]


def make_trainer(net: nn.Module, experts: Experts, *, mesh: Mesh | None = None) -> Trainer:
    """Makes the training of experts.

    Args:
      net: a flax module; a batch norm's moments are those of each minibatch.
      experts: how they are trained.
      mesh: devices that divide them, from ``parallel.make_mesh``; ``None`` is one device.

    Returns:
      A ``Trainer``.

    Example:
      >>> from medjax import nets
      >>> net = nets.make("convnet", num_classes=2, width=8)
      >>> trainer = make_trainer(net, Experts(100, 50, 0.01, 256, "flip"))
    """
    strategy = parse_strategy(experts.augment)
    axes = tuple(name for some in parallel.axes_of(mesh) for name in some)

    @jax.jit
    def start(key: PRNGKey, numbers: Array, real: RealData) -> Array:
        image = take(real, jnp.zeros(1, jnp.int32))

        def one(init_key):
            return ravel_pytree(net.init(init_key, image)["params"])[0]

        return jax.vmap(one)(both_keys(key, numbers)[0])

    def some(key: PRNGKey, numbers: Array, vectors: Array, index: Array, real: RealData) -> Array:
        unravel, own = unraveller(net, real), parallel.share(len(numbers), axes)
        count = parallel.share_size(len(numbers), axes)
        chunks = training.chunks_of(
            net,
            _image(real),
            num_networks=count,
            rows=min(experts.batch_size, len(real.labels)),
            whole="batch_stats" in _shapes(net, real),
        )

        def step(params, rows, step_key):
            draw = strategy.sample_per_image(step_key, len(rows))
            gradient = kernels.loss_gradient(
                apply_fn(net),
                params,
                strategy.apply(draw, take(real, rows)),
                real.labels[rows],
                chunk_size=chunks.images,
            )
            return jax.tree.map(lambda p, g: p - experts.learning_rate * g, params, gradient)

        def one(expert):
            use_key, vector = expert
            params = training.run_epoch(
                jax.random.fold_in(use_key, index),
                step,
                unravel(vector),
                num_rows=len(real.labels),
                batch_size=experts.batch_size,
            )
            return ravel_pytree(params)[0]

        each = own.take((both_keys(key, numbers)[1], vectors))
        trained = kernels.chunked_map(one, each, chunk_size=chunks.networks)
        return lax.psum(own.place(trained, count=len(numbers)), axes)

    spread = parallel.on_mesh(some, mesh)

    @jax.jit
    def epoch(key: PRNGKey, numbers: Array, vectors: Array, index: int, real: RealData) -> Array:
        return spread(key, numbers, vectors, jnp.asarray(index, jnp.int32), real)

    return Trainer(start, epoch)


def train_experts(key: PRNGKey, net: nn.Module, experts: Experts, real: RealData) -> Array:
    """Trains experts, all in memory.

    Args:
      key: PRNG key.
      net: a flax module; a batch norm's moments are those of each minibatch.
      experts: how they are trained.
      real: the training images.

    Returns:
      Float32 ``[count · (epochs + 1), p]``: the snapshots of expert 0, then those of expert 1, …,
      as ``real.experts`` takes them.

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
    snapshots = [trainer.start(key, numbers, real)]
    for index in range(experts.epochs):
        snapshots.append(trainer.epoch(key, numbers, snapshots[-1], index, real))
    return jnp.stack(snapshots, axis=1).reshape(experts.count * experts.snapshots, -1)


def unraveller(net: nn.Module, real: RealData) -> Callable[[Array], Params]:
    """What makes parameters of a vector ``[p]``.

    Args:
      net: a flax module.
      real: images of the shape it is for.

    Returns:
      A pure function, the inverse of ``ravel_pytree``.
    """
    params = parameter_shapes(net, real)
    return ravel_pytree(jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), params))[1]


def vector_size(net: nn.Module, real: RealData) -> int:
    """How many parameters a network for such images has.

    Args:
      net: a flax module.
      real: images of the shape it is for.

    Returns:
      The number ``p``.

    Example:
      >>> import numpy as np
      >>> from medjax import data, nets
      >>> split = data.Split(np.zeros((2, 8, 8, 1), np.uint8), np.array([0, 1], np.int32))
      >>> mean, std = np.zeros(1, "f"), np.ones(1, "f")
      >>> real = data.real_data(split, num_classes=2, mean=mean, std=std)
      >>> vector_size(nets.make("convnet", num_classes=2, width=2, depth=1), real)
      90
    """
    return sum(leaf.size for leaf in jax.tree.leaves(parameter_shapes(net, real)))


def parameter_shapes(net: nn.Module, real: RealData) -> Params:
    """The shapes of a network's parameters.

    Args:
      net: a flax module.
      real: images of the shape it is for.

    Returns:
      A pytree of ``jax.ShapeDtypeStruct``.
    """
    return _shapes(net, real)["params"]


def check_experts(net: nn.Module, experts: Experts, real: RealData) -> None:
    """Refuses parameters that cannot be those of the experts asked for.

    Args:
      net: a flax module.
      experts: how they were to be trained.
      real: the training images, with what is taken for their experts; shapes are enough.

    Raises:
      UserError: with the shape they have and the one they need.
    """
    needed = (experts.count * experts.snapshots, vector_size(net, real))
    found = None if real.experts is None else tuple(real.experts.shape)
    if found != needed:
        raise UserError(
            f"real.experts must be {list(needed)}, {experts.snapshots} snapshots of "
            f"{experts.count} experts as train_experts makes them, got "
            f"{found if found is None else list(found)}"
        )


def _shapes(net: nn.Module, real: RealData) -> Params:
    """The shapes of all variables of a network."""
    return jax.eval_shape(net.init, jax.random.key(0), _image(real))


def _image(real: RealData) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct((1, *real.images.shape[1:]), real.mean.dtype)
