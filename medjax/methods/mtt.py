"""MTT: trajectory matching."""

import dataclasses
import functools
from collections.abc import Callable, Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from jax import lax
from jax.sharding import Mesh

from medjax import kernels, parallel, planning
from medjax.augment import Strategy, parse_strategy
from medjax.data import RealData
from medjax.errors import UserError, unknown
from medjax.methods.checks import check_numbers
from medjax.methods.distiller import Distiller, DistillState, Iteration, make_distiller
from medjax.methods.experts import Experts, expert_rows
from medjax.methods.formation import decode_set
from medjax.methods.layout import make_layout
from medjax.methods.networks import apply_fn
from medjax.methods.stepsize import move_step_size
from medjax.methods.vectors import unraveller, variable_shapes
from medjax.types import Array, PRNGKey, SyntheticSet


def mtt(
    *,
    net: nn.Module,
    ipc: int | Sequence[int],
    learning_rate: float = 1000.0,
    momentum: float = 0.5,
    clip: float = 10.0,
    step_size: float = 0.01,
    step_size_learning_rate: float = 1e-5,
    init: str = "real",
    augment: str = "color_crop_cutout_flip_scale_rotate",
    syn_steps: int = 20,
    batch_syn: int | None = None,
    expert_epochs: int = 3,
    max_start_epoch: int = 25,
    unroll: str = "stored",
    num_networks: int = 1,
    num_experts: int = 100,
    train_epochs: int = 50,
    net_learning_rate: float = 0.01,
    batch_real: int = 256,
    factor: int = 1,
    num_groups: int | None = None,
    mesh: Mesh | None = None,
) -> Distiller:
    """Matches the training of a student on the synthetic images to that of experts on real ones.

    Each iteration draws an expert and one of its first epochs. A student starts from the expert's
    parameters there and makes ``syn_steps`` steps of SGD on the synthetic images, with a learned
    step size α. The images and α then make one SGD step on the distance between the end of the
    student and the expert ``expert_epochs`` later, see ``kernels.trajectory_loss``. The parameters
    of the experts are rows of ``real.experts``, from ``train_experts``.

    α stays positive, see ``move_step_size``; small updates of it are those of the reference.

    Args:
      net: a flax module; the moments of a batch norm are those of each minibatch, for experts too.
      ipc: images per class, one number for all classes or one for each.
      learning_rate: learning rate of the images.
      momentum: momentum of the images and of α.
      clip: the largest norm of the gradient with respect to all pixels; a larger gradient is
        scaled down to it and counted in ``state.clipped``. It is far above usual norms and only
        guards against explosions.
      step_size: the first value of α.
      step_size_learning_rate: learning rate of α.
      init: the start of the images, see ``initial_images``; ``real`` is the reference.
      augment: a DSA strategy, drawn for every image of a student's or expert's batch; or ``none``.
      syn_steps: steps of the student.
      batch_syn: synthetic images in a step, from shuffled passes over all of them that drop a
        smaller last batch; ``None`` is all.
      expert_epochs: epochs of the expert that the student has to match.
      max_start_epoch: the student starts from an epoch before this one.
      unroll: how the student is differentiated, see ``kernels.trajectory_loss``.
      num_networks: students whose losses are averaged in an iteration; 1 is the reference.
      num_experts: number of experts to draw from.
      train_epochs: epochs of training of each expert.
      net_learning_rate: learning rate of the experts.
      batch_real: real images in a step of an expert.
      factor: patches along each side of a stored image, each of which is enlarged to an image to
        match and to train on, see ``decode``; 1 is the reference.
      num_groups: groups of a multi-label set, see ``data.group_indices``; ``None`` for classes.
      mesh: devices to work on, which divide the students; ``None`` is one device.

    Returns:
      A ``Distiller``.

    Raises:
      UserError: for a value out of range or an unknown name.

    Example:
      >>> from medjax import nets
      >>> distiller = mtt(net=nets.make("convnet", num_classes=2, width=8), ipc=10)
      >>> distiller.experts.count, distiller.experts.snapshots
      (100, 51)

    Cazenavette et al., "Dataset Distillation by Matching Training Trajectories", CVPR 2022.
    """
    if unroll not in kernels.UNROLLS:
        raise unknown("unroll", unroll, kernels.UNROLLS)
    check_numbers(at_least=1, syn_steps=syn_steps, expert_epochs=expert_epochs)
    check_numbers(at_least=1, num_networks=num_networks, max_start_epoch=max_start_epoch)
    check_numbers(at_least=1, num_experts=num_experts, batch_real=batch_real)
    check_numbers(at_least=1, batch_syn=1 if batch_syn is None else batch_syn)
    check_numbers(at_least=0, learning_rate=learning_rate, momentum=momentum)
    check_numbers(at_least=0, step_size_learning_rate=step_size_learning_rate)
    check_numbers(at_least=1e-8, step_size=step_size, clip=clip)
    check_numbers(at_least=1e-8, net_learning_rate=net_learning_rate)
    if max_start_epoch + expert_epochs > train_epochs + 1:
        raise UserError(
            f"experts of train_epochs={train_epochs} end before epoch "
            f"{max_start_epoch - 1 + expert_epochs}, which max_start_epoch={max_start_epoch} and "
            f"expert_epochs={expert_epochs} need"
        )
    layout = make_layout(ipc, num_groups or net.num_classes)
    size, sgd = len(layout.labels) * factor**2, optax.sgd(learning_rate, momentum)
    optimizer = optax.chain(optax.clip_by_global_norm(clip), sgd)
    matching = _TrajectoryMatching(
        net=net,
        experts=Experts(num_experts, train_epochs, net_learning_rate, batch_real, augment),
        strategy=parse_strategy(augment),
        optimizer=optimizer,
        step_size_optimizer=optax.sgd(step_size_learning_rate, momentum),
        step_size=step_size,
        clip=clip,
        syn_steps=syn_steps,
        batch_syn=size if batch_syn is None else min(batch_syn, size),
        expert_epochs=expert_epochs,
        max_start_epoch=max_start_epoch,
        unroll=unroll,
        num_networks=num_networks,
        factor=factor,
        axes=parallel.axes_of(mesh).networks,
    )
    # The iteration reads no real images, only their experts.
    iteration = Iteration(matching.run, extend=matching.extend)
    distiller = make_distiller(
        iteration, optimizer, layout, init=init, net=net, mesh=mesh, factor=factor
    )
    return distiller._replace(experts=matching.experts)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _TrajectoryMatching:
    """Trajectory matching with the checked options of ``mtt``."""

    net: nn.Module
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

    def extend(self, state: DistillState) -> DistillState:
        """Adds the step size and its optimiser to the state, see ``Iteration``."""
        step_size = jnp.asarray(self.step_size, state.images.dtype)
        opt_state = state.opt_state, self.step_size_optimizer.init(step_size)
        clipped = jnp.zeros((), jnp.int32)
        return state._replace(opt_state=opt_state, step_size=step_size, clipped=clipped)

    def run(self, key: PRNGKey, state: DistillState, real: RealData) -> tuple[DistillState, Array]:
        """Runs an iteration, see ``Iteration``."""
        self._check_memory(state, real)
        student_loss = functools.partial(self._student_loss, state.labels, real)
        grade = jax.value_and_grad(student_loss, argnums=(1, 2))
        own = parallel.share(self.num_networks, self.axes)
        keys = jax.vmap(jax.random.fold_in, (None, 0))(key, jnp.arange(self.num_networks))
        graded = kernels.chunked_map(
            lambda student_key: grade(student_key, state.images, state.step_size),
            own.take(keys),
            chunk_size=1,
        )
        sums = jax.tree.map(lambda x: jnp.sum(own.mask(x), axis=0), graded)
        summed = lax.psum(sums, self.axes)
        loss, gradients = jax.tree.map(lambda x: x / self.num_networks, summed)
        return self._move(state, *gradients), loss

    def _student_loss(
        self, labels: Array, real: RealData, key: PRNGKey, images: Array, step_size: Array
    ) -> Array:
        expert_key, epoch_key, batch_key = jax.random.split(key, 3)
        expert = jax.random.randint(expert_key, (), 0, self.experts.count, jnp.int32)
        epoch = jax.random.randint(epoch_key, (), 0, self.max_start_epoch, jnp.int32)
        row, unravel = expert * self.experts.snapshots + epoch, unraveller(self.net, real)
        experts = expert_rows(real, self.net, self.experts)
        syn = decode_set(SyntheticSet(images, labels), factor=self.factor)
        return kernels.trajectory_loss(
            apply_fn(self.net),
            unravel(experts[row]),
            unravel(experts[row + self.expert_epochs]),
            syn.images,
            syn.labels,
            step_size,
            num_steps=self.syn_steps,
            batch_fn=_batches(batch_key, self.batch_syn, self.strategy),
            unroll=self.unroll,
        )

    def _check_memory(self, state: DistillState, real: RealData) -> None:
        """Raises a ``UserError`` if a student does not fit in memory."""
        syn = decode_set(SyntheticSet(state.images, state.labels), factor=self.factor)
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

    def _move(self, state: DistillState, by_images: Array, by_step_size: Array) -> DistillState:
        assert state.step_size is not None and state.clipped is not None  # see extend
        image_state, rate_state = state.opt_state
        updates, image_state = self.optimizer.update(by_images, image_state)
        rate_update, rate_state = self.step_size_optimizer.update(by_step_size, rate_state)
        exploded = jnp.linalg.norm(by_images.ravel()) > self.clip
        return state._replace(
            images=optax.apply_updates(state.images, updates),
            step_size=move_step_size(state.step_size, rate_update, start=self.step_size),
            opt_state=(image_state, rate_state),
            clipped=state.clipped + exploded.astype(jnp.int32),
        )


def _batches(
    key: PRNGKey, size: int, strategy: Strategy
) -> Callable[[Array, Array, Array], tuple[Array, Array]]:
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
