"""DSA: gradient matching under differentiable siamese augmentation."""

from collections.abc import Sequence
from typing import Any

import flax.linen as nn

from medjax.augment import parse_strategy
from medjax.errors import UserError
from medjax.methods.distiller import Distiller
from medjax.methods.gradients.dc import dc


def dsa(
    *,
    net: nn.Module,
    ipc: int | Sequence[int],
    init: str = "real",
    augment: str = "color_crop_cutout_flip_scale_rotate",
    **options: Any,
) -> Distiller:
    """Matches gradients under one augmentation for the real and synthetic images of a class.

    DSA is ``dc`` with another start and a siamese augmentation, drawn for each class, network
    and update. The networks train on synthetic images that are each augmented separately.

    Args:
      net: a flax module.
      ipc: images per class, one number for all classes or one for each.
      init: ``real`` (the reference), ``noise``, ``herding`` or ``kcenter``.
      augment: a DSA strategy that preserves the labels (no ``flip`` for digits).
      **options: the other options of ``dc``.

    Returns:
      A ``Distiller``.

    Raises:
      UserError: if there is no augmentation, which would be DC, or as ``dc`` does.

    Example:
      >>> from medjax import nets
      >>> distiller = dsa(net=nets.make("convnet", num_classes=2, width=8), ipc=10)

    Zhao and Bilen, "Dataset Condensation with Differentiable Siamese Augmentation", ICML 2021.
    """
    if not parse_strategy(augment).names:
        raise UserError(f"dsa needs an augmentation, got augment={augment!r}; without one, use dc")
    return dc(net=net, ipc=ipc, init=init, augment=augment, **options)
