"""A queue of networks that are trained on the real images while a method draws from them."""

import dataclasses
from typing import NamedTuple

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from jax import lax

from medjax import kernels, parallel, planning, training
from medjax.data import RealData, take
from medjax.errors import UserError
from medjax.kernels.losses import divide_by_weight, known_weights
from medjax.methods.networks import random_networks
from medjax.types import Array, Params, PRNGKey

# Networks in the queue before the first iteration, which adds one.
_FIRST = 3
_MOMENTUM, _WEIGHT_DECAY = 0.9, 5e-4
_GIB = 2**30


class Member(NamedTuple):
    """A network in training; in a queue, those of all its ``k`` slots along a leading axis.

    Attributes:
      variables: the network.
      opt_state: the state of its optimiser.
      accuracy: float scalar, the share of labels that it got right in all its minibatches, each
        before the step on it; 0 without one.
      minibatches: int32 scalar, its steps of training.
    """

    variables: Params
    opt_state: optax.OptState
    accuracy: Array
    minibatches: Array


class NetworkQueue(NamedTuple):
    """Networks of different ages, in slots that are allocated once.

    Attributes:
      members: the network of each slot, leading axis ``[k]``; zeros in a slot that is still empty.
      made: int32 scalar, networks made so far; the next one takes slot ``made mod k``.
    """

    members: Member
    made: Array

    @property
    def filled(self) -> Array:
        """The number of slots with a network, an int32 scalar; they are the first ones."""
        return jnp.minimum(self.made, len(self.members.accuracy))

    @property
    def nbytes(self) -> int:
        """The memory of all slots in bytes."""
        return sum(x.size * x.dtype.itemsize for x in jax.tree.leaves(self))

    def draw(self, key: PRNGKey, *, count: int) -> Array:
        """Draws distinct networks; repeats them if there are fewer.

        Args:
          key: PRNG key.
          count: number of networks.

        Returns:
          Their slots, int32 ``[count]``.
        """
        size = len(self.members.accuracy)
        scores = jax.random.uniform(key, (size,), jnp.float32)
        scores = jnp.where(jnp.arange(size, dtype=jnp.int32) < self.filled, scores, -1.0)
        _, slots = lax.top_k(scores, min(count, size))
        distinct = jnp.minimum(self.filled, len(slots))
        return slots[jnp.arange(count, dtype=jnp.int32) % distinct]


