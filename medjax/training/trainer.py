"""Training fresh networks on one set of images, in one compiled program."""

from collections.abc import Callable
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh

from medjax import augment, errors, kernels, parallel
from medjax.training import devices, program
from medjax.training.chunk_sizes import chunks
from medjax.training.inputs import Pixels, Stats
from medjax.training.program import Carry, Networks, Program
from medjax.training.recipe import Recipe
from medjax.training.schedule import Schedule
from medjax.training.training_set import TrainingSet, training_set
from medjax.types import Array, PRNGKey

Watch = Callable[[float], None]
# Calls of the program while somebody watches: more of a long training, whose epochs may be slow.
# The clock has no part in it, because all processes make the same calls.
_LEAST_PIECES, _MOST_PIECES, _EPOCHS_OF_A_PIECE = 20, 100, 10


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
    watch: Watch | None = None,
) -> Any:
    """Trains freshly initialised networks on one set of images by cross entropy.

    Network ``i`` depends on ``fold_in(key, i)`` alone, so it does not depend on ``num_networks``;
    its epochs depend on their index, and augmentations on epoch and batch. An epoch visits every
    image once, in batches of ``recipe.batch_size`` and one of the remainder; a set no larger than a
    batch is one batch. Everything runs in one compiled program, which serves every recipe with the
    same batch size, augmentation and loss. There are two if several devices train some networks
    alone and divide the rest.

    Args:
      key: PRNG key.
      net: a flax module from images to logits ``[n, C]``.
      images: float ``[n, h, w, c]`` in normalised space, or uint8 ``[n, h, w, c]`` (0–255),
        normalised batch by batch.
      labels: int ``[n]`` in ``0 … C-1``, or rows ``[n, C]`` in 0–1 with a number per finding. In
        rows of zeros and ones, ``types.IGNORED`` does not count in the loss. With
        ``recipe.soft_labels``, rows of probabilities whose sum is 1.
      recipe: optimiser, schedule and augmentation.
      num_networks: networks to train, at least 1.
      rows: int ``[num_networks, m]``, the training images of each network; ``None`` is all.
      stats: mean and standard deviation that normalise uint8 images; unused for float images.
      mesh: devices, from ``parallel.make_mesh``. Each trains an equal number of networks alone;
        the mesh divides the remaining networks and, without batch norm, their minibatches.
        ``None`` is one device.
      watch: is called with the fraction of the epochs that is done, 0–1.

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
    training = start_training(
        key,
        net,
        images,
        labels,
        recipe=recipe,
        num_networks=num_networks,
        rows=rows,
        stats=stats,
        mesh=mesh,
    )
    return training.until(recipe.schedule().num_epochs, watch=watch).variables()


class Training(NamedTuple):
    """Networks between two epochs of their training.

    Attributes:
      schedule: the numbers of the recipe; a changed one applies to the following epochs.
      epochs: number of epochs done.
      groups: the networks by the layout of devices that trains them.
      mesh: the devices.
    """

    schedule: Schedule
    epochs: int
    groups: tuple["_Group", ...]
    mesh: Mesh | None

    def until(self, epochs: int, *, watch: Watch | None = None) -> "Training":
        """Trains until this number of epochs is done; the pieces do not change the result.

        Args:
          epochs: number of epochs in all.
          watch: is called with the fraction of these epochs that is done, 0–1.

        Example:
          >>> from medjax import nets
          >>> net = nets.make("convnet", num_classes=2, width=2, depth=1)
          >>> images, labels = jnp.zeros((4, 4, 4, 1)), jnp.array([0, 0, 1, 1])
          >>> training = start_training(
          ...     jax.random.key(0), net, images, labels, recipe=Recipe(epochs=3), num_networks=1
          ... )
          >>> training.until(1).until(3).epochs
          3
        """
        if watch is None:
            return self._advance(epochs)
        training, start, count = self, self.epochs, epochs - self.epochs
        pieces = min(max(count // _EPOCHS_OF_A_PIECE, _LEAST_PIECES), _MOST_PIECES)
        watch(0.0)
        for piece in range(1, pieces + 1):
            stop = start + count * piece // pieces
            if stop > training.epochs:
                training = jax.block_until_ready(training._advance(stop))
                watch((stop - start) / count)
        if count < 1:
            watch(1.0)
        return training

    def _advance(self, epochs: int) -> "Training":
        span, schedule = (self.epochs, epochs), self.schedule
        trained = [
            group._replace(
                carry=program.train(
                    group.program, schedule, span, group.networks(), group.training_set
                )
            )
            for group in self.groups
        ]
        return self._replace(epochs=epochs, groups=tuple(trained))

    def restarted(self, variables: Any) -> "Training":
        """Returns networks that go on from other variables, with the momentum at zero.

        The epochs done stay as they are, and with them the learning rate and the order of the
        images.

        Args:
          variables: as ``variables`` returns them.

        Example:
          >>> from medjax import nets
          >>> net = nets.make("convnet", num_classes=2, width=2, depth=1)
          >>> images, labels = jnp.zeros((4, 4, 4, 1)), jnp.array([0, 0, 1, 1])
          >>> training = start_training(
          ...     jax.random.key(0), net, images, labels, recipe=Recipe(epochs=3), num_networks=1
          ... ).until(1)
          >>> zeros = jax.tree.map(jnp.zeros_like, training.variables())
          >>> again = training.restarted(zeros)
          >>> again.epochs, float(again.variables()["params"]["head"]["bias"].sum())
          (1, 0.0)
        """
        groups, first = [], 0
        for group in self.groups:
            own = slice(first, first + len(group.keys))
            some = jax.tree.map(lambda x, own=own: jnp.asarray(x)[own], variables)
            some = parallel.replicate(some, group.program.mesh)
            momentum = jax.tree.map(jnp.zeros_like, group.carry[1])
            groups.append(group._replace(carry=(some, momentum)))
            first = own.stop
        return self._replace(groups=tuple(groups))

    def variables(self) -> Any:
        """Returns the networks' variables, each array with a leading axis ``[num_networks]``."""
        trained = [group.carry[0] for group in self.groups]
        return jax.tree.map(
            lambda *parts: jnp.concatenate(parts), *parallel.replicate(trained, self.mesh)
        )


