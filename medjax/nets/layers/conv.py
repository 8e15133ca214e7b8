"""A convolution whose derivatives, of any order, are fast on the CPU and on a GPU.

XLA's own weight gradient of a convolution is slow on the CPU for batches of more than a few
dozen images, and under ``vmap`` over networks or classes it becomes a grouped convolution, which
is slow everywhere. Written as one matrix product for each tap of the kernel it is neither. For
the same reason several kernels at once (``vmap`` over networks) are a batched matrix product, and
one kernel on several batches (``vmap`` over classes) is one larger batch.

The convolution and its weight gradient form a closed system: each derivative of either is again
one of the two, with stride and dilation exchanged. So both carry their own rule and can be
differentiated as often as one likes (reverse mode).

On a CPU both take half the multiplications where the kernel has three rows (``winograd.py``).
"""

from functools import cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from medjax.nets.layers import winograd
from medjax.nets.layers.precision import accurate_dtype
from medjax.nets.layers.varying import varying_alike
from medjax.types import Array

Padding = tuple[int, int]

# Below this many input channels the taps' products are too thin to fill a matrix unit, so all
# taps of a pixel are laid side by side instead (k²·channels columns).
_THIN = 16
# Below this many rows of output the transforms of Winograd's filtering take what it saves.
_LEAST_ROWS = 8


class _Geometry(NamedTuple):
    """Where a kernel's taps meet the images.

    Attributes:
      padding: zeros before and after the rows, and before and after the columns; negative cuts.
      stride: outputs lie so many places apart.
      dilation: the images' pixels lie so many places apart, zeros between them.
    """

    padding: tuple[Padding, Padding]
    stride: int
    dilation: int


def conv2d(
    images: Array,
    kernel: Array,
    padding: Padding,
    *,
    precision: lax.Precision | None = None,
    stride: int = 1,
) -> Array:
    """Cross-correlates images with a kernel.

    ``y[n, i, j, o] = Σ_{a, b, c} x[n, s·i + a − p_h, s·j + b − p_w, c] · k[a, b, c, o]``, zero
    outside, with the stride ``s``.

    Args:
      images: ``[n, h, w, c]``; bfloat16 images are multiplied with the kernel as bfloat16.
      kernel: ``[k_h, k_w, c, o]`` (HWIO), of the images' dtype or, beside bfloat16, float32.
      padding: zeros added on both sides of the rows and of the columns, ``(p_h, p_w)``.
      precision: of the multiplications; ``None`` is JAX's default.
      stride: of rows and columns.

    Returns:
      ``[n, ⌊(h + 2·p_h − k_h) / s⌋ + 1, ⌊(w + 2·p_w − k_w) / s⌋ + 1, o]``, of the images' dtype.

    Example:
      >>> conv2d(jnp.ones((1, 4, 4, 2)), jnp.ones((3, 3, 2, 5)), (1, 1)).shape
      (1, 4, 4, 5)
      >>> conv2d(jnp.ones((1, 4, 4, 2)), jnp.ones((3, 3, 2, 5)), (1, 1), stride=2).shape
      (1, 2, 2, 5)
    """
    geometry = _Geometry(tuple((p, p) for p in padding), stride, 1)
    return _conv2d(*varying_alike(images, kernel), geometry, precision)


@partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def _conv2d(images: Array, kernel: Array, geometry: _Geometry, precision) -> Array:
    kernel = kernel.astype(images.dtype) if images.dtype == jnp.bfloat16 else kernel
    return _convolution(geometry, precision)(images, kernel)


@cache
def _convolution(geometry: _Geometry, precision: lax.Precision | None):
    """``(images, kernel) -> images``, with what ``vmap`` makes of it."""

    @jax.custom_batching.custom_vmap
    def convolve(images, kernel):
        rows = _filtered_rows(images, kernel.shape, geometry)
        if not rows:
            return direct(images, kernel, geometry.padding)
        (before, _), columns = geometry.padding
        parts = winograd.split_images(images, before=before, rows=rows)
        parts = [
            direct(part, part_kernel, ((0, 0), columns))
            for part, part_kernel in zip(parts, winograd.split_kernel(kernel), strict=True)
        ]
        return winograd.join_images(parts, rows=rows)

    def direct(images, kernel, padding):
        return lax.conv_general_dilated(
            images,
            kernel,
            window_strides=(geometry.stride,) * 2,
            padding=padding,
            lhs_dilation=(geometry.dilation,) * 2,
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
            precision=precision,
        )

    @convolve.def_vmap
    def _(size, batched, images, kernel):
        if batched[1]:
            images = images if batched[0] else jnp.broadcast_to(images, (size, *images.shape))
            return jax.vmap(partial(_as_product, geometry, precision))(images, kernel), True
        merged = convolve(images.reshape(-1, *images.shape[2:]), kernel)
        return merged.reshape(*images.shape[:2], *merged.shape[1:]), True

    return convolve


def _filtered_rows(images: Array, kernel: tuple[int, ...], geometry: _Geometry) -> int:
    """Rows of output if they are computed by Winograd's filtering, else 0.

    On a CPU alone: other platforms' libraries choose for themselves. Half precision would lose what
    it has to the transforms.
    """
    size, _, *channels = kernel
    rows = images.shape[1] + sum(geometry.padding[0]) - size + 1
    suits = (
        jax.default_backend() == "cpu"
        and (size, geometry.stride, geometry.dilation) == (winograd.KERNEL_ROWS, 1, 1)
        and min(channels) >= _THIN
        and rows >= _LEAST_ROWS
        and images.dtype.itemsize >= 4
    )
    return rows if suits else 0


