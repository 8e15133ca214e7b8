"""Core-sets: real images as is, chosen once. Distillation has to beat them."""

from collections.abc import Sequence

import flax.linen as nn
import jax.numpy as jnp
import optax
from jax.sharding import Mesh

from medjax.errors import unknown
from medjax.methods.distiller import Distiller, Iteration, make_distiller
from medjax.methods.layout import Layout, make_layout

SPACES = ("embedding", "pixels")


def random(
    *,
    net: nn.Module,
    ipc: int | Sequence[int],
    num_groups: int | None = None,
    mesh: Mesh | None = None,
) -> Distiller:
    """Draws real images of each class uniformly without replacement.

    Args:
      net: a flax module; only its number of classes matters.
      ipc: images per class, one number for all classes or one for each.
      num_groups: groups of a multi-label set, see ``data.group_indices``; ``None`` for classes.
      mesh: devices of the run, from ``parallel.make_mesh``; ``None`` is one device.

    Returns:
      A ``Distiller`` whose ``step`` changes nothing.

    Raises:
      UserError: for an impossible ``ipc``.

    Example:
      >>> from medjax import nets
      >>> distiller = random(net=nets.make("mlp", num_classes=2), ipc=10)
    """
    return _coreset(net, ipc, num_groups, mesh, init="real")


def herding(
    *,
    net: nn.Module,
    ipc: int | Sequence[int],
    space: str = "embedding",
    num_groups: int | None = None,
    mesh: Mesh | None = None,
) -> Distiller:
    """Chooses real images whose mean feature stays near that of their class: ``coreset.herding``.

    Args:
      net: a flax module with ``embed``.
      ipc: images per class, one number for all classes or one for each.
      space: ``embedding`` (features of ``net`` after 20 epochs on all images) or ``pixels``.
      num_groups: groups of a multi-label set, see ``data.group_indices``; ``None`` for classes.
      mesh: devices of the run, from ``parallel.make_mesh``; ``None`` is one device.

    Returns:
      A ``Distiller`` whose ``step`` changes nothing.

    Raises:
      UserError: for an impossible ``ipc`` or an unknown space.

    Example:
      >>> from medjax import nets
      >>> distiller = herding(net=nets.make("mlp", num_classes=2), ipc=10)

    Welling, "Herding Dynamical Weights to Learn", ICML 2009.
    """
    return _coreset(net, ipc, num_groups, mesh, init="herding", space=space)


def kcenter(
    *,
    net: nn.Module,
    ipc: int | Sequence[int],
    space: str = "embedding",
    num_groups: int | None = None,
    mesh: Mesh | None = None,
) -> Distiller:
    """Chooses real images that cover their class: ``coreset.k_center``.

    Args:
      net, ipc, space, num_groups, mesh: see ``herding``.

    Returns:
      A ``Distiller`` whose ``step`` changes nothing.

    Raises:
      UserError: for an impossible ``ipc`` or an unknown space.

    Example:
      >>> from medjax import nets
      >>> distiller = kcenter(net=nets.make("mlp", num_classes=2), ipc=10, space="pixels")

    Sener and Savarese, "Active Learning for Convolutional Neural Networks: A Core-Set Approach",
    ICLR 2018.
    """
    return _coreset(net, ipc, num_groups, mesh, init="kcenter", space=space)


def _coreset(
    net: nn.Module,
    ipc: int | Sequence[int],
    num_groups: int | None,
    mesh: Mesh | None,
    *,
    init: str,
    space: str = "pixels",
) -> Distiller:
    if space not in SPACES:
        raise unknown("space", space, SPACES)
    layout = make_layout(ipc, num_groups or net.num_classes)
    return idle(layout, init=init, net=net if space == "embedding" else None, mesh=mesh)


def idle(
    layout: Layout, *, init: str, net: nn.Module | None = None, mesh: Mesh | None
) -> Distiller:
    """Returns a method that leaves its first images as they are, see ``make_distiller``."""
    iteration = Iteration(lambda key, state, real: (state, jnp.zeros((), state.images.dtype)))
    return make_distiller(iteration, optax.identity(), layout, init=init, net=net, mesh=mesh)
