"""The inner loop of DC and DSA: training a network on the synthetic images."""

import dataclasses
import functools

import flax.linen as nn
import jax
import optax
from jax import lax

from medjax import kernels, parallel, training
from medjax.augment import Strategy
from medjax.methods.networks import apply_fn
from medjax.training.program import gradient_with_moments
from medjax.types import Array, Params, PRNGKey, SyntheticSet

_BATCH_SIZE = 256


@dataclasses.dataclass(frozen=True)
class InnerLoop:
    """Training of a network on shuffled minibatches, with each image augmented separately.

    Attributes:
      net: a flax module.
      strategy: the augmentation.
      optimizer: an optimiser without state.
      axes: mesh axes along which devices divide each minibatch. Batch norm needs a whole minibatch,
        so that each device then computes all of it.
    """

    net: nn.Module
    strategy: Strategy
    optimizer: optax.GradientTransformation
    axes: parallel.AxisNames

    def train(
        self,
        network: tuple[PRNGKey, Params],
        syn: SyntheticSet,
        epochs: Array,
        *,
        chunk_size: int | None,
    ) -> Params:
        """Trains a network (key and variables), ``chunk_size`` images of a minibatch at once."""
        key, variables = network
        step = functools.partial(self._step, syn, chunk_size)

        def epoch(index: Array, variables: Params) -> Params:
            epoch_key = jax.random.fold_in(key, index)
            num_rows = len(syn.labels)
            return training.run_epoch(
                epoch_key, step, variables, num_rows=num_rows, batch_size=_BATCH_SIZE
            )

        return lax.fori_loop(0, epochs, epoch, variables)

    def _step(
        self,
        syn: SyntheticSet,
        chunk_size: int | None,
        variables: Params,
        rows: Array,
        key: PRNGKey,
    ) -> Params:
        batch_norm = "batch_stats" in variables
        axes = () if batch_norm else self.axes
        own = parallel.share(len(rows), axes)
        draw = self.strategy.sample_per_image(key, len(rows))
        draw, rows = draw._replace(units=own.take(draw.units)), own.take(rows)
        images, labels = self.strategy.apply(draw, syn.images[rows]), syn.labels[rows]
        if batch_norm:
            gradient, updated = gradient_with_moments(self.net, variables, images, labels)
        else:
            updated = {}
            gradient = kernels.loss_gradient(
                apply_fn(self.net),
                variables["params"],
                images,
                labels,
                weights=own.weights(images.dtype),
                chunk_size=chunk_size,
                axis_name=axes or None,
            )
        params = variables["params"]
        updates, _ = self.optimizer.update(gradient, self.optimizer.init(params))
        return {**updated, "params": optax.apply_updates(params, updates)}
