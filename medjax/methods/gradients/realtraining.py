"""The inner loop of IDC: a network trains on real minibatches."""

import dataclasses
import functools
from typing import cast

import jax
import jax.numpy as jnp
from jax import lax

from medjax import kernels
from medjax.augment import cutmix, sample_cutmix
from medjax.data import RealData, take
from medjax.errors import UserError
from medjax.methods.gradients.innerloop import InnerLoop, Trained
from medjax.types import Array, LossFn, PRNGKey, SyntheticSet


@dataclasses.dataclass(frozen=True, kw_only=True)
class RealTraining(InnerLoop):
    """Some minibatches of real images of all classes before each update but a network's first.

    A shuffled pass over the real images is cut into minibatches of ``batch_real`` images, at most
    as many as the largest class has; the last one is filled up with images of its beginning. Each
    update begins a pass of its own, and ends with it.

    Attributes:
      batch_real: real images in a minibatch.
      train_images: real images before each update but the first, rounded up to minibatches.
      pretrain_epochs: passes over all real images before the first update.
      cutmix: the probability that a minibatch is mixed, see ``augment.cutmix``.
    """

    batch_real: int
    train_images: int
    pretrain_epochs: int
    cutmix: float

    def train(
        self,
        network: tuple[PRNGKey, Trained],
        syn: SyntheticSet,
        real: RealData,
        index: Array,
        *,
        chunk_size: int | None,
    ) -> Trained:
        """Trains a network, see ``InnerLoop.train``."""
        key, trained = network
        whole, some = self._minibatches(real)
        passes = jnp.where(index > 0, 1, self.pretrain_epochs)
        steps = jnp.where(index > 0, some, whole)

        def one_pass(number: Array, trained: Trained) -> Trained:
            order_key, steps_key = jax.random.split(jax.random.fold_in(key, number))
            rows = self._rows(order_key, real)

            def minibatch(place: Array, trained: Trained) -> Trained:
                step_key = jax.random.fold_in(steps_key, place)
                return self._step(real, chunk_size, rows[place], step_key, trained)

            return cast(Trained, lax.fori_loop(0, steps, minibatch, trained))

        return cast(Trained, lax.fori_loop(0, passes, one_pass, trained))

    def draws(self, key: PRNGKey, real: RealData, *, first: bool) -> Array | None:
        """Returns the rows of the minibatches, see ``InnerLoop.draws``.

        Where devices divide a minibatch, each of them reads it all for itself, when it needs it.
        """
        if self.axes:
            return None
        whole, steps = self._minibatches(real)
        passes, steps = (self.pretrain_epochs, whole) if first else (1, steps)

        def one_pass(number: Array) -> Array:
            order_key, _ = jax.random.split(jax.random.fold_in(key, number))
            return self._rows(order_key, real)[:steps]

        rows: Array = lax.map(one_pass, jnp.arange(passes, dtype=jnp.int32))
        return rows.reshape(passes * steps, rows.shape[-1])

    def _minibatches(self, real: RealData) -> tuple[int, int]:
        """Returns the numbers of minibatches in a pass, and before an update."""
        size, count = self._size(real), len(real.labels)
        return -(-count // size), -(-min(self.train_images, count) // size)

    def _size(self, real: RealData) -> int:
        # The batches of a class are as wide, so that one reader prefetches both.
        return min(self.batch_real, real.index.shape[1])

    def _rows(self, key: PRNGKey, real: RealData) -> Array:
        """Returns the minibatches of one pass, int32 ``[m, b]``."""
        (whole, _), size = self._minibatches(real), self._size(real)
        order = jax.random.permutation(key, jnp.arange(len(real.labels), dtype=jnp.int32))
        return jnp.resize(order, (whole, size))

    def _step(
        self,
        real: RealData,
        chunk_size: int | None,
        rows: Array,
        key: PRNGKey,
        trained: Trained,
    ) -> Trained:
        augment_key, mix_key = jax.random.split(key)
        draw = self.strategy.sample_per_image(augment_key, len(rows))
        images, labels = self.strategy.apply(draw, take(real, rows)), real.labels[rows]
        loss_fn: LossFn = kernels.cross_entropy
        if self.cutmix > 0:
            if labels.ndim == 2 and jnp.issubdtype(labels.dtype, jnp.integer):
                raise UserError("cutmix cannot mix unknown findings; set cutmix to 0")
            mixture = sample_cutmix(mix_key, len(rows), probability=self.cutmix)
            images, share = cutmix(images, mixture)
            labels = jnp.stack([labels, labels[mixture.partners]], axis=1)
            labels, loss_fn = labels.reshape(len(labels), -1), functools.partial(_mixed, share)
        own = self.share(trained, len(rows))
        images, labels = own.take((images, labels))
        return self.descend(trained, own, images, labels, loss_fn=loss_fn, chunk_size=chunk_size)


def _mixed(share: Array, logits: Array, labels: Array, *, weights: Array | None = None) -> Array:
    """Returns ``s ℓ(y) + (1 − s) ℓ(y′)``, for labels ``[n, 2]`` or two rows ``[n, 2L]``."""
    own, other = jnp.split(labels, 2, axis=1)
    if jnp.issubdtype(labels.dtype, jnp.integer):
        own, other = own[:, 0], other[:, 0]
    losses = [kernels.cross_entropy(logits, some, weights=weights) for some in (own, other)]
    return share * losses[0] + (1 - share) * losses[1]
