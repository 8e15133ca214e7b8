"""What every matching method shares: one class at a time, siamese, averaged over networks."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from medjax import kernels, parallel, planning
from medjax.augment import Strategy
from medjax.data import RealData, sample_rows, take
from medjax.errors import UserError
from medjax.methods.layout import Layout
from medjax.types import ApplyFn, Array, Params, PRNGKey, SyntheticSet


class ClassBatch(NamedTuple):
    """One class's images, real and synthetic, after the same augmentation.

    Attributes:
      real_images: float ``[b, h, w, c]``.
      real_labels: int32 ``[b]``, or of a multi-label set float ``[b, L]``.
      real_weights: float ``[b]``, 0 for padding.
      syn_images: float ``[max_ipc, h, w, c]``.
      syn_labels: int32 ``[max_ipc]``, or float ``[max_ipc, L]``.
      syn_weights: float ``[max_ipc]``, 0 for padding.
    """

    real_images: Array
    real_labels: Array
    real_weights: Array
    syn_images: Array
    syn_labels: Array
    syn_weights: Array


ClassLoss = Callable[[Params, ClassBatch, planning.Chunks], Array]
"""``(variables, batch, chunks) -> scalar``, the loss of one class under one network; so many real
and synthetic images as ``chunks`` says are computed at once."""


class Matching(NamedTuple):
    """How classes are matched, whatever the loss; of a multi-label set, groups of images.

    Attributes:
      loss: the matching loss of one class.
      forward: ``(variables, images) -> outputs``, what the loss sees of the network.
      layout: where each class's synthetic images lie.
      strategy: the siamese augmentation.
      batch_real: real images of a class, fewer if the class is smaller.
      num_networks: networks whose losses are averaged.
      axes: the mesh axes that divide networks, classes and a class's real images.
    """

    loss: ClassLoss
    forward: ApplyFn
    layout: Layout
    strategy: Strategy
    batch_real: int
    num_networks: int
    axes: parallel.Axes

    def networks(self) -> parallel.Share:
        """The networks of this device."""
        return parallel.share(self.num_networks, self.axes.networks)

    def loss_and_gradient(
        self,
        keys: PRNGKey,
        variables: Params,
        syn: SyntheticSet,
        real: RealData,
        *,
        chunks: planning.Chunks,
    ) -> tuple[Array, tuple[Array, ...]]:
        """The matching loss of the synthetic set and its gradient by it.

        The gradient is that of the *sum* over classes, averaged over networks.

        Args:
          keys: a key for each network of this device, ``[k]``; a class's batch and augmentation
            are functions of the network's key and the class alone.
          variables: the networks, leading axis ``[k]``; moments of a batch norm are constants.
          syn: the synthetic set, normalised.
          real: the training images.
          chunks: what is computed at once, see ``chunks``.

        Returns:
          ``(loss, gradients)``: a scalar, the mean over classes and networks; and by the images
          ``[n, h, w, c]``, beside it by the labels ``[n, L]`` where these are rows.
        """
        num_classes = len(self.layout.index)
        own = parallel.share(num_classes, self.axes.classes)
        classes = own.take(
            (
                jnp.arange(num_classes, dtype=jnp.int32),
                jax.tree.map(self.layout.per_class, syn),
                jnp.asarray(self.layout.weights, syn.images.dtype),
            )
        )
        by = (0,) if syn.labels.ndim == 1 else (0, 1)

        def one_network(network):
            def one_class(inputs):
                label, syn, weights = inputs
                key = jax.random.fold_in(network[0], label)

                def loss(images, labels):
                    syn = SyntheticSet(images, labels)
                    batch = self._batch(key, label, syn, weights, real)
                    return self.loss(network[1], batch, chunks)

                return jax.value_and_grad(loss, argnums=by)(*syn)

            return kernels.chunked_map(one_class, classes, chunk_size=chunks.classes)

        losses, gradients = kernels.chunked_map(
            one_network, (keys, variables), chunk_size=chunks.networks
        )
        networks = self.networks()
        sums = [jnp.sum(networks.mask(x), axis=0) for x in (losses, *gradients)]
        sums = [own.place(x, count=num_classes) for x in sums]
        summed = lax.psum(sums, self.axes.classes + self.axes.networks)
        loss, *gradients = jax.tree.map(lambda x: x / self.num_networks, summed)
        return jnp.mean(loss), tuple(map(self.layout.flat, gradients))

    def chunks(self, variables: Params, images: Array, real: RealData) -> planning.Chunks:
        """What to compute at once: what is fastest here, or as much of it as fits in memory.

        Args:
          variables: the networks, leading axis ``[k]``; shapes are enough, nothing is computed.
          images: float32 ``[n, h, w, c]``, the synthetic images.
          real: the training images.

        Returns:
          Chunk sizes.

        Raises:
          UserError: if two images, a real and a synthetic one, do not fit.
        """
        num_classes, ipc = self.layout.index.shape
        rows = min(self.batch_real, real.index.shape[1])
        sizes = planning.Chunks(
            networks=jax.tree.leaves(variables)[0].shape[0],
            classes=parallel.share_size(num_classes, self.axes.classes),
            images=parallel.share_size(rows, self.axes.rows),
            synthetic=ipc,
        )
        network = jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape[1:], x.dtype), variables)

        def some(count):
            return jax.ShapeDtypeStruct((count, *images.shape[1:]), images.dtype)

        def loss(variables, syn):
            weights = jnp.ones(len(syn), syn.dtype)
            labels = jnp.zeros((len(syn), *real.labels.shape[1:]), real.labels.dtype)
            batch = ClassBatch(syn[:1], labels[:1], weights[:1], syn, labels, weights)
            return self.loss(variables, batch, planning.Chunks(None, None, None))

        real_side = planning.network_bytes(self.forward, network, some(1))
        wanted = planning.backend_chunks(
            jax.default_backend(), real_side.per_image, weight_bytes=real_side.fixed
        )
        syn_side = planning.network_bytes(loss, network, some(1))
        cost = planning.Cost(syn_side.fixed, syn_side.per_image, real_side.per_image)
        return planning.fit(wanted, sizes, cost, budget=planning.device_budget())

    def real_images(self, real: RealData) -> Array:
        """Real images that one evaluation of the loss under one network looks at."""
        return jnp.sum(jnp.minimum(real.counts, self.batch_real))

    def draws(self, keys: PRNGKey, real: RealData) -> Array:
        """The rows of all real batches that ``loss_and_gradient`` with these keys looks at.

        Args:
          keys: a key for each network, ``[k]``.
          real: the training images.

        Returns:
          int32 ``[k, C, b]``, in the order in which networks and classes are taken.
        """
        labels = jnp.arange(len(self.layout.index), dtype=jnp.int32)

        def one_class(key, label):
            batch_key, _ = _batch_keys(jax.random.fold_in(key, label))
            return sample_rows(batch_key, real, label, batch=self.batch_real)[0]

        return jax.lax.map(
            lambda key: jax.lax.map(lambda label: one_class(key, label), labels), keys
        )

    def _batch(
        self, key: PRNGKey, label: Array, syn: SyntheticSet, weights: Array, real: RealData
    ) -> ClassBatch:
        batch_key, augment_key = _batch_keys(key)
        rows, real_weights = sample_rows(batch_key, real, label, batch=self.batch_real)
        own = parallel.share(len(rows), self.axes.rows)
        rows, real_weights = own.take(rows), own.mask(own.take(real_weights))
        draw = self.strategy.sample(augment_key)
        return ClassBatch(
            real_images=self.strategy.apply(draw, take(real, rows)),
            real_labels=real.labels[rows],
            real_weights=real_weights,
            syn_images=self.strategy.apply(draw, syn.images),
            syn_labels=syn.labels,
            syn_weights=weights,
        )


def _batch_keys(key: PRNGKey) -> PRNGKey:
    """What a class's real batch is drawn with, and its augmentation."""
    return jax.random.split(key)


def check_numbers(*, at_least: float, **numbers: float) -> None:
    """Refuses numbers that are too small.

    Args:
      at_least: the smallest value that will do.
      **numbers: values by the name that the user knows.

    Raises:
      UserError: naming the first that is smaller.

    Example:
      >>> check_numbers(at_least=1, batch_real=256)
    """
    for name, value in numbers.items():
        if not value >= at_least:
            raise UserError(f"{name} must be at least {at_least}, got {value}")