def _as_product(geometry, precision, images, kernel):
    """The convolution as one matrix product: several kernels' products are one batched product."""
    columns = jnp.concatenate(_taps(images, kernel.shape[:2], geometry), axis=-1)
    return jnp.matmul(columns, kernel.reshape(-1, kernel.shape[3]), precision=precision)


def _taps(images: Array, size: tuple[int, int], geometry: _Geometry) -> list[Array]:
    """What each tap of a kernel of this size sees: ``[n, h', w', c]``, row by row."""
    between, step = geometry.dilation - 1, geometry.stride
    rows, columns = ((low, high, between) for low, high in geometry.padding)
    zero = jnp.zeros((), images.dtype)
    padded = lax.pad(images, zero, [(0, 0, 0), rows, columns, (0, 0, 0)])
    h, w = ((have - k) // step * step + 1 for have, k in zip(padded.shape[1:3], size, strict=True))
    return [
        padded[:, a : a + h : step, b : b + w : step]
        for a in range(size[0])
        for b in range(size[1])
    ]


def _conv2d_fwd(images, kernel, geometry, precision):
    return _conv2d(images, kernel, geometry, precision), (images, kernel)


def _conv2d_bwd(geometry, precision, residuals, cotangent):
    images, kernel = residuals
    size = kernel.shape[:2]
    return (
        _input_gradient(cotangent, kernel, images.shape, geometry, precision),
        _kernel_gradient(images, cotangent, size, geometry, precision),
    )


_conv2d.defvjp(_conv2d_fwd, _conv2d_bwd)


def _input_gradient(
    cotangent: Array, kernel: Array, shape: tuple[int, ...], geometry: _Geometry, precision
) -> Array:
    """The gradient by images of this shape: a convolution with the turned, transposed kernel."""
    turned = jnp.swapaxes(kernel[::-1, ::-1], 2, 3)
    padding = []
    for axis, (low, _) in enumerate(geometry.padding):
        size, before = kernel.shape[axis], kernel.shape[axis] - 1 - low
        apart = (cotangent.shape[axis + 1] - 1) * geometry.stride + 1
        wanted = (shape[axis + 1] - 1) * geometry.dilation + 1
        padding.append((before, wanted - apart - before + size - 1))
    exchanged = _Geometry(tuple(padding), geometry.dilation, geometry.stride)
    return _conv2d(*varying_alike(cotangent, turned), exchanged, precision)


@partial(jax.custom_vjp, nondiff_argnums=(2, 3, 4))
def _kernel_gradient(
    images: Array, cotangent: Array, size: tuple[int, int], geometry: _Geometry, precision
) -> Array:
    """The gradient by the kernel, ``[k_h, k_w, c, o]``: pixels × output gradients."""
    rows = _filtered_rows(images, (*size, images.shape[3], cotangent.shape[3]), geometry)
    if not rows:
        return _taps_gradient(images, cotangent, size, geometry, precision, turned=True)
    (before, _), columns = geometry.padding
    pairs = zip(
        winograd.split_images(images, before=before, rows=rows),
        winograd.split_cotangent(cotangent),
        strict=True,
    )
    flat = geometry._replace(padding=((0, 0), columns))
    parts = [_taps_gradient(*pair, (1, size[1]), flat, precision, turned=False) for pair in pairs]
    return winograd.join_kernel(jnp.stack(parts))


def _taps_gradient(images, cotangent, size, geometry, precision, *, turned):
    """``_kernel_gradient`` as a matrix product for each tap."""
    c, o = images.shape[3], cotangent.shape[3]
    taps = _taps(images, size, geometry)
    product = partial(
        jnp.matmul,
        precision=precision,
        preferred_element_type=accurate_dtype(images.dtype),
    )
    columns = cotangent.reshape(-1, o)
    if c < _THIN:
        rows = jnp.concatenate(taps, axis=-1).reshape(-1, len(taps) * c)
        return product(rows.T, columns).reshape(*size, c, o)
    if not turned:
        return jnp.stack([product(tap.reshape(-1, c).T, columns) for tap in taps]).reshape(
            *size, c, o
        )
    # Turned once and for all taps: a CPU multiplies rows by columns up to 1.4 times faster. Without
    # the barrier the compiler would turn it back. For three taps it takes more than it saves.
    columns = lax.optimization_barrier(columns.T)
    gradient = jnp.stack([product(columns, tap.reshape(-1, c)) for tap in taps])
    return jnp.swapaxes(gradient, 1, 2).reshape(*size, c, o)


def _kernel_gradient_fwd(images, cotangent, size, geometry, precision):
    gradient = _kernel_gradient(images, cotangent, size, geometry, precision)
    return gradient, (images, cotangent)


def _kernel_gradient_bwd(size, geometry, precision, residuals, kernel):
    images, cotangent = residuals
    return (
        _input_gradient(cotangent, kernel, images.shape, geometry, precision),
        _conv2d(*varying_alike(images, kernel), geometry, precision),
    )


_kernel_gradient.defvjp(_kernel_gradient_fwd, _kernel_gradient_bwd)
