"""A convolution with fast derivatives of any order, on a CPU and on a GPU.

XLA's own weight gradient is slow on a CPU for batches of more than a few dozen images. Under
``vmap`` over networks or classes it becomes a grouped convolution, which is slow everywhere. Here
it is one matrix product for each tap of the kernel, which avoids both. For the same reason ``vmap``
over kernels (networks) gives a batched matrix product, and ``vmap`` over batches that share a
kernel (classes) gives one larger batch.

The convolution and its weight gradient form a closed system: each derivative of either is again
one of the two, with stride and dilation exchanged. Each has its own rule, so both can be
differentiated any number of times (reverse mode).

On a CPU both halve the multiplications of a kernel with three rows (``winograd.py``).
"""

from collections.abc import Callable
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

# With fewer input channels than this, the taps' products are too thin to fill a matrix unit, so all
# taps of a pixel are laid side by side instead (k²·channels columns).
_THIN = 16
# With fewer output rows than this, Winograd's transforms cost what they save.
_LEAST_ROWS = 8


class _Window(NamedTuple):
    """How a kernel moves over the images.

    Attributes:
      padding: zeros before and after the rows, and before and after the columns; negative crops.
      stride: distance between outputs, in pixels.
      dilation: distance between the images' pixels, with zeros between them.
      precision: of the multiplications.
    """

    padding: tuple[Padding, Padding]
    stride: int
    dilation: int
    precision: lax.Precision | None


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
      kernel: ``[k_h, k_w, c, o]`` (HWIO), of the images' dtype, or float32 for bfloat16 images.
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
    rows, columns = padding
    window = _Window(((rows, rows), (columns, columns)), stride, 1, precision)
    y: Array = _conv2d(*varying_alike(images, kernel), window)
    return y


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def _conv2d(images: Array, kernel: Array, window: _Window) -> Array:
    kernel = kernel.astype(images.dtype) if images.dtype == jnp.bfloat16 else kernel
    return _convolution(window)(images, kernel)


@cache
def _convolution(window: _Window) -> Callable[[Array, Array], Array]:
    """``(images, kernel) -> images``, with its own rule for ``vmap``."""

    @jax.custom_batching.custom_vmap
    def convolve(images: Array, kernel: Array) -> Array:
        rows = _winograd_rows(images, kernel.shape, window)
        plain = partial(direct, padding=window.padding)
        if not rows:
            return plain(images, kernel)
        return _on_cpu(partial(filtered, rows), plain)(images, kernel)

    def filtered(rows: int, images: Array, kernel: Array) -> Array:
        (before, _), columns = window.padding
        parts = winograd.split_images(images, before=before, rows=rows)
        parts = [
            direct(part, part_kernel, ((0, 0), columns))
            for part, part_kernel in zip(parts, winograd.split_kernel(kernel), strict=True)
        ]
        return winograd.join_images(parts, rows=rows)

    def direct(images: Array, kernel: Array, padding: tuple[Padding, Padding]) -> Array:
        return lax.conv_general_dilated(
            images,
            kernel,
            window_strides=(window.stride,) * 2,
            padding=padding,
            lhs_dilation=(window.dilation,) * 2,
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
            precision=window.precision,
        )

    @convolve.def_vmap
    def _(size: int, batched: list[bool], images: Array, kernel: Array) -> tuple[Array, bool]:
        if batched[1]:
            images = images if batched[0] else jnp.broadcast_to(images, (size, *images.shape))
            return jax.vmap(partial(_as_product, window))(images, kernel), True
        merged = convolve(images.reshape(-1, *images.shape[2:]), kernel)
        return merged.reshape(*images.shape[:2], *merged.shape[1:]), True

    return convolve


def _winograd_rows(images: Array, kernel: tuple[int, ...], window: _Window) -> int:
    """The number of output rows if Winograd's filtering computes them on a CPU, else 0.

    Other platforms' libraries choose for themselves. Half precision is not filtered, because the
    transforms would round it away.
    """
    size, _, *channels = kernel
    rows = images.shape[1] + sum(window.padding[0]) - size + 1
    suits = (
        (size, window.stride, window.dilation) == (winograd.KERNEL_ROWS, 1, 1)
        and min(channels) >= _THIN
        and rows >= _LEAST_ROWS
        and images.dtype.itemsize >= 4
    )
    return rows if suits else 0


def _on_cpu(
    cpu: Callable[[Array, Array], Array], default: Callable[[Array, Array], Array]
) -> Callable[[Array, Array], Array]:
    """Returns ``cpu`` in programs that are compiled for a CPU, and ``default`` in all others."""
    # The scope marks the instructions in compiled programs.
    marked = jax.named_scope("winograd")(cpu)
    return lambda *arrays: lax.platform_dependent(*arrays, cpu=marked, default=default)


