"""auto: medjax's own method, IDM with what small, imbalanced, grey sets need."""

from collections.abc import Sequence
from typing import Any

import flax.linen as nn

from medjax.methods.distiller import Distiller
from medjax.methods.features.idm import idm


def auto(
    *,
    net: nn.Module,
    ipc: int | Sequence[int],
    distance: str = "moments",
    balanced: bool = True,
    new_network_every: int = 200,
    trained_networks: int = 1,
    train_steps: int = 1,
    net_batch: int = 64,
    **options: Any,
) -> Distiller:
    """Matches the moments of features under networks that train on balanced classes.

    It is ``idm`` with three changes. The standard deviations of the features are matched beside
    their means, since the means of few images can agree while the images are all alike. The
    networks see each class as often as the others, as networks that train on the synthetic images
    do, and so does the accuracy that weighs the cross entropy, which an unequal set flatters. And
    the networks train little in an iteration, but longer, so that more of the time moves the
    images.

    Each part is an option: ``distance=mean``, ``balanced=False``, ``trained_networks=0`` (random
    networks, without a cross entropy), ``ce_weight=0``, ``factor=1``, ``augment=none``.

    Args:
      net: a flax module with ``embed`` and ``head``.
      ipc: images per class, one number for all classes or one for each.
      distance: of the features, see ``idm``.
      balanced: whether the networks train on as many images of each class.
      new_network_every: iterations between two fresh networks.
      trained_networks: networks that are trained in an iteration.
      train_steps: minibatches of each of them.
      net_batch: images of a minibatch.
      **options: the other options of ``idm``.

    Returns:
      A ``Distiller``.

    Raises:
      UserError: as ``idm`` does.

    Example:
      >>> from medjax import nets
      >>> distiller = auto(net=nets.make("convnet", num_classes=2, width=8), ipc=10)
    """
    return idm(
        net=net,
        ipc=ipc,
        distance=distance,
        balanced=balanced,
        new_network_every=new_network_every,
        trained_networks=trained_networks,
        train_steps=train_steps,
        net_batch=net_batch,
        **options,
    )
