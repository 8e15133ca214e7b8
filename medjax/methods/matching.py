"""The common part of DC, DSA and DM, which match class by class and average over networks."""

import abc
import dataclasses
import functools
from typing import Any, ClassVar, NamedTuple, cast

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from jax import lax
from jax.sharding import Mesh

from medjax import kernels, parallel, planning
from medjax.augment import Strategy
from medjax.data import RealData, sample_rows, take
from medjax.methods.checks import check_numbers
from medjax.methods.distiller import Distiller, DistillState, Iteration, make_distiller
from medjax.methods.formation import decode, repeated
from medjax.methods.layout import Layout
from medjax.methods.networks import random_networks
from medjax.types import Array, Params, PRNGKey, SyntheticSet

# The number of the key of a class that its loss draws with; the first two are ``_batch_keys``.
_LOSS = 2

_Graded = tuple[Array, tuple[Array, ...]]
"""``(loss, gradients)``."""


class ClassBatch(NamedTuple):
    """The real and synthetic images of one class, after the same augmentation.

    Attributes:
      real_images: float ``[b, h, w, c]``.
      real_labels: int32 ``[b]``; multi-label, float ``[b, L]``, or int32 with ignored ones.
      syn_images: float ``[max_ipc, h, w, c]``.
      syn_labels: int32 ``[max_ipc]``; multi-label, float ``[max_ipc, L]``.
      real_weights: float ``[b]``, 0 for padding.
      syn_weights: float ``[max_ipc]``, 0 for padding.
      key: what the loss draws is a function of it.
      frequencies: float ``[k, f]``, of a characteristic distance; ``None`` if the loss has none, or
        draws them.
    """

    real_images: Array
    real_labels: Array
    syn_images: Array
    syn_labels: Array
    real_weights: Array
    syn_weights: Array
    key: PRNGKey
    frequencies: Array | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Matching(abc.ABC):
    """A sum of class losses under several networks. The classes of a multi-label set are groups.

    Attributes:
      net: a flax module.
      layout: where the synthetic images of each class lie.
      strategy: the siamese augmentation.
      optimizer: the optimiser of the images.
      batch_real: real images of a class, fewer if the class is smaller.
      num_networks: networks over which the loss is averaged.
      axes: the mesh axes that divide the networks, the classes and the real images of a class.
      updates: updates of the images in an iteration.
      factor: patches along each side of a stored image, see ``decode``.
      method: the method of ``net`` whose outputs are compared; ``None`` for the logits.
    """

    net: nn.Module
    layout: Layout
    strategy: Strategy
    optimizer: optax.GradientTransformation
    batch_real: int
    num_networks: int
    axes: parallel.Axes
    updates: int = 1
    factor: int = 1
    method: ClassVar[str | None] = None

    def __post_init__(self) -> None:
        check_numbers(at_least=1, batch_real=self.batch_real, num_networks=self.num_networks)

    def distiller(self, init: str, mesh: Mesh | None) -> Distiller:
        """Returns the method that starts from ``init`` and works on the devices of ``mesh``."""
        iteration = Iteration(self.run, self.real_images, self.draws, self.minibatches, self.extend)
        return make_distiller(
            iteration,
            self.optimizer,
            self.layout,
            init=init,
            net=self.net,
            mesh=mesh,
            factor=self.factor,
        )

    @abc.abstractmethod
    def class_loss(self, variables: Params, batch: ClassBatch, chunks: planning.Chunks) -> Array:
        """Returns the loss of one class under one network, ``chunks`` images at once."""

    @abc.abstractmethod
    def run(self, key: PRNGKey, state: DistillState, real: RealData) -> tuple[DistillState, Array]:
        """Runs an iteration, see ``Iteration.run``."""

    @abc.abstractmethod
    def draws(self, key: PRNGKey, real: RealData) -> Array:
        """Returns the rows that ``run`` reads, see ``Iteration.draws``."""

    def minibatches(self, key: PRNGKey, real: RealData) -> Array:
        """Returns the rows that ``run`` trains networks on, see ``Iteration.minibatches``."""
        return jnp.zeros((0, 1), jnp.int32)

    def real_images(self, real: RealData) -> Array:
        """Returns how many real images ``run`` matches, an int32 scalar."""
        each = jnp.sum(jnp.minimum(real.counts, self.batch_real), dtype=jnp.int32)
        return self.num_networks * self.updates * each

    def extend(self, state: DistillState) -> DistillState:
        """Adds to the first state what is learned besides the images, see ``Iteration.extend``."""
        return state

    def loss_options(self, batch: ClassBatch, chunks: planning.Chunks) -> dict[str, Any]:
        """Returns the keyword arguments that the losses of ``kernels`` have in common."""
        sizes = {"chunk_size": chunks.images, "syn_chunk_size": chunks.synthetic}
        return self.weight_options(batch) | sizes

    def weight_options(self, batch: ClassBatch) -> dict[str, Any]:
        """Returns those of ``loss_options`` that losses of features have too."""
        return {
            "real_weights": batch.real_weights,
            "syn_weights": batch.syn_weights,
            "axis_name": self.axes.rows or None,
        }

    def networks(self, key: PRNGKey, images: Array) -> tuple[PRNGKey, Params]:
        """Returns the keys and variables of this device's networks, freshly initialised."""
        indices = self._share().take(jnp.arange(self.num_networks))
        return random_networks(key, self.net, images[:1], indices)

    def loss_and_gradient(
        self,
        networks: tuple[PRNGKey, Params],
        syn: SyntheticSet,
        real: RealData,
        *,
        chunks: planning.Chunks,
        frequencies: Array | None = None,
    ) -> _Graded:
        """Returns the matching loss of the synthetic set and the gradient with respect to it.

        The gradient is that of the *sum* over classes, averaged over networks.

        Args:
          networks: keys ``[k]`` and variables with a leading axis ``[k]`` of this device. The batch
            and augmentation of a class are functions of the network's key and the class alone; the
            moments of a batch norm are constants.
          syn: the synthetic set, normalised.
          real: the training images.
          chunks: chunk sizes, from ``chunks``.
          frequencies: float ``[C, k, f]``, see ``ClassBatch``.

        Returns:
          ``(loss, gradients)``: a scalar, the mean over classes and networks; and the gradient
          with respect to the images ``[n, h, w, c]``, followed by that with respect to the labels
          ``[n, L]`` of a multi-label set, and by that with respect to ``frequencies``.
        """
        chex.assert_rank([syn.images, syn.labels], [4, {1, 2}])
        chex.assert_equal_shape_prefix([syn.images, syn.labels], 1)
        chex.assert_equal_shape_suffix([syn.images, real.images], 3)
        num_classes = len(self.layout.index)
        own = parallel.share(num_classes, self.axes.classes)
        classes = own.take(
            (
                jnp.arange(num_classes, dtype=jnp.int32),
                jax.tree.map(self.layout.per_class, syn),
                jnp.asarray(self.layout.weights, syn.images.dtype),
                frequencies,
            )
        )

        def one_network(network: tuple[PRNGKey, Params]) -> _Graded:
            one_class = functools.partial(self._one_class, network, real, chunks)
            graded: _Graded = kernels.chunked_map(one_class, classes, chunk_size=chunks.classes)
            return graded

        losses, gradients = kernels.chunked_map(one_network, networks, chunk_size=chunks.networks)
        sums = [jnp.sum(self._share().mask(x), axis=0) for x in (losses, *gradients)]
        sums = [own.place(x, count=num_classes) for x in sums]
        summed = lax.psum(sums, self.axes.classes + self.axes.networks)
        loss, *gradients = jax.tree.map(lambda x: x / self.num_networks, summed)
        # The gradient by frequencies passes through the sum over real rows, whose own gradient is a
        # sum over devices: each has its rows' part times their number.
        by_class = [] if frequencies is None else [lax.pmean(gradients.pop(), self.axes.rows)]
        return jnp.mean(loss), (*map(self.layout.flat, gradients), *by_class)

    def chunks(
        self, variables: Params, images: Array, real: RealData, *, kept_bytes: int = 0
    ) -> planning.Chunks:
        """Chooses the fastest chunk sizes of this backend that fit in memory.

        Only shapes matter, and the memory that the method itself keeps. Raises a ``UserError`` if
        the rest is too small for one real and one synthetic image.
        """
        num_classes, ipc = self.layout.index.shape
        rows = min(self.batch_real, real.index.shape[1])
        sizes = planning.Chunks(
            networks=jax.tree.leaves(variables)[0].shape[0],
            classes=parallel.share_size(num_classes, self.axes.classes),
            images=parallel.share_size(rows, self.axes.rows),
            synthetic=ipc * self.factor**2,
        )
        network = jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape[1:], x.dtype), variables)
        image = jax.ShapeDtypeStruct((1, *images.shape[1:]), images.dtype)

        def forward(variables: Params, images: Array) -> Array:
            return cast(Array, self.net.apply(variables, images, method=self.method))

        def loss(variables: Params, syn: Array) -> Array:
            weights = jnp.ones(len(syn), syn.dtype)
            labels = jnp.zeros((len(syn), *real.labels.shape[1:]), real.labels.dtype)
            rows = syn[:1], labels[:1], syn, labels, weights[:1], weights
            batch = ClassBatch(*rows, jax.random.key(0))
            return self.class_loss(variables, batch, planning.Chunks(None, None, None))

        real_side = planning.network_bytes(forward, network, image)
        wanted = planning.backend_chunks(
            planning.planned_device().platform, real_side.per_image, weight_bytes=real_side.fixed
        )
        syn_side = planning.network_bytes(loss, network, image)
        cost = planning.Cost(syn_side.fixed, syn_side.per_image, real_side.per_image)
        return planning.fit(wanted, sizes, cost, budget=planning.device_budget() - kept_bytes)

    def drawn_rows(self, keys: PRNGKey, real: RealData) -> Array:
        """Returns the rows of all real batches drawn with the keys ``[k]``, int32 ``[k, C, b]``."""
        labels = jnp.arange(len(self.layout.index), dtype=jnp.int32)

        def one_class(key: PRNGKey, label: Array) -> Array:
            batch_key, _ = _batch_keys(key, label)
            return sample_rows(batch_key, real, label, batch=self.batch_real)[0]

        def one_network(key: PRNGKey) -> Array:
            return cast(Array, lax.map(functools.partial(one_class, key), labels))

        return cast(Array, lax.map(one_network, keys))

    def _share(self) -> parallel.Share:
        return parallel.share(self.num_networks, self.axes.networks)

    def _one_class(
        self,
        network: tuple[PRNGKey, Params],
        real: RealData,
        chunks: planning.Chunks,
        inputs: tuple[Array, SyntheticSet, Array, Array | None],
    ) -> _Graded:
        (key, variables), (label, syn, weights, frequencies) = network, inputs
        batch_key, augment_key = _batch_keys(key, label)

        def loss(images: Array, labels: Array, frequencies: Array | None) -> Array:
            rows, real_weights = sample_rows(batch_key, real, label, batch=self.batch_real)
            own = parallel.share(len(rows), self.axes.rows)
            rows, real_weights = own.take(rows), own.mask(own.take(real_weights))
            draw, decoded = self.strategy.sample(augment_key), decode(images, factor=self.factor)
            batch = ClassBatch(
                real_images=self.strategy.apply(draw, take(real, rows)),
                real_labels=real.labels[rows],
                syn_images=self.strategy.apply(draw, decoded),
                syn_labels=repeated(labels, factor=self.factor),
                real_weights=real_weights,
                syn_weights=repeated(weights, factor=self.factor),
                key=jax.random.fold_in(jax.random.fold_in(key, label), _LOSS),
                frequencies=frequencies,
            )
            return self.class_loss(variables, batch, chunks)

        learned = [True, syn.labels.ndim == 2, frequencies is not None]
        numbers = tuple(number for number, is_learned in enumerate(learned) if is_learned)
        return jax.value_and_grad(loss, argnums=numbers)(syn.images, syn.labels, frequencies)


def _batch_keys(key: PRNGKey, label: Array) -> PRNGKey:
    """Returns the keys that draw the real batch and the augmentation of a class, ``[2]``."""
    return jax.random.split(jax.random.fold_in(key, label))