def _as_product(window: _Window, images: Array, kernel: Array) -> Array:
    """The convolution as one matrix product; for several kernels it is one batched product."""
    h, w, _, features = kernel.shape
    columns = jnp.concatenate(_taps(images, (h, w), window), axis=-1)
    return jnp.matmul(columns, kernel.reshape(-1, features), precision=window.precision)


def _taps(images: Array, size: tuple[int, int], window: _Window) -> list[Array]:
    """The pixels under each tap of a kernel of this size: ``[n, h', w', c]``, row by row."""
    between, step = window.dilation - 1, window.stride
    rows, columns = ((low, high, between) for low, high in window.padding)
    zero = jnp.zeros((), images.dtype)
    padded = lax.pad(images, zero, [(0, 0, 0), rows, columns, (0, 0, 0)])
    h, w = ((have - k) // step * step + 1 for have, k in zip(padded.shape[1:3], size, strict=True))
    return [
        padded[:, a : a + h : step, b : b + w : step]
        for a in range(size[0])
        for b in range(size[1])
    ]


def _conv2d_backward(
    window: _Window, residuals: tuple[Array, Array], cotangent: Array
) -> tuple[Array, Array]:
    images, kernel = residuals
    return (
        _input_gradient(cotangent, kernel, images.shape, window),
        _kernel_gradient(images, cotangent, kernel.shape[:2], window),
    )


_conv2d.defvjp(lambda *args: (_conv2d(*args), args[:2]), _conv2d_backward)


def _input_gradient(
    cotangent: Array, kernel: Array, shape: tuple[int, ...], window: _Window
) -> Array:
    """Returns the gradient of the images: a convolution with the turned, transposed kernel."""
    turned = jnp.swapaxes(kernel[::-1, ::-1], 2, 3)

    def padding(axis: int) -> Padding:
        size, (low, _) = kernel.shape[axis], window.padding[axis]
        given = (cotangent.shape[axis + 1] - 1) * window.stride + 1
        wanted = (shape[axis + 1] - 1) * window.dilation + 1
        return size - 1 - low, wanted - given + low

    exchanged = _Window((padding(0), padding(1)), window.dilation, window.stride, window.precision)
    gradient: Array = _conv2d(*varying_alike(cotangent, turned), exchanged)
    return gradient


@partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def _kernel_gradient(
    images: Array, cotangent: Array, size: tuple[int, int], window: _Window
) -> Array:
    """Returns the gradient of the kernel, ``[k_h, k_w, c, o]``: pixels × output gradients."""
    rows = _winograd_rows(images, (*size, images.shape[3], cotangent.shape[3]), window)
    plain = partial(_taps_gradient, size=size, window=window, turned=True)
    if not rows:
        return plain(images, cotangent)
    return _on_cpu(partial(_filtered_gradient, rows, size, window), plain)(images, cotangent)


def _filtered_gradient(
    rows: int, size: tuple[int, int], window: _Window, images: Array, cotangent: Array
) -> Array:
    """``_kernel_gradient`` by Winograd's filtering."""
    (before, _), columns = window.padding
    pairs = zip(
        winograd.split_images(images, before=before, rows=rows),
        winograd.split_cotangent(cotangent),
        strict=True,
    )
    flat = window._replace(padding=((0, 0), columns))
    parts = [_taps_gradient(*pair, (1, size[1]), flat, turned=False) for pair in pairs]
    return winograd.join_kernel(jnp.stack(parts))


def _taps_gradient(
    images: Array, cotangent: Array, size: tuple[int, int], window: _Window, *, turned: bool
) -> Array:
    """``_kernel_gradient`` as a matrix product for each tap."""
    c, o = images.shape[3], cotangent.shape[3]
    taps = _taps(images, size, window)
    product = partial(
        jnp.matmul,
        precision=window.precision,
        preferred_element_type=accurate_dtype(images.dtype),
    )
    columns = cotangent.reshape(-1, o)
    if c < _THIN:
        rows = jnp.concatenate(taps, axis=-1).reshape(-1, len(taps) * c)
        return product(rows.T, columns).reshape(*size, c, o)
    if not turned:
        products = [product(tap.reshape(-1, c).T, columns) for tap in taps]
        return jnp.stack(products).reshape(*size, c, o)
    # Turned once for all taps: a CPU multiplies rows by columns up to 1.4 times faster. Without the
    # barrier the compiler would turn it back. For three taps the turn costs more than it saves.
    columns = lax.optimization_barrier(columns.T)
    gradient = jnp.stack([product(columns, tap.reshape(-1, c)) for tap in taps])
    return jnp.swapaxes(gradient, 1, 2).reshape(*size, c, o)


def _kernel_gradient_backward(
    size: tuple[int, int], window: _Window, residuals: tuple[Array, Array], kernel: Array
) -> tuple[Array, Array]:
    images, cotangent = residuals
    return (
        _input_gradient(cotangent, kernel, images.shape, window),
        _conv2d(*varying_alike(images, kernel), window),
    )


_kernel_gradient.defvjp(
    lambda *args: (_kernel_gradient(*args), args[:2]), _kernel_gradient_backward
)
