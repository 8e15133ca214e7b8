"""RDED: crops of real images that a network finds typical, several in an image."""

import dataclasses
import functools
from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh

from medjax import data, parallel, training
from medjax.coreset.on_host import chosen_on_host, train_chooser
from medjax.errors import UserError
from medjax.methods.checks import check_numbers
from medjax.methods.distiller import Distiller, DistillState
from medjax.methods.formation import at_patch_size, check_factor, decode_set, pack
from medjax.methods.layout import Layout, make_layout
from medjax.methods.selected.coreset import idle
from medjax.methods.selected.crops import best_crops, crop
from medjax.types import Array, Params, PRNGKey, SyntheticSet

# Sides of images from which four crops in one still show something.
_LARGE = 64


def rded(
    *,
    net: nn.Module,
    ipc: int | Sequence[int],
    num_crops: int = 5,
    num_candidates: int = 300,
    factor: int | None = None,
    num_groups: int | None = None,
    mesh: Mesh | None = None,
) -> Distiller:
    """Chooses crops of real images that a network classifies rightly and surely: RDED.

    Of each of ``num_candidates`` random images of a class, the crop of least cross entropy under
    the network is kept; of these the ``ipc · factor²`` best are, and ``factor²`` of them share an
    image, see ``pack``. The network is ``net`` after 20 epochs on all images, as for ``herding``.
    The images show real patients.

    Args:
      net: a flax module.
      ipc: images per class, one number for all classes or one for each.
      num_crops: random square crops of an image, of 8 to 100 % of its area.
      num_candidates: random images of each class to choose from; a smaller class has fewer.
      factor: patches along each side of a stored image, see ``decode``; ``None`` is 2 for images of
        64 pixels or more and 1 for smaller ones. The network scores crops at this resolution.
      num_groups: the number of classes; ``None`` takes it from ``net``.
      mesh: devices of the run, from ``parallel.make_mesh``; ``None`` is one device.

    Returns:
      A ``Distiller`` whose ``step`` changes nothing.

    Raises:
      UserError: for a value out of range; by ``init``, for a multi-label set or a class with too
        few images.

    Example:
      >>> from medjax import nets
      >>> distiller = rded(net=nets.make("mlp", num_classes=2), ipc=10, num_candidates=50)

    Sun et al., "On the Diversity and Realism of Distilled Dataset: An Efficient Dataset
    Distillation Paradigm", CVPR 2024.
    """
    check_numbers(at_least=1, num_crops=num_crops, num_candidates=num_candidates)
    check_numbers(at_least=1, factor=1 if factor is None else factor)
    layout = make_layout(ipc, num_groups or net.num_classes)
    choice = _Choice(net, layout, num_crops, num_candidates, factor)
    blank = idle(layout, init="noise", mesh=mesh)

    def init(key: PRNGKey, real: data.RealData) -> DistillState:
        images = choice.images(key, real)
        return blank.init(key, real)._replace(images=parallel.replicate(images, mesh))

    return blank._replace(init=init, decode=choice.decode)


@dataclasses.dataclass(frozen=True)
class _Choice:
    """The choice of crops with the checked options of ``rded``."""

    net: nn.Module
    layout: Layout
    num_crops: int
    num_candidates: int
    factor: int | None

    def decode(self, syn: SyntheticSet) -> SyntheticSet:
        """Returns the set that networks train on, see ``Distiller.decode``."""
        _, h, w, _ = syn.images.shape
        return decode_set(syn, factor=self._factor(h, w))

    def images(self, key: PRNGKey, real: data.RealData) -> Array:
        """Returns the stored images, normalised ``[n, h, w, c]``."""
        _, h, w, _ = real.images.shape
        factor = self._factor(h, w)
        counts = np.bincount(self.layout.labels, minlength=len(self.layout.index))
        wanted = [int(count) * factor**2 for count in counts]
        check_factor(factor, (h, w))
        self._check(real, wanted, factor)

        def choose() -> Array:
            # No iteration has this number, so the start shares its randomness with none.
            start_key = jax.random.fold_in(key, np.uint32(2**32 - 1))
            network_key, rows_key, boxes_key = jax.random.split(start_key, 3)
            teacher, stored = train_chooser(network_key, real, self.net), []
            for label, count in enumerate(wanted):
                class_key = jax.random.fold_in(rows_key, label)
                rows, _ = data.sample_rows(class_key, real, label, batch=self.num_candidates)
                rows, boxes = best_crops(
                    boxes_key,
                    real,
                    rows[: int(real.counts[label])],
                    count=count,
                    num_crops=self.num_crops,
                    loss=functools.partial(self._loss, teacher, label, factor),
                )
                stored.append(pack(crop(data.take(real, rows), boxes), factor=factor))
            return jnp.concatenate(stored)

        shape = (len(self.layout.labels), *real.images.shape[1:])
        chosen: Array = chosen_on_host(key, jax.ShapeDtypeStruct(shape, real.mean.dtype), choose)
        return chosen

    def _loss(self, teacher: Params, label: int, factor: int, crops: Array) -> np.ndarray:
        """Returns the cross entropy of each crop as networks will see it."""
        seen = np.asarray(at_patch_size(crops, factor=factor))
        logits = training.predict(self.net, teacher, seen)[0]
        return -np.asarray(jax.nn.log_softmax(logits)[:, label])

    def _factor(self, h: int, w: int) -> int:
        if self.factor is not None:
            return self.factor
        return 2 if min(h, w) >= _LARGE else 1

    def _check(self, real: data.RealData, wanted: Sequence[int], factor: int) -> None:
        """Raises a ``UserError`` if crops cannot be chosen from these images."""
        if real.labels.ndim == 2:
            raise UserError("rded needs classes: a crop of an image may lack some of its findings")
        if len(wanted) != len(real.counts):
            raise UserError(f"ipc is for {len(wanted)} classes, but there are {len(real.counts)}")
        if self.num_candidates < max(wanted):
            raise UserError(
                f"num_candidates must be at least {max(wanted)}, the crops that a class needs, got "
                f"{self.num_candidates}"
            )
        for label, (have, want) in enumerate(zip(np.asarray(real.counts), wanted, strict=True)):
            if have < want:
                raise UserError(
                    f"class {label} has {have} training images, too few for {want} crops; use an "
                    f"ipc of at most {have // factor**2} for it"
                )
