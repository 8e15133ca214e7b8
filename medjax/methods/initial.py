"""The start of the synthetic images."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from medjax import data
from medjax.coreset.selection import SELECTIONS, select_rows
from medjax.errors import UserError, unknown
from medjax.methods.formation import pack
from medjax.methods.layout import Layout
from medjax.types import Array, PRNGKey, SyntheticSet

INITS = ("noise", "real", "mix", *SELECTIONS)


def initial_images(
    key: PRNGKey,
    real: data.RealData,
    layout: Layout,
    *,
    init: str,
    net: nn.Module | None = None,
    factor: int = 1,
) -> SyntheticSet:
    """Returns the synthetic images before the first update.

    Args:
      key: PRNG key.
      real: the training images on the device.
      layout: where the images of each class lie.
      init: ``noise`` (standard normal in normalised space); or distinct training images of each
        class: ``real`` (drawn at random), ``herding`` or ``kcenter`` (see ``select_rows``), or
        ``mix``, which stores ``factor²`` random ones in each image, see ``pack``. These show real
        patients, and may still do so after optimisation.
      net: the network whose features choose images; ``None`` chooses by pixels.
      factor: patches along each side of an image of ``mix``; the first of them gives the label row
        of a multi-label set.

    Returns:
      The synthetic set, float32 normalised. The label rows of a multi-label set are those of its
      first images; with noise, those of distinct real images of each group, repeated if necessary.
      An ignored entry of a real row becomes 0: a synthetic image shows what its row says.

    Raises:
      UserError: for an unknown ``init``, or if a class has fewer images than it starts from.
    """
    if init not in INITS:
        raise unknown("init", init, INITS)
    if len(layout.index) != len(real.counts):
        raise UserError(f"ipc is for {len(layout.index)} classes, but there are {len(real.counts)}")
    if init == "noise":
        labels = jnp.asarray(layout.labels)
        if real.labels.ndim == 2:
            # No group has this number, so the rows do not share their randomness with the pixels.
            rows_key = jax.random.fold_in(key, len(layout.index))
            labels = _labels(real, layout.flat(_random_rows(rows_key, real, layout)))
        shape = (len(layout.labels), *real.images.shape[1:])
        return SyntheticSet(jax.random.normal(key, shape, real.mean.dtype), labels)
    wanted = np.bincount(layout.labels, minlength=len(layout.index))
    patches = factor**2 if init == "mix" else 1
    for label, (have, want) in enumerate(zip(np.asarray(real.counts), wanted, strict=True)):
        if have < want * patches:
            each = f" of {patches}" if patches > 1 else ""
            raise UserError(
                f"class {label} has {have} training images, too few to start {want} synthetic "
                f"images{each}; use an ipc of at most {have // patches} for it, or init=noise to "
                "distil"
            )
    if init in SELECTIONS:
        rows = select_rows(key, real, wanted.tolist(), selection=init, net=net)
        return SyntheticSet(data.take(real, rows), _labels(real, rows))
    rows = _random_rows(key, real, layout, patches=patches)

    def stored(some: Array) -> Array:
        images = data.take(real, some)
        return pack(images, factor=factor) if patches > 1 else images

    images, first = jax.lax.map(stored, rows), rows[:, : layout.index.shape[1]]
    return SyntheticSet(layout.flat(images), _labels(real, layout.flat(first)))


def _labels(real: data.RealData, rows: Array) -> Array:
    labels = real.labels[rows]
    return labels if labels.ndim == 1 else jnp.maximum(labels, 0).astype(real.mean.dtype)


def _random_rows(key: PRNGKey, real: data.RealData, layout: Layout, *, patches: int = 1) -> Array:
    """Draws distinct rows of each class, repeated if it has too few, int32 ``[C, max_ipc·p]``."""
    ipc = layout.index.shape[1] * patches

    def draw(label: Array) -> Array:
        class_key = jax.random.fold_in(key, label)
        rows, _ = data.sample_rows(class_key, real, label, batch=ipc)
        have = jnp.minimum(real.counts[label], len(rows))
        return rows[jnp.arange(ipc, dtype=jnp.int32) % have]

    drawn: Array = jax.lax.map(draw, jnp.arange(len(layout.index), dtype=jnp.int32))
    return drawn
