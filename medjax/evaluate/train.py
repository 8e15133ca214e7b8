"""Training fresh networks on one set of images, in one compiled program."""

import functools
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from jax import lax

from medjax import augment, errors, kernels
from medjax.evaluate.inputs import Images, Stats, chunks, on_device
from medjax.evaluate.recipe import Recipe, Schedule, sgd
from medjax.types import Array, PRNGKey


def train_networks(
    key: PRNGKey,
    net: nn.Module,
    images: Array,
    labels: Array,
    *,
    recipe: Recipe,
    num_networks: int,
    stats: Stats | None = None,
) -> Any:
    """Trains freshly initialised networks on one set of images by softmax cross entropy.

    Network ``i`` depends on ``fold_in(key, i)`` alone, and within it an epoch on its index and an
    augmentation on epoch and batch; so it is the same network whatever ``num_networks`` is. An
    epoch visits every image once, in batches of ``recipe.batch_size`` and one of the remainder;
    a set no larger than a batch is one batch. Everything runs in one compiled program, which
    serves every recipe of the same batch size and augmentation.

    Args:
      key: PRNG key.
      net: a flax module from images to logits ``[n, C]``.
      images: float ``[n, h, w, c]`` in normalised space, or uint8 ``[n, h, w, c]`` (0–255),
        normalised batch by batch.
      labels: int ``[n]`` in ``0 … C-1``.
      recipe: optimiser, schedule and augmentation.
      num_networks: networks to train, at least 1.
      stats: mean and standard deviation that normalise uint8 images; unused for float images.

    Returns:
      The networks' variables (``params``, and ``batch_stats`` where there are some), each array
      with a leading axis ``[num_networks]``.

    Raises:
      UserError: there are no images or networks, the labels do not fit the images or the
        network, or uint8 images come without ``stats``.

    Example:
      >>> from medjax import nets
      >>> net = nets.make("convnet", num_classes=2, width=2, depth=1)
      >>> images, labels = jnp.zeros((4, 4, 4, 1)), jnp.array([0, 0, 1, 1])
      >>> recipe = Recipe(epochs=1)
      >>> key = jax.random.key(0)
      >>> variables = train_networks(key, net, images, labels, recipe=recipe, num_networks=3)
      >>> variables["params"]["head"]["bias"].shape
      (3, 2)
    """
    if num_networks < 1:
        raise errors.UserError(f"num_networks must be at least 1, not {num_networks}")
    training_set = _training_set(net, images, labels, stats)
    keys = jax.vmap(jax.random.fold_in, in_axes=(None, 0))(key, jnp.arange(num_networks))
    strategy = augment.parse_strategy(recipe.augment)
    rows = min(recipe.batch_size, len(training_set.labels))
    at_once = chunks(net, training_set.images, num_networks=num_networks, rows=rows)
    program = _Program(net, recipe.batch_size, strategy, at_once)
    return _train(program, recipe.schedule(), keys, training_set)


class _TrainingSet(NamedTuple):
    images: Images
    labels: Array


class _Program(NamedTuple):
    """What the training program is compiled for, shapes apart."""

    net: nn.Module
    batch_size: int
    strategy: augment.Strategy
    chunks: kernels.Chunks


@functools.partial(jax.jit, static_argnums=0)
def _train(program: _Program, schedule: Schedule, keys: PRNGKey, training_set: _TrainingSet) -> Any:
    train_one = functools.partial(_train_one, program, schedule, training_set)
    return kernels.chunked_map(train_one, keys, chunk_size=program.chunks.networks)


def _train_one(
    program: _Program, schedule: Schedule, training_set: _TrainingSet, key: PRNGKey
) -> Any:
    init_key, epochs_key = jax.random.split(key)
    variables = program.net.init(init_key, training_set.images.normalized(slice(1)))
    state = _optimizer(schedule, 0).init(variables["params"])

    def epoch(index, carry):
        variables, state = carry
        resets = schedule.resets_momentum_at(index)
        state = jax.tree.map(lambda m: jnp.where(resets, 0, m), state)
        step = functools.partial(_step, program, _optimizer(schedule, index), training_set)
        epoch_key = jax.random.fold_in(epochs_key, index)
        return kernels.run_epoch(
            epoch_key,
            step,
            (variables, state),
            num_rows=len(training_set.labels),
            batch_size=program.batch_size,
        )

    return lax.fori_loop(0, schedule.num_epochs, epoch, (variables, state))[0]


def _step(
    program: _Program,
    optimizer: optax.GradientTransformation,
    training_set: _TrainingSet,
    carry: tuple[Any, Any],
    rows: Any,
    key: PRNGKey,
) -> tuple[Any, Any]:
    """One step of SGD on the rows of one batch."""
    variables, state = carry
    images, labels = training_set.images.normalized(rows), training_set.labels[rows]
    strategy = program.strategy
    images = strategy.apply(strategy.sample_per_image(key, len(images)), images)

    grads, updated = _gradient(program, variables, images, labels)
    updates, state = optimizer.update(grads, state, variables["params"])
    params = optax.apply_updates(variables["params"], updates)
    return {**updated, "params": params}, state


def _gradient(program: _Program, variables: Any, images: Array, labels: Array) -> tuple[Any, Any]:
    """The gradient by the parameters, and the batch norm's running moments where there are some."""

    def apply_fn(params, images):
        return program.net.apply({"params": params}, images)

    def loss_with_moments(params):
        inputs = {**variables, "params": params}
        logits, updated = program.net.apply(inputs, images, mutable=["batch_stats"])
        return kernels.softmax_cross_entropy(logits, labels), updated

    if "batch_stats" in variables:  # a batch norm needs the batch in one piece
        return jax.grad(loss_with_moments, has_aux=True)(variables["params"])
    chunk_size = program.chunks.images
    params = variables["params"]
    return kernels.loss_gradient(apply_fn, params, images, labels, chunk_size=chunk_size), {}


def _optimizer(schedule: Schedule, epoch: int | Array) -> optax.GradientTransformation:
    rate = schedule.learning_rate_at(epoch)
    return sgd(rate, schedule.momentum, schedule.weight_decay)


def _training_set(
    net: nn.Module, images: Array, labels: Array, stats: Stats | None
) -> _TrainingSet:
    images, labels = on_device(images, stats), jnp.asarray(labels)
    if labels.ndim != 1:
        shape = list(labels.shape)
        raise errors.UserError(f"labels must be [n]; training on multi-label {shape} is not yet")
    if len(labels) != len(images.pixels):
        raise errors.UserError(f"{len(labels)} labels do not fit {len(images.pixels)} images")
    image = jax.eval_shape(lambda: images.normalized(slice(1)))
    last, low, high = _num_classes(net, image.shape, image.dtype) - 1, labels.min(), labels.max()
    if low < 0 or high > last:
        # On the device an impossible class would only lose its gradient, without a word.
        raise errors.UserError(
            f"labels must lie between 0 and {last}; these go from {low} to {high}"
        )
    return _TrainingSet(images, labels)


@functools.cache
def _num_classes(net: nn.Module, shape: tuple[int, ...], dtype: Any) -> int:
    image = jax.ShapeDtypeStruct(shape, dtype)
    logits, _ = jax.eval_shape(net.init_with_output, jax.random.key(0), image)
    return logits.shape[-1]
