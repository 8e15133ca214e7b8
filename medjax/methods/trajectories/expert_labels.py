"""What experts say of images: which they classify rightly, and with which logits."""

from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp

from medjax.data import RealData, sample_rows, take
from medjax.methods.layout import Layout
from medjax.methods.networks import apply_fn
from medjax.methods.vectors import unraveller
from medjax.types import Array, PRNGKey, SyntheticSet

_IMAGES = 256
"""Images in a forward pass."""


def right_rows(
    key: PRNGKey, net: nn.Module, expert: Array, real: RealData, layout: Layout
) -> Array:
    """Draws distinct real images of each class that an expert classifies rightly.

    Images on which it is wrong come last, and fill a class that has too few others.

    Args:
      key: PRNG key; the order of the images of a class is that of ``initial_images``.
      net: a flax module.
      expert: float ``[p]``, the parameters of the network as a vector.
      real: the training images, with one label per image.
      layout: where the images of each class lie; no class may have more images than real ones.

    Returns:
      Int32 ``[n]``, rows of ``real``.
    """
    classes, apply = jnp.arange(len(layout.index), dtype=jnp.int32), apply_fn(net)
    params, size = unraveller(net, real)(expert), real.index.shape[1]

    def one_class(label: Array) -> tuple[Array, Array]:
        return sample_rows(jax.random.fold_in(key, label), real, label, batch=size)

    def answers(rows: Array) -> Array:
        return jnp.argmax(apply(params, take(real, rows)), axis=1)

    rows, weights = jax.lax.map(one_class, classes)
    # Column by column, so that a forward pass has images of all classes.
    found = _in_parts(answers, rows.T.reshape(-1)).reshape(size, -1).T
    worst = jnp.where(weights > 0, (found != classes[:, None]).astype(jnp.int32), 2)
    order = jnp.argsort(worst, axis=1, stable=True)[:, : layout.index.shape[1]]
    return layout.flat(jnp.take_along_axis(rows, order, axis=1))


def expert_logits(
    net: nn.Module, experts: Array, syn: SyntheticSet, real: RealData, *, copies: int
) -> Array:
    """Returns the mean logits of the experts that classify an image rightly.

    Where none does, it is the mean of all of them, with the logit of the true class raised to the
    largest.

    Args:
      net: a flax module.
      experts: float ``[k, p]``, the parameters of each expert as a vector.
      syn: images ``[n·copies, h, w, c]``, those of one label in a row after each other, with
        labels int ``[n·copies]``.
      real: the training images, of which only the shape matters.
      copies: images that share their logits, see ``decode_set``.

    Returns:
      Float ``[n, C]``.
    """
    apply, unravel = apply_fn(net), unraveller(net, real)

    def of(expert: Array) -> Array:
        params = unravel(expert)
        return _in_parts(lambda images: apply(params, images), syn.images)

    logits = jax.lax.map(of, experts)
    right = (jnp.argmax(logits, axis=2) == syn.labels[None])[..., None]

    def total(values: Array) -> Array:
        return jnp.sum(jnp.sum(values, axis=0).reshape(-1, copies, values.shape[2]), axis=1)

    count = total(right.astype(logits.dtype))
    mean = total(jnp.where(right, logits, 0)) / jnp.maximum(count, 1)
    everyone = total(logits) / (len(experts) * copies)
    true = jax.nn.one_hot(syn.labels[::copies], logits.shape[2], dtype=bool)
    raised = jnp.where(true, jnp.max(everyone, axis=1, keepdims=True), everyone)
    return jnp.where(count > 0, mean, raised)


def _in_parts(fn: Callable[[Array], Array], xs: Array) -> Array:
    """Applies a function of a batch to parts of at most ``_IMAGES`` rows, one after the other."""
    whole = len(xs) // _IMAGES * _IMAGES
    parts = []
    if whole:
        batches = xs[:whole].reshape(-1, _IMAGES, *xs.shape[1:])
        parts.append(jnp.concatenate(jax.lax.map(fn, batches)))
    if whole < len(xs):
        parts.append(fn(xs[whole:]))
    return jnp.concatenate(parts)
