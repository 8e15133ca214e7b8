"""DATM: trajectory matching of the difficulty that fits the number of images."""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any, ClassVar

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from medjax import kernels
from medjax.data import RealData, take
from medjax.errors import UserError
from medjax.methods.checks import check_numbers
from medjax.methods.distiller import Distiller, DistillState
from medjax.methods.experts import expert_rows
from medjax.methods.formation import decode_set
from medjax.methods.trajectories.expert_labels import expert_logits, right_rows
from medjax.methods.trajectories.mtt import mtt
from medjax.methods.trajectories.students import Learned, TrajectoryMatching
from medjax.types import Array, LossFn, PRNGKey, SyntheticSet

# Of the labels, in the reference.
_MOMENTUM = 0.9


def datm(
    *,
    net: nn.Module,
    ipc: int | Sequence[int],
    learning_rate: float = 100.0,
    label_learning_rate: float = 2.0,
    ema: float = 0.0,
    syn_steps: int = 80,
    expert_epochs: int = 2,
    min_start_epoch: int = 0,
    first_max_start_epoch: int = 10,
    max_start_epoch: int = 20,
    expansion_iterations: int = 1000,
    train_epochs: int = 100,
    sharpness: float = 0.01,
    **options: Any,
) -> Distiller:
    """Matches trajectories whose difficulty fits the number of images, and learns soft labels.

    DATM is ``mtt`` with three changes. The student starts from an epoch from ``min_start_epoch`` to
    below a bound, which grows from ``first_max_start_epoch`` to ``max_start_epoch`` over the first
    ``expansion_iterations``: easy patterns come first. It trains by soft cross entropy on labels
    ``softmax(y)``, and the logits ``y`` make a step of SGD with momentum 0.9 on the same loss. And
    its experts are those of GSAM.

    With ``init=real`` the images are random real ones that the first expert classifies rightly, as
    far as it does. The logits start as the mean over all experts that are right on the image, at
    the end of their training, see ``expert_logits``.

    Args:
      net: a flax module.
      ipc: images per class, one number for all classes or one for each.
      learning_rate: learning rate of the images.
      label_learning_rate: learning rate of the logits of the labels.
      ema: the decay of a moving average of the images, which then takes their place in the state
        and is what networks train on in the end; 0 is none, the reference.
      syn_steps: steps of the student.
      expert_epochs: epochs of the expert that the student has to match.
      min_start_epoch: the first epoch that a student starts from.
      first_max_start_epoch: the student of the first iteration starts from an epoch before this.
      max_start_epoch: the student of a late iteration starts from an epoch before this one.
      expansion_iterations: iterations until the bound is ``max_start_epoch``.
      train_epochs: epochs of training of each expert.
      sharpness: the ρ of the experts, see ``mtt``.
      **options: the other options of ``mtt``.

    Returns:
      A ``Distiller`` whose labels are soft. Its ``init`` needs ``real.experts``, and raises a
      ``UserError`` for a multi-label set.

    Raises:
      UserError: for a value out of range, bounds out of order, or as ``mtt`` does.

    Example:
      >>> from medjax import nets
      >>> distiller = datm(net=nets.make("convnet", num_classes=2, width=8), ipc=10)
      >>> distiller.soft_labels, distiller.experts.sharpness
      (True, 0.01)

    Guo et al., "Towards Lossless Dataset Distillation via Difficulty-Aligned Trajectory Matching",
    ICLR 2024.
    """
    check_numbers(at_least=0, label_learning_rate=label_learning_rate, ema=ema)
    check_numbers(at_least=0, min_start_epoch=min_start_epoch)
    check_numbers(at_least=1, expansion_iterations=expansion_iterations)
    if ema >= 1:
        raise UserError(f"ema must be below 1, got {ema}")
    if not min_start_epoch < first_max_start_epoch <= max_start_epoch:
        raise UserError(
            f"min_start_epoch={min_start_epoch} must be below first_max_start_epoch="
            f"{first_max_start_epoch}, and that at most max_start_epoch={max_start_epoch}"
        )
    aligned = functools.partial(
        _DifficultyAligned,
        label_optimizer=optax.sgd(label_learning_rate, _MOMENTUM),
        ema=ema,
        min_start_epoch=min_start_epoch,
        first_max_start_epoch=first_max_start_epoch,
        expansion_iterations=expansion_iterations,
    )
    return mtt(
        net=net,
        ipc=ipc,
        learning_rate=learning_rate,
        syn_steps=syn_steps,
        expert_epochs=expert_epochs,
        max_start_epoch=max_start_epoch,
        train_epochs=train_epochs,
        sharpness=sharpness,
        matching=aligned,
        **options,
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class _DifficultyAligned(TrajectoryMatching):
    """Trajectory matching with the checked options of ``datm``.

    With ``ema``, ``state.images`` is the moving average and ``state.networks`` the images that
    move.
    """

    loss_fn: ClassVar[LossFn] = staticmethod(kernels.soft_cross_entropy)
    soft_labels: ClassVar[bool] = True

    label_optimizer: optax.GradientTransformation
    ema: float
    min_start_epoch: int
    first_max_start_epoch: int
    expansion_iterations: int

    def start(self, key: PRNGKey, real: RealData, syn: SyntheticSet) -> SyntheticSet:
        if real.labels.ndim == 2:
            raise UserError(
                "datm learns one label per image, but this set has several findings; use mtt"
            )
        experts, images = expert_rows(real, self.net, self.experts), syn.images
        firsts = jnp.arange(self.experts.count, dtype=jnp.int32) * self.experts.snapshots
        trained = experts[firsts + self.experts.epochs]
        if self.init == "real":
            images = take(real, right_rows(key, self.net, trained[0], real, self.layout))
        patches = decode_set(SyntheticSet(images, syn.labels), factor=self.factor)
        logits = expert_logits(self.net, trained, patches, real, copies=self.factor**2)
        return SyntheticSet(images, logits)

    def extend(self, state: DistillState) -> DistillState:
        state = super().extend(state)
        return state._replace(
            opt_state=(*state.opt_state, self.label_optimizer.init(state.labels)),
            networks=jnp.copy(state.images) if self.ema else None,
        )

    def decode(self, syn: SyntheticSet) -> SyntheticSet:
        images, logits = super().decode(syn)
        return SyntheticSet(images, jax.nn.softmax(logits))

    def start_epochs(self, step: Array) -> tuple[int | Array, int | Array]:
        wider = self.max_start_epoch - self.first_max_start_epoch
        done = jnp.minimum(step, self.expansion_iterations)
        return self.min_start_epoch, (
            self.first_max_start_epoch + wider * done // self.expansion_iterations
        )

    def learned(self, state: DistillState) -> Learned:
        images = state.networks if self.ema else state.images
        return super().learned(state)._replace(images=images, labels=state.labels)

    def move(self, state: DistillState, gradient: Learned, found: Any) -> DistillState:
        *opt_state, label_state = state.opt_state
        own = state._replace(images=self.learned(state).images, opt_state=tuple(opt_state))
        moved = super().move(own, gradient, found)
        updates, label_state = self.label_optimizer.update(gradient.labels, label_state)
        moved = moved._replace(
            labels=optax.apply_updates(state.labels, updates),
            opt_state=(*moved.opt_state, label_state),
        )
        if not self.ema:
            return moved
        average = self.ema * state.images + (1 - self.ema) * moved.images
        return moved._replace(images=average, networks=moved.images)
