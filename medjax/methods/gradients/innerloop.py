"""The inner loop of gradient matching: a network trains between two updates of the images."""

import abc
import dataclasses
import functools
from typing import cast

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from jax import lax

from medjax import kernels, parallel, training
from medjax.augment import Strategy
from medjax.data import RealData
from medjax.methods.networks import apply_fn
from medjax.training.program import gradient_with_moments
from medjax.types import Array, LossFn, Params, PRNGKey, SyntheticSet

_BATCH_SIZE = 256

Trained = tuple[Params, optax.OptState]
"""The variables of a network, and the state of its optimiser."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class InnerLoop(abc.ABC):
    """Training of a network on shuffled minibatches, with each image augmented separately.

    Attributes:
      net: a flax module.
      strategy: the augmentation.
      optimizer: the optimiser of a network, whose state lives as long as the network.
      axes: mesh axes along which devices divide each minibatch. Batch norm needs a whole minibatch,
        so that each device then computes all of it.
    """

    net: nn.Module
    strategy: Strategy
    optimizer: optax.GradientTransformation
    axes: parallel.AxisNames

    def start(self, variables: Params) -> Trained:
        """Returns fresh networks, leading axis ``[k]``, with the states of their optimisers."""
        return variables, jax.vmap(self.optimizer.init)(variables["params"])

    @abc.abstractmethod
    def train(
        self,
        network: tuple[PRNGKey, Trained],
        syn: SyntheticSet,
        real: RealData,
        index: Array,
        *,
        chunk_size: int | None,
    ) -> Trained:
        """Trains a network before an update of the images.

        Args:
          network: a key of this network and update, and the network.
          syn: the current synthetic set, decoded.
          real: the training images.
          index: int32 scalar, the number of the update; 0 is the network's first.
          chunk_size: images of a minibatch computed at once.
        """

    def draws(self, key: PRNGKey, real: RealData, *, first: bool) -> Array | None:
        """Returns the rows of all real minibatches, int32 ``[m, b]``; ``None`` if none is known.

        Args:
          key: the key of the network and update.
          real: the training images.
          first: whether the update is the network's first.
        """
        return None

    def share(self, trained: Trained, count: int) -> parallel.Share:
        """Returns this device's share of a minibatch of ``count`` images."""
        return parallel.share(count, () if "batch_stats" in trained[0] else self.axes)

    def descend(
        self,
        trained: Trained,
        own: parallel.Share,
        images: Array,
        labels: Array,
        *,
        loss_fn: LossFn = kernels.cross_entropy,
        chunk_size: int | None,
    ) -> Trained:
        """Makes one step on a minibatch, of which this device has its own images and labels."""
        variables, opt_state = trained
        params = variables["params"]
        if "batch_stats" in variables:
            gradient, updated = gradient_with_moments(
                self.net, variables, images, labels, loss_fn=loss_fn
            )
        else:
            updated = {}
            gradient = kernels.loss_gradient(
                apply_fn(self.net),
                params,
                images,
                labels,
                loss_fn=loss_fn,
                weights=own.weights(images.dtype),
                chunk_size=chunk_size,
                axis_name=self.axes or None,
            )
        updates, opt_state = self.optimizer.update(gradient, opt_state, params)
        return {**updated, "params": optax.apply_updates(params, updates)}, opt_state


@dataclasses.dataclass(frozen=True, kw_only=True)
class SyntheticTraining(InnerLoop):
    """Some epochs on the synthetic images, before each update but a network's first.

    Attributes:
      epochs: the number of epochs.
    """

    epochs: int

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
        step = functools.partial(self._step, syn, chunk_size)

        def epoch(number: Array, trained: Trained) -> Trained:
            epoch_key, count = jax.random.fold_in(key, number), len(syn.labels)
            moved: Trained = training.run_epoch(
                epoch_key, step, trained, num_rows=count, batch_size=_BATCH_SIZE
            )
            return moved

        epochs = jnp.where(index > 0, self.epochs, 0)
        return cast(Trained, lax.fori_loop(0, epochs, epoch, trained))

    def _step(
        self,
        syn: SyntheticSet,
        chunk_size: int | None,
        trained: Trained,
        rows: Array,
        key: PRNGKey,
    ) -> Trained:
        own, draw = self.share(trained, len(rows)), self.strategy.sample_per_image(key, len(rows))
        draw, rows = draw._replace(units=own.take(draw.units)), own.take(rows)
        images, labels = self.strategy.apply(draw, syn.images[rows]), syn.labels[rows]
        return self.descend(trained, own, images, labels, chunk_size=chunk_size)
