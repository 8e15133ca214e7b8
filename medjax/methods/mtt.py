"""MTT: trajectory matching."""

from collections.abc import Callable, Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from jax import lax
from jax.sharding import Mesh

from medjax import kernels, parallel, planning
from medjax.augment import Strategy, parse_strategy
from medjax.errors import UserError, unknown
from medjax.methods.checks import check_numbers
from medjax.methods.distiller import Distiller, Iteration, make_distiller
from medjax.methods.experts import Experts, check_experts, parameter_shapes, unraveller
from medjax.methods.layout import make_layout
from medjax.methods.networks import apply_fn
from medjax.methods.stepsize import move_step_size
from medjax.types import Array, PRNGKey


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
    num_groups: int | None = None,
    mesh: Mesh | None = None,
) -> Distiller:
    """Trajectory matching: train a student on the images to where experts on real ones went.

    Each iteration draws an expert and one of its first epochs. A student starts from the expert's
    parameters there and makes ``syn_steps`` steps of SGD on the synthetic images, with a learned
    step size α; the images and α then make one step of SGD on how far the student ends from where
    the expert was ``expert_epochs`` later, see ``kernels.trajectory_loss``. The expert's parameters
    are rows of ``real.experts``, from ``train_experts``.

    α stays positive, see ``move_step_size``; for small steps its move is the reference's.

    Args:
      net: a flax module; the moments of a batch norm are those of each minibatch, of experts too.
      ipc: images per class, one number or one for each class.
      learning_rate: of the images.
      momentum: of the images and of α.
      clip: the largest norm of the loss's gradient by all pixels; a larger one is scaled down to
        it, and ``state.clipped`` counts how often. Far above what is usual, for explosions alone.
      step_size: what α starts from.
      step_size_learning_rate: of α.
      init: what the images start from, see ``initial_images``; ``real`` is the reference.
      augment: DSA strategy, drawn for every image of a batch, for student and experts; or ``none``.
      syn_steps: steps of the student.
      batch_syn: synthetic images in a step, from shuffled passes over all of them in which a
        smaller rest is left out; ``None`` is all.
      expert_epochs: how many epochs of the expert the student is to make up for.
      max_start_epoch: the student starts from an epoch before this one.
      unroll: how the student is differentiated, see ``kernels.trajectory_loss``.
      num_networks: students whose losses are averaged in an iteration; 1 is the reference.
      num_experts: experts to draw from.
      train_epochs: epochs that each was trained for.
      net_learning_rate: of the experts.
      batch_real: real images in a step of an expert.
      num_groups: groups of a multi-label set, see ``data.group_indices``; ``None`` is one for each
        class of a set with one label an image.
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
    counts = {"syn_steps": syn_steps, "expert_epochs": expert_epochs, "num_networks": num_networks}
    counts |= {"max_start_epoch": max_start_epoch, "num_experts": num_experts}
    batches = {"batch_syn": 1 if batch_syn is None else batch_syn, "batch_real": batch_real}
    check_numbers(at_least=1, **counts, **batches)
    rates = {"learning_rate": learning_rate, "step_size_learning_rate": step_size_learning_rate}
    check_numbers(at_least=0, **rates, momentum=momentum)
    positive = {"step_size": step_size, "clip": clip, "net_learning_rate": net_learning_rate}
    check_numbers(at_least=1e-8, **positive)
    if max_start_epoch + expert_epochs > train_epochs + 1:
        raise UserError(
            f"experts of train_epochs={train_epochs} end before epoch "
            f"{max_start_epoch - 1 + expert_epochs}, which max_start_epoch={max_start_epoch} and "
            f"expert_epochs={expert_epochs} ask for"
        )
    layout, strategy = make_layout(ipc, num_groups or net.num_classes), parse_strategy(augment)
    experts = Experts(num_experts, train_epochs, net_learning_rate, batch_real, augment)
    sgd = optax.sgd(learning_rate, momentum)
    image_optimizer = optax.chain(optax.clip_by_global_norm(clip), sgd)
    rate_optimizer = optax.sgd(step_size_learning_rate, momentum)
    axes = parallel.axes_of(mesh)
    size = len(layout.labels) if batch_syn is None else min(batch_syn, len(layout.labels))

    def run(key, state, real):
        check_experts(net, experts, real)
        unravel = unraveller(net, real)

        def student_loss(student_key, images, step_size):
            expert_key, epoch_key, batch_key = jax.random.split(student_key, 3)
            expert = jax.random.randint(expert_key, (), 0, num_experts, jnp.int32)
            epoch = jax.random.randint(epoch_key, (), 0, max_start_epoch, jnp.int32)
            row = expert * experts.snapshots + epoch
            return kernels.trajectory_loss(
                apply_fn(net),
                unravel(real.experts[row]),
                unravel(real.experts[row + expert_epochs]),
                images,
                state.labels,
                step_size,
                num_steps=syn_steps,
                batch_fn=_batches(batch_key, size, strategy),
                unroll=unroll,
            )

        planning.check_unroll(
            lambda images, params: kernels.loss_gradient(
                apply_fn(net), params, images, state.labels[:size]
            ),
            state.images[:size],
            parameter_shapes(net, real),
            num_steps=syn_steps,
            copies=unroll == "stored",
            budget=planning.device_budget(),
        )
        grade = jax.value_and_grad(student_loss, argnums=(1, 2))
        own = parallel.share(num_networks, axes.networks)
        keys = jax.vmap(jax.random.fold_in, (None, 0))(key, jnp.arange(num_networks))
        graded = kernels.chunked_map(
            lambda student_key: grade(student_key, state.images, state.step_size),
            own.take(keys),
            chunk_size=1,
        )
        sums = jax.tree.map(lambda x: jnp.sum(own.mask(x), axis=0), graded)
        summed = lax.psum(sums, axes.networks)
        loss, (by_images, by_rate) = jax.tree.map(lambda x: x / num_networks, summed)
        image_state, rate_state = state.opt_state
        updates, image_state = image_optimizer.update(by_images, image_state)
        rate_update, rate_state = rate_optimizer.update(by_rate, rate_state)
        exploded = jnp.linalg.norm(by_images.ravel()) > clip
        moved = state._replace(
            images=optax.apply_updates(state.images, updates),
            step_size=move_step_size(state.step_size, rate_update, start=step_size),
            opt_state=(image_state, rate_state),
            clipped=state.clipped + exploded.astype(jnp.int32),
        )
        return moved, loss

    def start(key, real):
        state = distiller.init(key, real)
        rate = jnp.asarray(step_size, state.images.dtype)
        own = rate, rate_optimizer.init(rate), jnp.zeros((), jnp.int32)
        rate, rate_state, clipped = parallel.replicate(own, mesh)
        opt_state = state.opt_state, rate_state
        return state._replace(opt_state=opt_state, step_size=rate, clipped=clipped)

    # No real image is looked at: what is to be known of them is in the experts.
    iteration = Iteration(run, lambda real: 0, lambda key, real: jnp.zeros((0, 1), jnp.int32))
    distiller = make_distiller(iteration, image_optimizer, layout, init=init, net=net, mesh=mesh)
    return distiller._replace(init=start, experts=experts)


def _batches(key: PRNGKey, size: int, strategy: Strategy) -> Callable:
    """A student's batches: shuffled passes over the synthetic images, each image augmented."""

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