def start_training(
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
) -> Training:
    """Initialises networks for a training in pieces, between which they can be scored.

    Args:
      key, net, images, labels, recipe, num_networks, rows, stats, mesh: see ``train_networks``.

    Returns:
      The networks before their first epoch.

    Raises:
      UserError: see ``train_networks``.

    Example:
      >>> from medjax import nets
      >>> net = nets.make("convnet", num_classes=2, width=2, depth=1)
      >>> images, labels = jnp.zeros((4, 4, 4, 1)), jnp.array([0, 0, 1, 1])
      >>> training = start_training(
      ...     jax.random.key(0), net, images, labels, recipe=Recipe(epochs=3), num_networks=2
      ... )
      >>> training.epochs, training.variables()["params"]["head"]["bias"].shape
      (0, (2, 2))
    """
    if num_networks < 1:
        raise errors.UserError(f"num_networks must be at least 1, not {num_networks}")
    soft = recipe.soft_labels
    chosen = training_set(net, images, labels, stats, balanced=recipe.balanced, soft=soft)
    loss_fn = kernels.soft_cross_entropy if soft else kernels.cross_entropy
    keys = jax.vmap(jax.random.fold_in, in_axes=(None, 0))(key, jnp.arange(num_networks))
    strategy = augment.parse_augmentation(recipe.augment)
    size = len(chosen.labels) if rows is None else rows.shape[1]
    image = jax.eval_shape(lambda: chosen.images.normalized(slice(1)))
    groups = []
    for layout, some in devices.rounds(mesh, num_networks):
        at_once = chunks(
            net,
            chosen.images,
            num_networks=len(keys[some]),
            rows=min(recipe.batch_size, size),
            mesh=layout,
        )
        static = Program(net, recipe.batch_size, strategy, at_once, layout, loss_fn)
        own_rows = None if rows is None else jnp.asarray(rows[some])
        given = (keys[some], own_rows, chosen)
        own_keys, own_rows, own_set = parallel.replicate(given, layout)
        carry = program.start(net, image, own_keys)
        groups.append(_Group(static, own_keys, own_rows, carry, own_set))
    return Training(recipe.schedule(), 0, tuple(groups), mesh)


class _Group(NamedTuple):
    """Networks ``[k]`` that one program trains.

    Attributes:
      program: the static arguments.
      keys: PRNG keys ``[k]``.
      rows: int ``[k, m]``, the images of each network; ``None`` is all.
      carry: variables and state of the optimiser.
      training_set: the images, on the devices of the program.
    """

    program: Program
    keys: PRNGKey
    rows: Array | None
    carry: Carry
    training_set: TrainingSet

    def networks(self) -> Networks:
        return self.keys, self.rows, self.carry
