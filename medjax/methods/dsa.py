"""DSA: gradient matching under differentiable siamese augmentation."""

from collections.abc import Sequence

import flax.linen as nn

from medjax.augment import parse_strategy
from medjax.errors import UserError
from medjax.methods.dc import dc
from medjax.methods.distiller import Distiller


def dsa(
    *,
    net: nn.Module,
    ipc: int | Sequence[int],
    init: str = "real",
    augment: str = "color_crop_cutout_flip_scale_rotate",
    **options,
) -> Distiller:
    """Gradient matching with one augmentation for the real and the synthetic images of a class.

    ``dc`` with another start and a siamese augmentation, drawn anew for each class, network and
    update; the networks train on the synthetic images with augmentations drawn for each image.

    Args:
      net: a flax module.
      ipc: images per class, one number or one for each class.
      init: ``real`` (the reference), ``noise``, ``herding`` or ``kcenter``.
      augment: DSA strategy; one that keeps the labels true (no ``flip`` for digits).
      **options: as for ``dc``.

    Returns:
      A ``Distiller``.

    Raises:
      UserError: without an augmentation, which would be DC; or as ``dc``.

    Example:
      >>> from medjax import nets
      >>> distiller = dsa(net=nets.make("convnet", num_classes=2, width=8), ipc=10)

    Zhao and Bilen, "Dataset Condensation with Differentiable Siamese Augmentation", ICML 2021.
    """
    if not parse_strategy(augment).names:
        raise UserError(f"dsa needs an augmentation, got augment={augment!r}; without, use dc")
    return dc(net=net, ipc=ipc, init=init, augment=augment, **options)
