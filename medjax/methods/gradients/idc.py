"""IDC: gradient matching of images that store several, by networks trained on real images."""

import dataclasses
from collections.abc import Sequence

import flax.linen as nn
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import Mesh

from medjax import parallel, training
from medjax.augment import LayeredStrategy, parse_strategy
from medjax.data import RealData, normalize
from medjax.errors import UserError
from medjax.methods.checks import check_numbers
from medjax.methods.distiller import Distiller, DistillState
from medjax.methods.gradients.dc import GradientMatching, distance_of
from medjax.methods.gradients.realtraining import RealTraining
from medjax.methods.layout import Layout, make_layout
from medjax.types import Array, Params, PRNGKey

_BASE_IPC, _BASE_SIZE = 10, 32


def idc(
    *,
    net: nn.Module,
    ipc: int | Sequence[int],
    learning_rate: float = 5e-3,
    momentum: float = 0.5,
    batch_real: int = 64,
    init: str = "mix",
    augment: str = "color_crop_cutout",
    num_networks: int = 1,
    distance: str = "conv_squared_error",
    outer_loop: int = 100,
    train_images: int = 2000,
    pretrain_epochs: int = 0,
    cutmix: float = 0.5,
    net_learning_rate: float = 0.01,
    net_momentum: float = 0.9,
    net_weight_decay: float = 5e-4,
    batch_norm: str = "reference",
    factor: int = 2,
    num_groups: int | None = None,
    mesh: Mesh | None = None,
) -> Distiller:
    """Matches gradients along the training of networks on real images; an image stores several.

    Each iteration clips the images to pixels of 0–1 and draws fresh networks. ``outer_loop`` times,
    the images make one SGD step on ``mean_networks Σ_classes D(∇_θ ℓ(A(real)), ∇_θ ℓ(A(syn)))``,
    where ``syn`` are the decoded images; between two steps each network trains on ``train_images``
    real images by SGD, whose momentum starts with the network.

    Args:
      net: a flax module.
      ipc: stored images per class, one number for all classes or one for each.
      learning_rate: learning rate of the images at 10 a class and 32×32 pixels. An image of a class
        of ``ipc`` and of ``h × w`` pixels moves by ``learning_rate · (ipc / 10) · (h w / 32²)``:
        the gradient of a mean over images falls as their number rises. It suits a distance:
        5e-3 ``conv_squared_error``, 1e-4 to 3e-3 ``conv_absolute_error``.
      momentum: momentum of the images.
      batch_real: real images of each class and update, drawn without replacement, and of a
        minibatch of the training; a smaller class contributes all its images.
      init: the start of the images, see ``initial_images``.
      augment: the operators of a siamese ``LayeredStrategy``, or ``none``. The networks train with
        the same, without ``cutout`` if there is ``cutmix``.
      num_networks: networks whose losses are averaged in an update; 1 is the reference.
      distance: as for ``dc``.
      outer_loop: updates of the images in an iteration.
      train_images: real images that a network trains on between two updates, rounded up to
        minibatches, at most all; 0 leaves it as it is.
      pretrain_epochs: passes over all real images before the first update.
      cutmix: probability that a minibatch of the training is mixed, see ``augment.cutmix``.
      net_learning_rate, net_momentum, net_weight_decay: SGD of the networks.
      batch_norm: as for ``dc``.
      factor: patches along each side of a stored image, see ``decode``; 1 is IDC-I.
      num_groups: groups of a multi-label set, see ``data.group_indices``; ``None`` for classes.
      mesh: devices to work on, from ``parallel.make_mesh``; ``None`` is one device.

    Returns:
      A ``Distiller``.

    Raises:
      UserError: for a value out of range or an unknown name.

    Example:
      >>> from medjax import nets
      >>> distiller = idc(net=nets.make("convnet", num_classes=2, width=8), ipc=10)

    Kim et al., "Dataset Condensation via Efficient Synthetic-Data Parameterization", ICML 2022.
    """
    if not 0 <= cutmix <= 1:
        raise UserError(f"cutmix must be a probability, 0–1, got {cutmix}")
    check_numbers(at_least=1, outer_loop=outer_loop)
    check_numbers(at_least=0, train_images=train_images, pretrain_epochs=pretrain_epochs)
    check_numbers(at_least=0, learning_rate=learning_rate, momentum=momentum)
    check_numbers(at_least=0, net_learning_rate=net_learning_rate, net_momentum=net_momentum)
    check_numbers(at_least=0, net_weight_decay=net_weight_decay)
    layout, axes = make_layout(ipc, num_groups or net.num_classes), parallel.axes_of(mesh)
    names = parse_strategy(augment).names
    trained_with = tuple(name for name in names if name != "cutout" or cutmix == 0)
    return _IDC(
        net=net,
        layout=layout,
        strategy=LayeredStrategy(names),
        optimizer=_image_optimizer(learning_rate, momentum, layout),
        batch_real=batch_real,
        num_networks=num_networks,
        axes=axes,
        distance=distance_of(distance),
        inner=RealTraining(
            net=net,
            strategy=LayeredStrategy(trained_with),
            optimizer=training.sgd(net_learning_rate, net_momentum, net_weight_decay),
            axes=axes.classes + axes.rows,
            batch_real=batch_real,
            train_images=train_images,
            pretrain_epochs=pretrain_epochs,
            cutmix=cutmix,
        ),
        updates=outer_loop,
        factor=factor,
        batch_norm=batch_norm,
    ).distiller(init, mesh)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _IDC(GradientMatching):
    """Gradient matching of images that begin each iteration within the range of pixels."""

    def run(self, key: PRNGKey, state: DistillState, real: RealData) -> tuple[DistillState, Array]:
        return super().run(key, state._replace(images=_clipped(state.images, real)), real)


def _clipped(images: Array, real: RealData) -> Array:
    """Clips normalised images to pixels of 0–1; whitened ones have no such range."""
    if real.images.dtype != jnp.uint8:
        return images
    black = jnp.zeros((1, 1, 1, images.shape[3]), images.dtype)
    low, high = (normalize(x, real.mean, real.std) for x in (black, black + 1))
    return jnp.clip(images, low, high)


def _image_optimizer(
    learning_rate: float, momentum: float, layout: Layout
) -> optax.GradientTransformation:
    """Makes SGD with the rule of ``idc`` for the learning rate of each image."""
    ipc = np.bincount(layout.labels)[layout.labels]

    def scale(gradient: Array, params: Params = None) -> Array:
        size = gradient.shape[1] * gradient.shape[2] / _BASE_SIZE**2
        factors = jnp.asarray(ipc / _BASE_IPC * size, gradient.dtype)
        return gradient * factors[:, None, None, None]

    return optax.chain(optax.stateless(scale), optax.sgd(learning_rate, momentum))
