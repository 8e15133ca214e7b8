"""DC: gradient matching."""

import dataclasses
import functools
from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from jax import lax
from jax.sharding import Mesh

from medjax import kernels, parallel, planning
from medjax.augment import parse_strategy
from medjax.data import RealData
from medjax.errors import UserError, unknown
from medjax.methods.batchnorm import MODES, with_moments
from medjax.methods.checks import check_numbers
from medjax.methods.distiller import Distiller, DistillState
from medjax.methods.formation import decode_set
from medjax.methods.gradients.innerloop import InnerLoop, SyntheticTraining, Trained
from medjax.methods.gradients.loops import loops_for
from medjax.methods.layout import make_layout
from medjax.methods.matching import ClassBatch, Matching
from medjax.methods.networks import apply_fn, both_keys
from medjax.types import Array, DistanceFn, Params, PRNGKey, SyntheticSet

DISTANCES = {
    "columnwise_cosine": kernels.columnwise_cosine,
    "squared_error": kernels.squared_error,
    "cosine": kernels.cosine,
    "conv_squared_error": kernels.conv_squared_error,
    "conv_absolute_error": kernels.conv_absolute_error,
}
_OF_CONVOLUTIONS = (kernels.conv_squared_error, kernels.conv_absolute_error)


def dc(
    *,
    net: nn.Module,
    ipc: int | Sequence[int],
    learning_rate: float = 0.1,
    momentum: float = 0.5,
    batch_real: int = 256,
    init: str = "noise",
    augment: str = "none",
    num_networks: int = 1,
    distance: str = "columnwise_cosine",
    outer_loop: int | None = None,
    inner_loop: int | None = None,
    net_learning_rate: float = 0.01,
    label_learning_rate: float = 0.0,
    batch_norm: str = "reference",
    factor: int = 1,
    num_groups: int | None = None,
    mesh: Mesh | None = None,
) -> Distiller:
    """Matches the gradients of real and synthetic images along the training of fresh networks.

    Each iteration draws ``num_networks`` fresh networks. ``outer_loop`` times, the images make one
    SGD step on ``mean_networks Σ_classes D(∇_θ ℓ(real), ∇_θ ℓ(syn))``; between two steps each
    network trains for ``inner_loop`` epochs on the current synthetic images.

    Args:
      net: a flax module.
      ipc: images per class, one number for all classes or one for each.
      learning_rate: learning rate of the images.
      momentum: momentum of the images.
      batch_real: real images of each class and update, drawn without replacement; a smaller
        class contributes all its images.
      init: the start of the images, see ``initial_images``; ``noise`` is the reference.
      augment: a siamese DSA strategy, or ``none``.
      num_networks: networks whose losses are averaged in an update; 1 is the reference.
      distance: ``columnwise_cosine`` (the reference), ``squared_error``, ``cosine``, or of the
        weights of convolutions alone ``conv_squared_error`` or ``conv_absolute_error``.
      outer_loop: updates of the images in an iteration; ``None`` follows ``loops_for(ipc)``.
      inner_loop: epochs between two updates; ``None`` follows ``loops_for(ipc)``.
      net_learning_rate: learning rate of the networks, plain SGD in batches of 256.
      label_learning_rate: learning rate of the label rows of a multi-label set, which are learned
        with the images and their momentum, within ``[0, 1]``; 0 keeps them fixed.
      batch_norm: ``reference`` or ``batch``, the moments of a batch norm in each update of the
        images, see ``with_moments``; it does not affect other norms.
      factor: patches along each side of a stored image, each of which is enlarged to an image to
        match and to train on, see ``decode``; 1 is the reference.
      num_groups: groups of a multi-label set, see ``data.group_indices``; ``None`` for classes.
      mesh: devices to work on, from ``parallel.make_mesh``; ``None`` is one device.

    Returns:
      A ``Distiller``.

    Raises:
      UserError: for a value out of range or an unknown name.

    Example:
      >>> from medjax import nets
      >>> distiller = dc(net=nets.make("convnet", num_classes=2, width=8), ipc=10)

    Zhao et al., "Dataset Condensation with Gradient Matching", ICLR 2021.
    """
    layout, loops = make_layout(ipc, num_groups or net.num_classes), loops_for(ipc)
    outer_loop = loops.outer if outer_loop is None else outer_loop
    inner_loop = loops.inner if inner_loop is None else inner_loop
    check_numbers(at_least=1, outer_loop=outer_loop)
    check_numbers(at_least=0, inner_loop=inner_loop, momentum=momentum, learning_rate=learning_rate)
    check_numbers(at_least=0, net_learning_rate=net_learning_rate)
    check_numbers(at_least=0, label_learning_rate=label_learning_rate)
    strategy, axes = parse_strategy(augment), parallel.axes_of(mesh)
    return GradientMatching(
        net=net,
        layout=layout,
        strategy=strategy,
        optimizer=optax.sgd(learning_rate, momentum),
        batch_real=batch_real,
        num_networks=num_networks,
        axes=axes,
        distance=distance_of(distance),
        inner=SyntheticTraining(
            net=net,
            strategy=strategy,
            optimizer=optax.sgd(net_learning_rate),
            axes=axes.classes + axes.rows,
            epochs=inner_loop,
        ),
        updates=outer_loop,
        factor=factor,
        batch_norm=batch_norm,
        label_optimizer=optax.sgd(label_learning_rate, momentum) if label_learning_rate else None,
    ).distiller(init, mesh)


