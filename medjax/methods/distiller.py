"""Distillation methods as pairs of functions, like optax optimisers."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax
from jax.sharding import Mesh

from medjax import parallel
from medjax.data import HostImages, RealData
from medjax.errors import unknown
from medjax.methods.experts import Experts
from medjax.methods.formation import check_factor, decode_set
from medjax.methods.initial import INITS, initial_images
from medjax.methods.layout import Layout
from medjax.types import Array, PRNGKey, SyntheticSet


class DistillState(NamedTuple):
    """The state of a distillation, enough to resume it; it contains no random state.

    Attributes:
      step: int32 scalar, iterations done.
      images: float32 ``[n, h, w, c]``, the synthetic images, normalised.
      labels: int32 ``[n]``; multi-label, rows ``[n, L]`` in 0–1; learned soft labels, logits
        ``[n, C]`` of the method's own, see ``Distiller.decode``.
      opt_state: state of the optimiser of the images.
      loss_sum: float scalar, the sum of the losses since the caller last set it to zero. They are
        added one by one, so that the division of iterations into calls does not change the sum.
      step_size: the learning rate that is learned with the images; ``None`` if there is none.
      clipped: int32 scalar, iterations whose gradient was scaled down; ``None`` if the method does
        not clip.
      networks: what a method trains besides the images, such as a ``NetworkQueue``; ``None`` if
        nothing.
    """

    step: Array
    images: Array
    labels: Array
    opt_state: optax.OptState
    loss_sum: Array
    step_size: Array | None = None
    clipped: Array | None = None
    networks: Any = None


class StepInfo(NamedTuple):
    """The outcome of one call of ``step``.

    Attributes:
      loss: float scalar, the matching loss averaged over the classes, networks, outer steps and
        iterations of the call.
      bad_step: int32 scalar, the iteration that produced a loss, a pixel or a step size that is not
        finite, or −1. No iteration runs after it, and the images are unusable.
      real_images: int32 scalar, number of real images that were matched.
    """

    loss: Array
    bad_step: Array
    real_images: Array


class Distiller(NamedTuple):
    """A distillation method for a network and a number of images per class.

    Attributes:
      init: ``(key, real) -> state``; the synthetic images before the first update.
      step: ``(key, state, real, num_steps) -> (state, info)``; runs ``num_steps`` iterations in
        one compiled call and donates ``state``. An iteration is the life of one network (or of
        ``num_networks`` networks): one update of the images for DM, ``outer_loop`` updates for DC
        and DSA. Every call takes the *same* key: the randomness of an iteration is a function of
        the key and the iteration's number alone, so neither resuming nor the number of steps in a
        call changes a result.
      draws: ``(key, step, real) -> rows``; the rows of all real batches of iteration ``step`` in
        order, int32 ``[n, b]`` for each width ``b``, for ``real.images.read_ahead`` if the images
        are on the host.
      experts: the experts that ``real.experts`` must contain; ``None`` for a method without them.
      decode: ``syn -> syn``; the set that networks train on, from the images of a state and their
        labels. It is the set itself unless an image stores several, see ``decode``, or the labels
        of a state are logits: these become probabilities.
      soft_labels: whether the labels that ``decode`` returns are rows of probabilities of classes
        that exclude each other, ``[n, C]``, on which networks train by soft cross entropy.
    """

    init: Callable[[PRNGKey, RealData], DistillState]
    step: Callable[[PRNGKey, DistillState, RealData, int], tuple[DistillState, StepInfo]]
    draws: Callable[[PRNGKey, int, RealData], tuple[Array, ...]]
    experts: Experts | None = None
    decode: Callable[[SyntheticSet], SyntheticSet] = lambda syn: syn
    soft_labels: bool = False


def _no_rows(key: PRNGKey, real: RealData) -> Array:
    return jnp.zeros((0, 1), jnp.int32)


class Iteration(NamedTuple):
    """One iteration of a method, in which methods differ.

    The defaults are those of a method that reads no real image and learns only the images.

    Attributes:
      run: ``(key, state, real) -> (state, loss)``; it neither counts iterations nor sums losses.
      real_images: ``real -> int``, real images matched in one run.
      draws: ``(key, real) -> rows``, int32 ``[..., b]``, the rows of all real batches that ``run``
        matches with this key, in order; the axis ``batch`` of a mesh divides each.
      minibatches: ``(key, real) -> rows``, int32 ``[..., b]``, the rows of all real batches that
        ``run`` then trains networks on; all devices divide each.
      extend: ``state -> state``; adds to the first state what is learned besides the images.
      start: ``(key, real, syn) -> syn``; the first synthetic set, from that of ``init``.
    """

    run: Callable[[PRNGKey, DistillState, RealData], tuple[DistillState, Array]]
    real_images: Callable[[RealData], int | Array] = lambda real: 0
    draws: Callable[[PRNGKey, RealData], Array] = _no_rows
    minibatches: Callable[[PRNGKey, RealData], Array] = _no_rows
    extend: Callable[[DistillState], DistillState] = lambda state: state
    start: Callable[[PRNGKey, RealData, SyntheticSet], SyntheticSet] = lambda key, real, syn: syn


def make_distiller(
    iteration: Iteration,
    optimizer: optax.GradientTransformation,
    layout: Layout,
    *,
    init: str,
    net: nn.Module | None = None,
    mesh: Mesh | None = None,
    factor: int = 1,
) -> Distiller:
    """Makes a method from its iteration.

    Args:
      iteration: one iteration of the method.
      optimizer: the optimiser of the images.
      layout: where the synthetic images of each class lie.
      init: the start of the images, see ``initial_images``.
      net: the network whose features ``herding`` and ``kcenter`` compare; ``None`` for pixels.
      mesh: devices to work on; each has the whole state, and ``iteration.run`` divides the work.
      factor: patches along each side of a stored image, see ``decode``.

    Returns:
      A ``Distiller``.

    Raises:
      UserError: for an unknown ``init``.

    Example:
      >>> from medjax.methods.layout import make_layout
      >>> def halve(key, state, real):
      ...     return state._replace(images=state.images / 2), jnp.sum(state.images)
      >>> distiller = make_distiller(
      ...     Iteration(halve), optax.sgd(1.0), make_layout(1, 2), init="noise"
      ... )
      >>> zero, images = jnp.zeros((), jnp.int32), jnp.ones((2, 1, 1, 2))
      >>> start = DistillState(zero, images, jnp.arange(2), (), jnp.zeros(()))
      >>> state, info = distiller.step(jax.random.key(0), start, None, 2)
      >>> float(state.images[0, 0, 0, 0]), float(info.loss), int(info.bad_step)
      (0.25, 3.0, -1)
    """
    if init not in INITS:
        raise unknown("init", init, INITS)

    def start(key: PRNGKey, real: RealData) -> DistillState:
        chex.assert_rank([key, real.images, real.labels], [0, 4, {1, 2}])
        chex.assert_equal_shape_prefix([real.images, real.labels], 1)
        # No iteration has this number, so the start shares its randomness with none.
        start_key = jax.random.fold_in(key, np.uint32(2**32 - 1))
        _, h, w, _ = real.images.shape
        check_factor(factor, (h, w))
        syn = initial_images(start_key, real, layout, init=init, net=net, factor=factor)
        images, labels = iteration.start(start_key, real, syn)
        step, loss_sum = jnp.zeros((), jnp.int32), jnp.zeros((), images.dtype)
        state = DistillState(step, images, labels, optimizer.init(images), loss_sum)
        return parallel.replicate(iteration.extend(state), mesh)

    @jax.jit
    def draws(key: PRNGKey, step: int, real: RealData) -> tuple[Array, ...]:
        step_key = jax.random.fold_in(key, step)
        along_batch, all_devices = (1, 1) if mesh is None else (mesh.shape["batch"], mesh.size)
        matched = _divided(iteration.draws(step_key, real), along_batch)
        return matched, _divided(iteration.minibatches(step_key, real), all_devices)

    spread = parallel.on_mesh(partial(_repeat, iteration), mesh)

    @partial(jax.jit, donate_argnums=1)
    def step(
        key: PRNGKey, state: DistillState, real: RealData, num_steps: int
    ) -> tuple[DistillState, StepInfo]:
        chex.assert_rank([key, state.images, state.labels], [0, 4, {1, 2}])
        chex.assert_equal_shape_prefix([state.images, state.labels], 1)
        return spread(key, state, real, jnp.asarray(num_steps, jnp.int32))

    return Distiller(init=start, step=step, draws=draws, decode=partial(decode_set, factor=factor))


def read_ahead(
    key: PRNGKey, distiller: Distiller, real: RealData, *, step: int, num_steps: int
) -> None:
    """Starts reading the images of the next call of ``distiller.step`` if they are on the host.

    This only saves time; otherwise the step reads each batch when it needs it.

    Args:
      key: the key of the call.
      distiller: the method.
      real: the training images.
      step: iterations done.
      num_steps: iterations of the call.

    Example:
      >>> from medjax import data, nets
      >>> from medjax.methods.features.dm import dm
      >>> split = data.Split(np.zeros((2, 8, 8, 1), np.uint8), np.array([0, 1], np.int32))
      >>> mean, std = np.zeros(1, "f"), np.ones(1, "f")
      >>> real = data.real_data(split, num_classes=2, mean=mean, std=std)
      >>> distiller = dm(net=nets.make("convnet", num_classes=2, width=8), ipc=10)
      >>> read_ahead(jax.random.key(0), distiller, real, step=0, num_steps=2)
    """
    if isinstance(real.images, HostImages):
        draws = [distiller.draws(key, index, real) for index in range(step, step + num_steps)]
        batches = [rows for drawn in jax.device_get(draws) for some in drawn for rows in some]
        if batches:  # some methods read no image
            real.images.read_ahead(batches)


def _divided(rows: Array, parts: int) -> Array:
    """Divides the columns of batches ``[..., b]``, padded with their first rows, among devices."""
    rows = rows.reshape(-1, rows.shape[-1])
    place = np.arange(-(-rows.shape[1] // parts) * parts)
    place = np.where(place < rows.shape[1], place, 0)
    return rows[:, place].reshape(len(rows) * parts, len(place) // parts)


_Carry = tuple[DistillState, Array, Array, Array]
"""``(state, loss_sum, done, bad_step)``, which one iteration passes to the next."""


def _repeat(
    iteration: Iteration, key: PRNGKey, state: DistillState, real: RealData, num_steps: Array
) -> tuple[DistillState, StepInfo]:
    """Runs ``Distiller.step``; ``num_steps`` is an array, so that one program serves all calls."""

    def unfinished(carry: _Carry) -> Array:
        _, _, done, bad_step = carry
        return (done < num_steps) & (bad_step < 0)

    def body(carry: _Carry) -> _Carry:
        state, total, done, bad_step = carry
        moved, loss = iteration.run(jax.random.fold_in(key, state.step), state, real)
        learned = jax.tree.leaves((loss, moved.images, moved.step_size))
        finite = jnp.all(jnp.stack([jnp.all(jnp.isfinite(x)) for x in learned]))
        bad_step = jnp.where(finite, bad_step, state.step)
        moved = moved._replace(step=state.step + 1, loss_sum=state.loss_sum + loss)
        return moved, total + loss, done + 1, bad_step

    zero = jnp.zeros((), jnp.int32)
    start = (state, jnp.zeros((), state.images.dtype), zero, zero - 1)
    state, total, done, bad_step = lax.while_loop(unfinished, body, start)
    matched = done * iteration.real_images(real)
    return state, StepInfo(total / jnp.maximum(done, 1).astype(total.dtype), bad_step, matched)