@dataclasses.dataclass(frozen=True, kw_only=True)
class QueueTraining:
    """The life of the networks of a queue: when they enter and leave it, and how they are trained.

    A network trains on minibatches of distinct real images of any class, or all if there are fewer
    than ``batch_size``, without augmentation: SGD with momentum 0.9 and weight decay 5e-4 on the
    cross entropy.

    Attributes:
      net: a flax module; a batch norm keeps running moments of the minibatches.
      kept: slots of the queue; a fresh network replaces the oldest once all are filled.
      new_every: iterations between two fresh networks. The first iteration makes four.
      trained: networks that are drawn and trained in each iteration; all if there are fewer, and 0
        leaves them random.
      steps: minibatches of each of them.
      learning_rate: of SGD.
      axes: mesh axes along which devices divide each minibatch. Batch norm needs a whole minibatch,
        so that each device then computes all of it.
      batch_size: images of a minibatch.
    """

    net: nn.Module
    kept: int
    new_every: int
    trained: int
    steps: int
    learning_rate: float
    axes: parallel.AxisNames
    batch_size: int = 256

    def start(self, image: Array) -> NetworkQueue:
        """Allocates an empty queue.

        Args:
          image: float ``[1, h, w, c]``, of which only the shape matters.

        Returns:
          The queue.

        Raises:
          UserError: if it does not fit in memory.
        """
        variables = dict(jax.eval_shape(self.net.init, jax.random.key(0), image))
        shapes = variables, jax.eval_shape(self._optimizer.init, variables["params"])
        size = self.kept * sum(x.size * x.dtype.itemsize for x in jax.tree.leaves(shapes))
        if size > planning.device_budget():
            raise UserError(
                f"num_networks_kept={self.kept} networks and their momenta take "
                f"{size / _GIB:.1f} GiB, and this device has "
                f"{planning.device_budget() / _GIB:.1f} GiB; keep fewer"
            )
        one = Member(*shapes, jnp.zeros((), image.dtype), jnp.zeros((), jnp.int32))
        members = jax.tree.map(lambda x: jnp.zeros((self.kept, *x.shape), x.dtype), one)
        return NetworkQueue(members, jnp.zeros((), jnp.int32))

    def renew(self, key: PRNGKey, queue: NetworkQueue, image: Array, step: Array) -> NetworkQueue:
        """Makes the networks that are due at an iteration.

        Args:
          key: PRNG key of the iteration.
          queue: the queue.
          image: float ``[1, h, w, c]``, of which only the shape matters.
          step: int32 scalar, the number of the iteration.

        Returns:
          The queue.
        """
        first = jnp.where(queue.made == 0, _FIRST, 0)
        due = first + (step % self.new_every == 0).astype(jnp.int32)

        def push(index: Array, queue: NetworkQueue) -> NetworkQueue:
            _, networks = random_networks(key, self.net, image, index[None])
            variables = jax.tree.map(lambda x: x[0], networks)
            opt_state = self._optimizer.init(variables["params"])
            none = jnp.zeros((), image.dtype), jnp.zeros((), jnp.int32)
            queue = _put(queue, queue.made % self.kept, Member(variables, opt_state, *none))
            return queue._replace(made=queue.made + 1)

        renewed: NetworkQueue = lax.fori_loop(0, due, push, queue)
        return renewed

    def rows(self, key: PRNGKey, real: RealData) -> Array:
        """Returns the rows that ``train`` reads with this key, int32 ``[trained, steps, b]``."""
        count = len(real.labels)
        _, batch_key = jax.random.split(key)
        keys = jax.random.split(batch_key, self.trained * self.steps)

        def one_minibatch(key: PRNGKey) -> Array:
            order = jax.random.permutation(key, jnp.arange(count, dtype=jnp.int32))
            return order[: self.batch_size]

        rows: Array = lax.map(one_minibatch, keys)
        return rows.reshape(self.trained, self.steps, rows.shape[-1])

    def train(self, key: PRNGKey, queue: NetworkQueue, real: RealData) -> NetworkQueue:
        """Trains some networks, which are drawn at random.

        Args:
          key: PRNG key of the iteration.
          queue: the queue, with a network in it.
          real: the training images.

        Returns:
          The queue.
        """
        if not self.trained:
            return queue
        slot_key, _ = jax.random.split(key)
        slots = queue.draw(slot_key, count=self.trained)
        minibatches = self.rows(key, real)

        def one_network(index: Array, queue: NetworkQueue) -> NetworkQueue:
            def one_step(step: Array, member: Member) -> Member:
                return self._step(member, minibatches[index, step], real)

            member: Member = jax.tree.map(lambda x: x[slots[index]], queue.members)
            return _put(queue, slots[index], lax.fori_loop(0, self.steps, one_step, member))

        count = jnp.minimum(self.trained, queue.filled)
        trained: NetworkQueue = lax.fori_loop(0, count, one_network, queue)
        return trained

    @property
    def _optimizer(self) -> optax.GradientTransformation:
        return training.sgd(self.learning_rate, _MOMENTUM, _WEIGHT_DECAY)

    def _step(self, member: Member, rows: Array, real: RealData) -> Member:
        variables, opt_state, accuracy, minibatches = member
        whole = "batch_stats" in variables
        axes = () if whole else self.axes
        own = parallel.share(len(rows), axes)
        rows = own.take(rows)
        image = jax.ShapeDtypeStruct((1, *real.images.shape[1:]), real.mean.dtype)
        chunks = training.chunks_of(self.net, image, num_networks=1, rows=len(rows), whole=whole)
        batch = take(real, rows), real.labels[rows], own.mask(jnp.ones(len(rows), image.dtype))
        gradient, right, moments = self._gradient(variables, batch, chunks.images, axes)
        updates, opt_state = self._optimizer.update(gradient, opt_state, variables["params"])
        params = optax.apply_updates(variables["params"], updates)
        minibatches += 1
        accuracy += (right - accuracy) / minibatches.astype(accuracy.dtype)
        variables = {**variables, **moments, "params": params}
        return Member(variables, opt_state, accuracy, minibatches)

    def _gradient(
        self,
        variables: Params,
        batch: tuple[Array, Array, Array],
        chunk_size: int | None,
        axes: parallel.AxisNames,
    ) -> tuple[Params, Array, Params]:
        """Returns the gradient, the share of labels that are right, and the moments if any."""

        def of_chunk(chunk: tuple[Array, Array, Array]) -> tuple[Params, Array, Params]:
            images, labels, weights = chunk
            total = jnp.sum(known_weights(labels, weights))

            def loss(params: Params) -> tuple[Array, tuple[Array, Params]]:
                both = {**variables, "params": params}
                logits, moments = self.net.apply(both, images, mutable="batch_stats")
                right = jnp.sum(weights * share_right(logits, labels))
                entropy = kernels.cross_entropy(logits, labels, weights=weights)
                return total * entropy, (right, moments)

            gradient, (right, moments) = jax.grad(loss, has_aux=True)(variables["params"])
            return gradient, right, moments

        gradient, right, moments = kernels.chunked_sum(of_chunk, batch, chunk_size=chunk_size)
        weights = known_weights(*batch[1:])
        means = divide_by_weight((gradient, right), weights, axis_name=axes or None)
        return *means, moments


def share_right(logits: Array, labels: Array) -> Array:
    """Returns the share of each image's labels that the logits get right.

    Args:
      logits: float ``[n, classes]``.
      labels: int ``[n]``; or ``[n, classes]`` of a multi-label set, float in ``[0, 1]``, or int,
        where an ignored one counts as wrong.

    Returns:
      Float ``[n]``.

    Example:
      >>> share_right(jnp.array([[2.0, 1.0], [0.0, 1.0]]), jnp.array([0, 0])).tolist()
      [1.0, 0.0]
    """
    chex.assert_rank(logits, 2)
    if labels.ndim == 1:
        guessed = jnp.argmax(logits, axis=1).astype(labels.dtype)
        return (guessed == labels).astype(logits.dtype)
    right = ((logits > 0) == (2 * labels > 1)) & (labels >= 0)
    return jnp.mean(right, axis=1, dtype=logits.dtype)


def _put(queue: NetworkQueue, slot: Array, member: Member) -> NetworkQueue:
    members = jax.tree.map(lambda x, y: x.at[slot].set(y), queue.members, member)
    return queue._replace(members=members)