def distance_of(name: str) -> DistanceFn:
    """Returns the distance between gradients with this name, or raises a ``UserError``."""
    if name not in DISTANCES:
        raise unknown("distance", name, DISTANCES)
    return DISTANCES[name]


_Carry = tuple[SyntheticSet, optax.OptState, Trained, Array]
"""``(syn, opt_state, networks, loss_sum)``, which one update passes to the next."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class GradientMatching(Matching):
    """Gradient matching, see ``dc``.

    Attributes:
      distance: between two gradients.
      inner: how the networks train between two updates of the images.
      batch_norm: one of ``MODES``.
      label_optimizer: the optimiser of label rows; ``None`` keeps them fixed.
    """

    distance: DistanceFn
    inner: InnerLoop
    batch_norm: str
    label_optimizer: optax.GradientTransformation | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.batch_norm not in MODES:
            raise unknown("batch_norm", self.batch_norm, MODES)

    def class_loss(self, variables: Params, batch: ClassBatch, chunks: planning.Chunks) -> Array:
        return kernels.matching_loss(
            apply_fn(self.net, variables=variables),
            variables["params"],
            *batch[:4],
            distance=self.distance,
            **self.loss_options(batch, chunks),
        )

    def run(self, key: PRNGKey, state: DistillState, real: RealData) -> tuple[DistillState, Array]:
        keys, variables = self.networks(key, state.images)
        self._check_distance(variables)
        chunks = self.chunks(variables, state.images, real)
        update = functools.partial(self._update, keys, real, chunks)
        syn = SyntheticSet(state.images, state.labels)
        zero = jnp.zeros((), state.images.dtype)
        start: _Carry = (syn, state.opt_state, self.inner.start(variables), zero)
        syn, opt_state, _, total = lax.fori_loop(0, self.updates, update, start)
        moved = state._replace(images=syn.images, labels=syn.labels, opt_state=opt_state)
        return moved, total / self.updates

    def draws(self, key: PRNGKey, real: RealData) -> Array:
        _, keys = both_keys(key, jnp.arange(self.num_networks))

        def one_update(index: Array, *, first: bool = False) -> Array:
            train_keys, match_keys = _update_keys(keys, index)
            trained = jax.vmap(lambda k: self.inner.draws(k, real, first=first))(train_keys)
            rows = jax.tree.leaves((trained, self.drawn_rows(match_keys, real)))
            return jnp.concatenate([x.reshape(-1, x.shape[-1]) for x in rows])

        first = one_update(jnp.zeros((), jnp.int32), first=True)
        others = lax.map(one_update, jnp.arange(1, self.updates, dtype=jnp.int32))
        return jnp.concatenate([first, others.reshape(-1, first.shape[-1])])

    def extend(self, state: DistillState) -> DistillState:
        if self.label_optimizer is None:
            return state
        if state.labels.ndim == 1:
            raise UserError("label_learning_rate is for multi-label sets; set it to 0 for this one")
        label_state = self.label_optimizer.init(state.labels)
        return state._replace(opt_state=(state.opt_state, label_state))

    def _update(
        self, keys: PRNGKey, real: RealData, chunks: planning.Chunks, index: Array, carry: _Carry
    ) -> _Carry:
        syn, opt_state, trained, total = carry
        train_keys, match_keys = _update_keys(keys, index)
        # The reference trains after each update except the last. Training before each update
        # except the first is the same and needs no separate program for the last one.
        decoded = decode_set(syn, factor=self.factor)
        variables, net_state = kernels.chunked_map(
            lambda network: self.inner.train(
                network, decoded, real, index, chunk_size=chunks.images
            ),
            (train_keys, trained),
            chunk_size=chunks.networks,
        )
        variables = with_moments(
            match_keys, self.net, variables, real, mode=self.batch_norm, chunk_size=chunks.networks
        )
        networks = match_keys, variables
        loss, gradients = self.loss_and_gradient(networks, syn, real, chunks=chunks)
        syn, opt_state = self._move(syn, gradients, opt_state)
        return syn, opt_state, (variables, net_state), total + loss

    def _check_distance(self, variables: Params) -> None:
        convolutions = any(x.ndim == 5 for x in jax.tree.leaves(variables["params"]))  # [k, HWIO]
        if self.distance in _OF_CONVOLUTIONS and not convolutions:
            raise UserError(
                "this distance compares the weights of convolutions, of which the network has "
                "none; use another one, such as squared_error"
            )

    def _move(
        self, syn: SyntheticSet, gradients: tuple[Array, ...], opt_state: optax.OptState
    ) -> tuple[SyntheticSet, optax.OptState]:
        image_state, label_state = opt_state if self.label_optimizer else (opt_state, None)
        updates, image_state = self.optimizer.update(gradients[0], image_state)
        images = optax.apply_updates(syn.images, updates)
        if self.label_optimizer is None:
            return SyntheticSet(images, syn.labels), image_state
        updates, label_state = self.label_optimizer.update(gradients[1], label_state)
        labels = jnp.clip(optax.apply_updates(syn.labels, updates), 0, 1)
        return SyntheticSet(images, labels), (image_state, label_state)


def _update_keys(keys: PRNGKey, index: Array) -> tuple[PRNGKey, PRNGKey]:
    """Returns the keys to train networks before an update, and the keys to match them in it."""
    step_keys = jax.vmap(jax.random.fold_in, (0, None))(keys, index)
    train_keys, match_keys = jax.vmap(jax.random.split, out_axes=1)(step_keys)
    return train_keys, match_keys
