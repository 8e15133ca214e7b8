"""auto: medjax's own method, DM with moments and patches, for few images of medical sets."""

from collections.abc import Sequence
from typing import Any

import flax.linen as nn

from medjax.methods.distiller import Distiller
from medjax.methods.features.dm import dm


def auto(
    *,
    net: nn.Module,
    ipc: int | Sequence[int],
    init: str = "mix",
    distance: str = "moments",
    factor: int = 2,
    **options: Any,
) -> Distiller:
    """Matches means and standard deviations of features of images that hold four patches each.

    It is ``dm`` with two changes. A stored image holds ``factor²`` patches, each enlarged to an
    image: few pixels, but many images. And the standard deviation of each feature is matched beside
    its mean, since the means of few images can agree while the images are all alike. The networks
    stay random: training some, as ``idm`` does, takes time from the images.

    Each part is an option, which a table can turn off: ``distance=mean``, ``factor=1``.

    Args:
      net: a flax module with ``embed``.
      ipc: images per class, one number for all classes or one for each.
      init: the start of the images, see ``initial_images``.
      distance: of the features, see ``dm``.
      factor: patches along each side of a stored image, see ``decode``.
      **options: the other options of ``dm``.

    Returns:
      A ``Distiller``.

    Raises:
      UserError: as ``dm`` does.

    Example:
      >>> from medjax import nets
      >>> distiller = auto(net=nets.make("convnet", num_classes=2, width=8), ipc=10)
    """
    return dm(net=net, ipc=ipc, init=init, distance=distance, factor=factor, **options)
