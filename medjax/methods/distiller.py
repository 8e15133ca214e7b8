"""What a distillation method is: a pair of functions, like an optax optimiser."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax
from jax.sharding import Mesh

from medjax import parallel
from medjax.data import RealData
from medjax.errors import unknown
from medjax.methods.layout import INITS, Layout, initial_images
from medjax.types import Array, PRNGKey


class DistillState(NamedTuple):
    """All that a run needs to go on; it holds no random state.

    Attributes:
      step: int32 scalar, iterations done.
      images: float32 ``[n, h, w, c]``, the synthetic images, normalised.
      labels: int32 ``[n]``.
      opt_state: state of the optimiser of the images.
      loss_sum: float scalar, the losses of all iterations since the caller last set it to zero,
        added one by one: how the iterations were cut into calls does not change a bit of it.
    """

    step: Array
    images: Array
    labels: Array
    opt_state: optax.OptState
    loss_sum: Array


class StepInfo(NamedTuple):
    """What happened in one call of ``step``.

    Attributes:
      loss: float scalar, the matching loss averaged over classes, networks, outer steps and
        iterations of the call.
      bad_step: int32 scalar, the iteration that gave a loss or a pixel that is not finite, or −1.
        Nothing runs after it, and the images are then not to be used.
      real_images: int32 scalar, real images that were matched.
    """

    loss: Array
    bad_step: Array
    real_images: Array


class Distiller(NamedTuple):
    """A distillation method, ready for a network and a number of images per class.

    Attributes:
      init: ``(key, real) -> state``; the synthetic images before the first update.
      step: ``(key, state, real, num_steps) -> (state, info)``; runs ``num_steps`` iterations in
        one compiled call and donates ``state``. An iteration is the life of one network (of
        ``num_networks`` networks): one update of the images for DM, ``outer_loop`` updates for DC
        and DSA. Every call takes the *same* key: an iteration's randomness is a function of the
        key and its number alone, so neither resuming nor the number of steps in a call changes
        a result.
    """

    init: Callable[[PRNGKey, RealData], DistillState]
    step: Callable[[PRNGKey, DistillState, RealData, int], tuple[DistillState, StepInfo]]


class Iteration(NamedTuple):
    """What a method does with one network (or several): the part that differs.

    Attributes:
      run: ``(key, images, opt_state, real) -> (images, opt_state, loss)``.
      real_images: ``real -> int``, real images matched in one run.
    """

    run: Callable[[PRNGKey, Array, optax.OptState, RealData], tuple[Array, optax.OptState, Array]]
    real_images: Callable[[RealData], int]


def make_distiller(
    iteration: Iteration,
    optimizer: optax.GradientTransformation,
    layout: Layout,
    *,
    init: str,
    mesh: Mesh | None = None,
) -> Distiller:
    """Makes a method of what it does with one network.

    Args:
      iteration: what differs between methods.
      optimizer: of the images.
      layout: where each class's synthetic images lie.
      init: what the images start from, see ``initial_images``.
      mesh: devices to work on; each has the whole state, and ``iteration.run`` divides the work.

    Returns:
      A ``Distiller``.

    Raises:
      UserError: for an unknown ``init``.

    Example:
      >>> from medjax.methods.layout import make_layout
      >>> halve = lambda key, images, opt_state, real: (images / 2, opt_state, jnp.sum(images))
      >>> iteration = Iteration(run=halve, real_images=lambda real: 0)
      >>> distiller = make_distiller(iteration, optax.sgd(1.0), make_layout(1, 2), init="noise")
      >>> zero = jnp.zeros((), jnp.int32)
      >>> start = DistillState(zero, jnp.ones(4), jnp.zeros(4, int), (), jnp.zeros(()))
      >>> state, info = distiller.step(jax.random.key(0), start, None, 2)
      >>> float(state.images[0]), float(info.loss), int(info.bad_step)
      (0.25, 3.0, -1)
    """
    if init not in INITS:
        raise unknown("init", init, INITS)

    def start(key: PRNGKey, real: RealData) -> DistillState:
        # A constant that no iteration has: the start must not share its randomness with one.
        start_key = jax.random.fold_in(key, np.uint32(2**32 - 1))
        images, labels = initial_images(start_key, real, layout, init=init)
        step, loss_sum = jnp.zeros((), jnp.int32), jnp.zeros((), images.dtype)
        state = DistillState(step, images, labels, optimizer.init(images), loss_sum)
        return parallel.replicate(state, mesh)

    return Distiller(init=start, step=_repeat(iteration, mesh))


def _repeat(iteration: Iteration, mesh: Mesh | None) -> Callable:
    """``Distiller.step``: jitted, the state donated, one program for calls of any length."""

    def repeat(key, state, real, num_steps):
        def unfinished(carry):
            _, _, done, bad_step = carry
            return (done < num_steps) & (bad_step < 0)

        def body(carry):
            state, total, done, bad_step = carry
            images, opt_state, loss = iteration.run(
                jax.random.fold_in(key, state.step), state.images, state.opt_state, real
            )
            finite = jnp.isfinite(loss) & jnp.all(jnp.isfinite(images))
            bad_step = jnp.where(finite, bad_step, state.step)
            state = DistillState(
                state.step + 1, images, state.labels, opt_state, state.loss_sum + loss
            )
            return state, total + loss, done + 1, bad_step

        zero = jnp.zeros((), jnp.int32)
        start = (state, jnp.zeros((), state.images.dtype), zero, zero - 1)
        state, total, done, bad_step = lax.while_loop(unfinished, body, start)
        matched = done * iteration.real_images(real)
        return state, StepInfo(total / jnp.maximum(done, 1).astype(total.dtype), bad_step, matched)

    spread = parallel.on_mesh(repeat, mesh)

    @partial(jax.jit, donate_argnums=1)
    def step(key, state, real, num_steps):
        return spread(key, state, real, jnp.asarray(num_steps, jnp.int32))

    return step
