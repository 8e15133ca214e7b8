"""Training fresh networks on one set of images, in one compiled program."""

import functools
from typing import Any, NamedTuple, cast

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax
from jax.sharding import Mesh, PartitionSpec

from medjax import augment, errors, kernels, parallel, planning, training
from medjax.training import devices
from medjax.training.chunk_sizes import chunks
from medjax.training.class_weights import class_weights
from medjax.training.inputs import Images, Pixels, Stats, on_device
from medjax.training.recipe import Recipe
from medjax.training.schedule import Schedule
from medjax.training.sgd import sgd
from medjax.types import IGNORED, Array, Params, PRNGKey


def train_networks(
    key: PRNGKey,
    net: nn.Module,
    images: Pixels,
    labels: Array | np.ndarray,
    *,
    recipe: Recipe,
    num_networks: int,
    rows: Array | np.ndarray | None = None,
    stats: Stats | None = None,
    mesh: Mesh | None = None,
) -> Any:
    """Trains freshly initialised networks on one set of images by cross entropy.

    Network ``i`` depends on ``fold_in(key, i)`` alone, so it does not depend on ``num_networks``;
    its epochs depend on their index, and augmentations on epoch and batch. An epoch visits every
    image once, in batches of ``recipe.batch_size`` and one of the remainder; a set no larger than a
    batch is one batch. Everything runs in one compiled program, which serves every recipe with the
    same batch size and augmentation. There are two if several devices train some networks alone and
    divide the rest.

    Args:
      key: PRNG key.
      net: a flax module from images to logits ``[n, C]``.
      images: float ``[n, h, w, c]`` in normalised space, or uint8 ``[n, h, w, c]`` (0–255),
        normalised batch by batch.
      labels: int ``[n]`` in ``0 … C-1``, or rows ``[n, C]`` in 0–1 with a number per finding. In
        rows of zeros and ones, ``types.IGNORED`` does not count in the loss.
      recipe: optimiser, schedule and augmentation.
      num_networks: networks to train, at least 1.
      rows: int ``[num_networks, m]``, the training images of each network; ``None`` is all.
      stats: mean and standard deviation that normalise uint8 images; unused for float images.
      mesh: devices, from ``parallel.make_mesh``. Each trains an equal number of networks alone;
        the mesh divides the remaining networks and, without batch norm, their minibatches.
        ``None`` is one device.

    Returns:
      The networks' variables (``params``, and ``batch_stats`` with batch norm), each array with a
      leading axis ``[num_networks]``.

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
    training_set = _training_set(net, images, labels, stats, balanced=recipe.balanced)
    keys = jax.vmap(jax.random.fold_in, in_axes=(None, 0))(key, jnp.arange(num_networks))
    strategy = augment.parse_augmentation(recipe.augment)
    size = len(training_set.labels) if rows is None else rows.shape[1]
    trained = []
    for layout, some in devices.rounds(mesh, num_networks):
        networks = keys[some], None if rows is None else rows[some]
        at_once = chunks(
            net,
            training_set.images,
            num_networks=len(networks[0]),
            rows=min(recipe.batch_size, size),
            mesh=layout,
        )
        program = _Program(net, recipe.batch_size, strategy, at_once, layout)
        arguments = parallel.replicate((networks, training_set), layout)
        trained.append(_train(program, recipe.schedule(), *arguments))
    return jax.tree.map(lambda *parts: jnp.concatenate(parts), *parallel.replicate(trained, mesh))


class _TrainingSet(NamedTuple):
    """Images, their labels and their weights in the loss; ``None`` is equal weights."""

    images: Images
    labels: Array
    weights: Array | None

    def take(self, rows: Array) -> "_TrainingSet":
        images = self.images._replace(pixels=self.images.pixels[rows])
        weights = None if self.weights is None else self.weights[rows]
        return _TrainingSet(images, self.labels[rows], weights)


class _Program(NamedTuple):
    """The static arguments that ``_train`` is compiled for."""

    net: nn.Module
    batch_size: int
    strategy: augment.Augmentation
    chunks: planning.Chunks
    mesh: Mesh | None


@functools.partial(jax.jit, static_argnums=0)
def _train(
    program: _Program,
    schedule: Schedule,
    networks: tuple[PRNGKey, Array | None],
    training_set: _TrainingSet,
) -> Any:
    def some(
        schedule: Schedule, networks: tuple[PRNGKey, Array | None], training_set: _TrainingSet
    ) -> Any:
        train_one = functools.partial(_train_one, program, schedule, training_set)
        return kernels.chunked_map(train_one, networks, chunk_size=program.chunks.networks)

    mesh, axes = program.mesh, devices.network_axes(program.mesh)
    whole, divided = PartitionSpec(), PartitionSpec(axes)
    train = parallel.on_mesh(some, mesh, in_specs=(whole, divided, whole), out_specs=divided)
    trained = train(schedule, devices.fill(networks, devices.parts(mesh, axes)), training_set)
    return devices.gather(jax.tree.map(lambda x: x[: len(networks[0])], trained), mesh)


def _train_one(
    program: _Program,
    schedule: Schedule,
    training_set: _TrainingSet,
    network: tuple[PRNGKey, Array | None],
) -> Any:
    key, own_rows = network
    if own_rows is not None:
        training_set = training_set.take(own_rows)
    init_key, epochs_key = jax.random.split(key)
    variables = program.net.init(init_key, training_set.images.normalized(slice(1)))
    state = _optimizer(schedule, 0).init(variables["params"])

    def epoch(index: Array, carry: tuple[Any, Any]) -> tuple[Any, Any]:
        variables, state = carry
        resets = schedule.resets_momentum_at(index)
        state = jax.tree.map(lambda m: jnp.where(resets, 0, m), state)
        step = functools.partial(_step, program, _optimizer(schedule, index), training_set)
        epoch_key, size = jax.random.fold_in(epochs_key, index), len(training_set.labels)
        trained: tuple[Any, Any] = training.run_epoch(
            epoch_key, step, (variables, state), num_rows=size, batch_size=program.batch_size
        )
        return trained

    return lax.fori_loop(0, schedule.num_epochs, epoch, (variables, state))[0]


def _step(
    program: _Program,
    optimizer: optax.GradientTransformation,
    training_set: _TrainingSet,
    carry: tuple[Any, Any],
    rows: Any,
    key: PRNGKey,
) -> tuple[Any, Any]:
    """Makes one step of SGD on the rows of one batch."""
    variables, state = carry
    # Batch norm needs the whole batch, so each device computes all of it.
    axes = () if "batch_stats" in variables else devices.row_axes(program.mesh)
    own, strategy = parallel.share(len(rows), axes), program.strategy
    draw = strategy.sample_per_image(key, len(rows))
    # The whole batch, because DC's augmentation fills with its mean.
    images = strategy.apply(draw, training_set.images.normalized(rows))
    images, rows = own.take((images, rows))
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
) -> tuple[Any, Any]:
    """Computes the training loss's gradient and the running moments of a network with batch norm.

    ``images`` are the whole batch, whose moments are used; ``weights [n]`` are those of images in
    the loss. Returns the gradient with respect to ``params``, and ``{"batch_stats"}`` after the
    batch.
    """

    def loss(params: Params) -> tuple[Array, Any]:
        logits, updated = net.apply({**variables, "params": params}, images, mutable="batch_stats")
        return kernels.cross_entropy(logits, labels, weights=weights), updated

    gradient, updated = jax.grad(loss, has_aux=True)(variables["params"])
    return gradient, updated


def _optimizer(schedule: Schedule, epoch: int | Array) -> optax.GradientTransformation:
    rate = schedule.learning_rate_at(epoch)
    return sgd(rate, schedule.momentum, schedule.weight_decay)


def _training_set(
    net: nn.Module,
    given: Pixels,
    given_labels: Array | np.ndarray,
    stats: Stats | None,
    *,
    balanced: bool,
) -> _TrainingSet:
    images, labels = on_device(given, stats), np.asarray(given_labels)
    if len(labels) != len(images.pixels):
        raise errors.UserError(f"{len(labels)} labels do not fit {len(images.pixels)} images")
    image = jax.eval_shape(lambda: images.normalized(slice(1)))
    num_classes = _num_classes(net, image.shape, image.dtype)
    rows = labels.ndim == 2
    if labels.ndim not in (1, 2) or (rows and labels.shape[1] != num_classes):
        shape = list(labels.shape)
        raise errors.UserError(f"labels must be [n] or rows [n, {num_classes}], got {shape}")
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
    weights = jnp.asarray(class_weights(labels, num_classes), image.dtype) if balanced else None
    dtype = jnp.int32 if ignored else image.dtype if rows else None
    return _TrainingSet(images, jnp.asarray(labels, dtype), weights)


@functools.cache
def _num_classes(net: nn.Module, shape: tuple[int, ...], dtype: Any) -> int:
    image = jax.ShapeDtypeStruct(shape, dtype)
    logits, _ = jax.eval_shape(net.init_with_output, jax.random.key(0), image)
    return int(logits.shape[-1])
