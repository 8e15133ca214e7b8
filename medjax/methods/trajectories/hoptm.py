"""HoP-TM: trajectory matching of high order, easy parameters first."""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from medjax import kernels
from medjax.methods.checks import check_numbers
from medjax.methods.distiller import Distiller, DistillState
from medjax.methods.networks import apply_fn
from medjax.methods.trajectories.mtt import mtt
from medjax.methods.trajectories.students import Learned, Lesson, TrajectoryMatching
from medjax.types import Array, Params

# Iterations between two growths of the threshold, in the reference.
_STAGE = 500


def hoptm(
    *,
    net: nn.Module,
    ipc: int | Sequence[int],
    learning_rate: float = 10.0,
    step_size_learning_rate: float = 1e-7,
    syn_steps: int = 80,
    batch_syn: int | None = 10,
    expert_epochs: int = 2,
    max_start_epoch: int = 4,
    train_epochs: int = 100,
    sharpness: float = 0.01,
    base_threshold: float = 5e-9,
    growing: float = 1.5,
    shape_weight: float = 0.5,
    **options: Any,
) -> Distiller:
    """Matches the easy parameters of a trajectory first, and its shape.

    HoP-TM is ``mtt`` with three changes. A parameter enters the loss in the first iteration in
    which the student's squared error of it is below ``base_threshold · growing^(iteration // 500)``
    and stays there, see ``kernels.progressive_loss``. ``shape_weight`` times
    ``kernels.shape_loss`` of start, middle and end of student and expert is added. And its experts
    are those of GSAM.

    Args:
      net: a flax module.
      ipc: images per class, one number for all classes or one for each.
      learning_rate: learning rate of the images.
      step_size_learning_rate: learning rate of α.
      syn_steps: steps of the student, whose middle is after half of them, rounded down.
      batch_syn: synthetic images in a step, see ``mtt``.
      expert_epochs: epochs of the expert that the student has to match; the middle is after half
        of them, rounded down.
      max_start_epoch: the student starts from an epoch before this one.
      train_epochs: epochs of training of each expert.
      sharpness: the ρ of the experts, see ``mtt``.
      base_threshold: the squared error below which a parameter enters, at first.
      growing: the factor by which it grows every 500 iterations, at least 1.
      shape_weight: the weight λ of the shape.
      **options: the other options of ``mtt``.

    Returns:
      A ``Distiller``; ``state.networks`` holds the parameters that have entered.

    Raises:
      UserError: for a value out of range, or as ``mtt`` does.

    Example:
      >>> from medjax import nets
      >>> distiller = hoptm(net=nets.make("convnet", num_classes=2, width=8), ipc=10)

    Dong et al., "High-Order Progressive Trajectory Matching for Medical Image Dataset
    Distillation", MICCAI 2025.
    """
    check_numbers(at_least=0, base_threshold=base_threshold, shape_weight=shape_weight)
    check_numbers(at_least=1, growing=growing)
    progressive = functools.partial(
        _Progressive, base_threshold=base_threshold, growing=growing, shape_weight=shape_weight
    )
    return mtt(
        net=net,
        ipc=ipc,
        learning_rate=learning_rate,
        step_size_learning_rate=step_size_learning_rate,
        syn_steps=syn_steps,
        batch_syn=batch_syn,
        expert_epochs=expert_epochs,
        max_start_epoch=max_start_epoch,
        train_epochs=train_epochs,
        sharpness=sharpness,
        matching=progressive,
        **options,
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Progressive(TrajectoryMatching):
    """Trajectory matching with the checked options of ``hoptm``."""

    base_threshold: float
    growing: float
    shape_weight: float

    def extend(self, state: DistillState) -> DistillState:
        image = jax.ShapeDtypeStruct((1, *state.images.shape[1:]), state.images.dtype)
        shapes = jax.eval_shape(self.net.init, jax.random.key(0), image)["params"]
        nothing = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, bool), shapes)
        return super().extend(state)._replace(networks=nothing)

    def loss(self, lesson: Lesson, step_size: Array, state: DistillState) -> tuple[Array, Params]:
        half, epochs = self.syn_steps // 2, self.expert_epochs
        expert = [lesson.snapshot(epoch) for epoch in (0, epochs // 2, epochs)]

        def train(start: Params, first: int, last: int) -> Params:
            return kernels.train_student(
                apply_fn(self.net),
                start,
                *lesson.syn,
                step_size,
                num_steps=last - first,
                batch_fn=lambda step, *syn: lesson.batch_fn(step + first, *syn),
                unroll=self.unroll,
            )

        middle = train(expert[0], 0, half)
        end = train(middle, half, self.syn_steps)
        stage = (state.step // _STAGE).astype(step_size.dtype)
        loss, entered = kernels.progressive_loss(
            expert[0],
            expert[-1],
            end,
            state.networks,
            threshold=self.base_threshold * self.growing**stage,
        )
        shape = kernels.shape_loss([expert[0], middle, end], expert)
        found = jax.tree.map(lambda v: v.astype(step_size.dtype), entered)
        return loss + self.shape_weight * shape, found

    def move(self, state: DistillState, gradient: Learned, found: Params) -> DistillState:
        # The students share what has entered.
        entered = jax.tree.map(lambda share: share > 0, found)
        return super().move(state, gradient, None)._replace(networks=entered)
