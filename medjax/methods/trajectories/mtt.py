"""MTT: trajectory matching."""

from collections.abc import Callable, Sequence

import flax.linen as nn
import optax
from jax.sharding import Mesh

from medjax import kernels, parallel
from medjax.augment import parse_strategy
from medjax.errors import UserError, unknown
from medjax.methods.checks import check_numbers
from medjax.methods.distiller import Distiller
from medjax.methods.experts import Experts
from medjax.methods.layout import make_layout
from medjax.methods.trajectories.students import TrajectoryMatching


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
    sharpness: float = 0.0,
    factor: int = 1,
    num_groups: int | None = None,
    mesh: Mesh | None = None,
    matching: Callable[..., TrajectoryMatching] = TrajectoryMatching,
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
      sharpness: 0 for experts of plain SGD, the reference; otherwise the ρ of GSAM, which makes
        the trajectories flatter, see ``Experts``.
      factor: patches along each side of a stored image, each of which is enlarged to an image to
        match and to train on, see ``decode``; 1 is the reference.
      num_groups: groups of a multi-label set, see ``data.group_indices``; ``None`` for classes.
      mesh: devices to work on, which divide the students; ``None`` is one device.
      matching: makes the iteration of a method that extends this one; no option of a run.

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
    check_numbers(at_least=0, sharpness=sharpness)
    if max_start_epoch + expert_epochs > train_epochs + 1:
        raise UserError(
            f"experts of train_epochs={train_epochs} end before epoch "
            f"{max_start_epoch - 1 + expert_epochs}, which max_start_epoch={max_start_epoch} and "
            f"expert_epochs={expert_epochs} need"
        )
    layout = make_layout(ipc, num_groups or net.num_classes)
    size, sgd = len(layout.labels) * factor**2, optax.sgd(learning_rate, momentum)
    optimizer = optax.chain(optax.clip_by_global_norm(clip), sgd)
    return matching(
        net=net,
        layout=layout,
        init=init,
        experts=Experts(
            num_experts, train_epochs, net_learning_rate, batch_real, augment, sharpness
        ),
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
    ).distiller(mesh)
