"""The common part of MTT, DATM and HoP-TM: students that follow experts."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from jax import lax
from jax.sharding import Mesh

from medjax import kernels, parallel, planning
from medjax.augment import Strategy
from medjax.data import RealData
from medjax.methods.distiller import Distiller, DistillState, Iteration, make_distiller
from medjax.methods.experts import Experts, expert_rows
from medjax.methods.formation import decode_set
from medjax.methods.layout import Layout
from medjax.methods.networks import apply_fn
from medjax.methods.trajectories.stepsize import move_step_size
from medjax.methods.vectors import unraveller, variable_shapes
from medjax.types import Array, LossFn, Params, PRNGKey, SyntheticSet

BatchFn = Callable[[Array, Array, Array], tuple[Array, Array]]
"""``(step, images, labels) -> (images, labels)``: the student's batch in a step."""


class Learned(NamedTuple):
    """What an iteration moves, or the gradient with respect to it.

    Attributes:
      images: float ``[n, h, w, c]``.
      step_size: float scalar.
      labels: float ``[n, C]``, logits; ``None`` if labels are not learned.
    """

    images: Array
    step_size: Array
    labels: Array | None = None


class Lesson(NamedTuple):
    """What a student learns from, and whom it has to follow.

    Attributes:
      snapshot: ``epochs -> params``, the expert this many epochs after the student's start.
      syn: the decoded synthetic set.
      batch_fn: the batches of the student.
    """

    snapshot: Callable[[int], Params]
    syn: SyntheticSet
    batch_fn: BatchFn


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrajectoryMatching:
    """Trajectory matching with the checked options of ``mtt``.

    Subclasses change the start (``start``, ``extend``), the epochs to start from
    (``start_epochs``), the loss of a student (``loss``) and what is learned (``learned``,
    ``move``).

    Attributes:
      loss_fn: the training loss of a student on a batch.
      soft_labels: see ``Distiller``.
    """

    loss_fn: ClassVar[LossFn] = staticmethod(kernels.cross_entropy)
    soft_labels: ClassVar[bool] = False

    net: nn.Module
    layout: Layout
    init: str
    experts: Experts
    strategy: Strategy
    optimizer: optax.GradientTransformation
    step_size_optimizer: optax.GradientTransformation
    step_size: float
    clip: float
    syn_steps: int
    batch_syn: int
    expert_epochs: int
    max_start_epoch: int
    unroll: str
    num_networks: int
    factor: int
    axes: parallel.AxisNames

    def distiller(self, mesh: Mesh | None) -> Distiller:
        """Makes the method; the arguments are those of the factories."""
        # The iteration reads no real images, only their experts.
        made = make_distiller(
            Iteration(self.run, extend=self.extend, start=self.start),
            self.optimizer,
            self.layout,
            init=self.init,
            net=self.net,
            mesh=mesh,
            factor=self.factor,
        )
        return made._replace(experts=self.experts, decode=self.decode, soft_labels=self.soft_labels)

    def start(self, key: PRNGKey, real: RealData, syn: SyntheticSet) -> SyntheticSet:
        """Returns the first synthetic set, see ``Iteration``."""
        return syn

    def extend(self, state: DistillState) -> DistillState:
        """Adds the step size and its optimiser to the state, see ``Iteration``."""
        step_size = jnp.asarray(self.step_size, state.images.dtype)
        opt_state = state.opt_state, self.step_size_optimizer.init(step_size)
        clipped = jnp.zeros((), jnp.int32)
        return state._replace(opt_state=opt_state, step_size=step_size, clipped=clipped)

    def decode(self, syn: SyntheticSet) -> SyntheticSet:
        """Returns the set that networks train on, see ``Distiller``."""
        return decode_set(syn, factor=self.factor)

    def run(self, key: PRNGKey, state: DistillState, real: RealData) -> tuple[DistillState, Array]:
        """Runs an iteration, see ``Iteration``."""
        learned = self.learned(state)
        self._check_memory(learned, state, real)
        student_loss = functools.partial(self._student_loss, state, real)
        grade = jax.value_and_grad(student_loss, argnums=1, has_aux=True)
        own = parallel.share(self.num_networks, self.axes)
        keys = jax.vmap(jax.random.fold_in, (None, 0))(key, jnp.arange(self.num_networks))
        graded = kernels.chunked_map(
            lambda student_key: grade(student_key, learned), own.take(keys), chunk_size=1
        )
        sums = jax.tree.map(lambda x: jnp.sum(own.mask(x), axis=0), graded)
        summed = lax.psum(sums, self.axes)
        (loss, found), gradient = jax.tree.map(lambda x: x / self.num_networks, summed)
        return self.move(state, gradient, found), loss

    def start_epochs(self, step: Array) -> tuple[int | Array, int | Array]:
        """Returns the first epoch to start from in an iteration, and the one after the last."""
        return 0, self.max_start_epoch

    def learned(self, state: DistillState) -> Learned:
        """Returns what an iteration moves."""
        assert state.step_size is not None  # see extend
        return Learned(state.images, state.step_size)

    def loss(self, lesson: Lesson, step_size: Array, state: DistillState) -> tuple[Array, Any]:
        """Returns the loss of a student, and float arrays whose means over students ``move`` gets.

        Args:
          lesson: what the student learns from.
          step_size: α.
          state: the state before the iteration, not to be differentiated.
        """
        loss = kernels.trajectory_loss(
            apply_fn(self.net),
            lesson.snapshot(0),
            lesson.snapshot(self.expert_epochs),
            *lesson.syn,
            step_size,
            num_steps=self.syn_steps,
            batch_fn=lesson.batch_fn,
            loss_fn=self.loss_fn,
            unroll=self.unroll,
        )
        return loss, None

    def move(self, state: DistillState, gradient: Learned, found: Any) -> DistillState:
        """Returns the state after a step of the images and of α along their mean gradients."""
        assert state.step_size is not None and state.clipped is not None  # see extend
        image_state, rate_state = state.opt_state
        updates, image_state = self.optimizer.update(gradient.images, image_state)
        rate_update, rate_state = self.step_size_optimizer.update(gradient.step_size, rate_state)
        exploded = jnp.linalg.norm(gradient.images.ravel()) > self.clip
        return state._replace(
            images=optax.apply_updates(state.images, updates),
            step_size=move_step_size(state.step_size, rate_update, start=self.step_size),
            opt_state=(image_state, rate_state),
            clipped=state.clipped + exploded.astype(jnp.int32),
        )

    def _student_loss(
        self, state: DistillState, real: RealData, key: PRNGKey, learned: Learned
    ) -> tuple[Array, Any]:
        expert_key, epoch_key, batch_key = jax.random.split(key, 3)
        expert = jax.random.randint(expert_key, (), 0, self.experts.count, jnp.int32)
        epoch = jax.random.randint(epoch_key, (), *self.start_epochs(state.step), jnp.int32)
        row, unravel = expert * self.experts.snapshots + epoch, unraveller(self.net, real)
        experts = expert_rows(real, self.net, self.experts)
        labels = state.labels if learned.labels is None else learned.labels
        lesson = Lesson(
            snapshot=lambda epochs: unravel(experts[row + epochs]),
            syn=self.decode(SyntheticSet(learned.images, labels)),
            batch_fn=_batches(batch_key, self.batch_syn, self.strategy),
        )
        return self.loss(lesson, learned.step_size, state)

    def _check_memory(self, learned: Learned, state: DistillState, real: RealData) -> None:
        """Raises a ``UserError`` if a student does not fit in memory."""
        syn = self.decode(SyntheticSet(learned.images, state.labels))
        images, labels = (x[: self.batch_syn] for x in syn)
        planning.check_unroll(
            lambda images, params: kernels.loss_gradient(
                apply_fn(self.net), params, images, labels
            ),
            images,
            variable_shapes(self.net, real)["params"],
            num_steps=self.syn_steps,
            copies=self.unroll == "stored",
            budget=planning.device_budget(),
        )


def _batches(key: PRNGKey, size: int, strategy: Strategy) -> BatchFn:
    """Returns the batches of a student, shuffled passes over the augmented synthetic images."""

    def batch_fn(step: Array, images: Array, labels: Array) -> tuple[Array, Array]:
        order_key, draw_key = jax.random.split(key)
        if size < len(images):
            in_a_pass = len(images) // size
            pass_key = jax.random.fold_in(order_key, step // in_a_pass)
            order = jax.random.permutation(pass_key, len(images))
            rows = lax.dynamic_slice_in_dim(order, step % in_a_pass * size, size)
            images, labels = images[rows], labels[rows]
        draw = strategy.sample_per_image(jax.random.fold_in(draw_key, step), size)
        return strategy.apply(draw, images), labels

    return batch_fn
