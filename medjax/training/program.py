"""The compiled program that trains networks for some epochs."""

import functools
from typing import Any, NamedTuple, cast

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from jax import lax
from jax.sharding import Mesh, PartitionSpec

from medjax import augment, kernels, parallel, planning
from medjax.training import devices
from medjax.training.epoch import run_epoch
from medjax.training.schedule import Schedule
from medjax.training.sgd import sgd
from medjax.training.training_set import TrainingSet
from medjax.types import Array, LossFn, Params, PRNGKey

Carry = tuple[Any, Any]
"""The variables of networks and the state of their optimisers."""
Networks = tuple[PRNGKey, Array | None, Carry]
"""Keys ``[k]``, the rows ``[k, m]`` of the images of each (``None`` is all), and their carry."""


class Program(NamedTuple):
    """The static arguments that ``train`` is compiled for."""

    net: nn.Module
    batch_size: int
    strategy: augment.Augmentation
    chunks: planning.Chunks
    mesh: Mesh | None


@functools.partial(jax.jit, static_argnums=(0, 1))
def start(net: nn.Module, image: jax.ShapeDtypeStruct, keys: PRNGKey) -> Carry:
    """Initialises networks, one after the other, so that their number changes none of them."""

    def start(key: PRNGKey) -> Carry:
        init_key, _ = jax.random.split(key)
        variables = net.init(init_key, jnp.zeros(image.shape, image.dtype))
        return variables, sgd(0.0, 0.0, 0.0).init(variables["params"])

    started: Carry = lax.map(start, keys)
    return started


@functools.partial(jax.jit, static_argnums=0)
def train(
    program: Program,
    schedule: Schedule,
    span: tuple[int, int],
    networks: Networks,
    chosen: TrainingSet,
) -> Carry:
    """Trains networks from the first epoch of a span until before the last one."""

    def some(
        numbers: tuple[Schedule, tuple[int, int]],
        networks: Networks,
        chosen: TrainingSet,
    ) -> Any:
        train_one = functools.partial(_train_one, program, *numbers, chosen)
        return kernels.chunked_map(train_one, networks, chunk_size=program.chunks.networks)

    mesh, axes = program.mesh, devices.network_axes(program.mesh)
    whole, divided = PartitionSpec(), PartitionSpec(axes)
    on_devices = parallel.on_mesh(some, mesh, in_specs=(whole, divided, whole), out_specs=divided)
    filled = devices.fill(networks, devices.parts(mesh, axes))
    trained = on_devices((schedule, span), filled, chosen)
    gathered: Carry = devices.gather(jax.tree.map(lambda x: x[: len(networks[0])], trained), mesh)
    return gathered


def _train_one(
    program: Program,
    schedule: Schedule,
    span: tuple[int, int],
    chosen: TrainingSet,
    network: Networks,
) -> Any:
    key, own_rows, carry = network
    if own_rows is not None:
        chosen = chosen.take(own_rows)
    _, epochs_key = jax.random.split(key)

    def epoch(index: Array, carry: Carry) -> Carry:
        variables, state = carry
        resets = schedule.resets_momentum_at(index)
        state = jax.tree.map(lambda m: jnp.where(resets, 0, m), state)
        optimizer = sgd(schedule.learning_rate_at(index), schedule.momentum, schedule.weight_decay)
        step = functools.partial(_step, program, optimizer, chosen)
        epoch_key, size = jax.random.fold_in(epochs_key, index), len(chosen.labels)
        trained: Carry = run_epoch(
            epoch_key, step, (variables, state), num_rows=size, batch_size=program.batch_size
        )
        return trained

    return lax.fori_loop(*span, epoch, carry)


def _step(
    program: Program,
    optimizer: optax.GradientTransformation,
    training_set: TrainingSet,
    carry: Carry,
    rows: Any,
    key: PRNGKey,
) -> Carry:
    """Makes one step of SGD on the rows of one batch."""
    variables, state = carry
    # Batch norm needs the whole batch, so each device computes all of it.
    axes = () if "batch_stats" in variables else devices.row_axes(program.mesh)
    own, strategy = parallel.share(len(rows), axes), program.strategy
    draw = strategy.sample_per_image(key, len(rows))
    if strategy.needs_batch:
        images = own.take(strategy.apply(draw, training_set.images.normalized(rows)))
        rows = own.take(rows)
    else:
        draw, rows = draw._replace(units=own.take(draw.units)), own.take(rows)
        images = strategy.apply(draw, training_set.images.normalized(rows))
    labels = training_set.labels[rows]
    weights = None if training_set.weights is None else training_set.weights[rows]

    def apply(params: Params, images: Array) -> Array:
        # flax's type allows for updated variables, which only `mutable` returns.
        return cast(Array, program.net.apply({"params": params}, images))

    if "batch_stats" in variables:
        grads, updated = gradient_with_moments(
            program.net, variables, images, labels, weights=weights
        )
    else:
        updated = {}
        grads = kernels.loss_gradient(
            apply,
            variables["params"],
            images,
            labels,
            weights=own.weights(images.dtype) if weights is None else own.mask(weights),
            chunk_size=program.chunks.images,
            axis_name=axes or None,
        )
    updates, state = optimizer.update(grads, state, variables["params"])
    params = optax.apply_updates(variables["params"], updates)
    return {**updated, "params": params}, state


def gradient_with_moments(
    net: nn.Module,
    variables: Any,
    images: Array,
    labels: Array,
    *,
    weights: Array | None = None,
    loss_fn: LossFn = kernels.cross_entropy,
) -> Carry:
    """Computes the training loss's gradient and the running moments of a network with batch norm.

    ``images`` are the whole batch, whose moments are used; ``weights [n]`` are those of images in
    the loss ``loss_fn``. Returns the gradient with respect to ``params``, and ``{"batch_stats"}``
    after the batch.
    """

    def loss(params: Params) -> tuple[Array, Any]:
        logits, updated = net.apply({**variables, "params": params}, images, mutable="batch_stats")
        return loss_fn(logits, labels, weights=weights), updated

    gradient, updated = jax.grad(loss, has_aux=True)(variables["params"])
    return gradient, updated
