"""A stride-1 convolution whose derivatives, of any order, are fast on the CPU and on a GPU.

XLA's own weight gradient of a convolution is slow on the CPU for batches of more than a few
dozen images, and under ``vmap`` over networks or classes it becomes a grouped convolution, which
is slow everywhere. Written as one matrix product for each tap of the kernel it is neither. For
the same reason several kernels at once (``vmap`` over networks) are a batched matrix product, and
one kernel on several batches (``vmap`` over classes) is one larger batch.

The convolution and its weight gradient form a closed system: each derivative of either is again
one of the two. So both carry their own rule and can be differentiated as often as one likes
(reverse mode).
"""

from functools import cache, partial

import jax
import jax.numpy as jnp
from jax import lax

from medjax.nets.precision import accurate_dtype
from medjax.types import Array, varying_axes

Padding = tuple[int, int]

# Below this many input channels the taps' products are too thin to fill a matrix unit, so all
# taps of a pixel are laid side by side instead (k²·channels columns).
_THIN = 16


def conv2d(
    images: Array, kernel: Array, padding: Padding, precision: lax.Precision | None = None
) -> Array:
    """Cross-correlates images with a kernel at stride 1.

    ``y[n, i, j, o] = Σ_{a, b, c} x[n, i + a − p_h, j + b − p_w, c] · k[a, b, c, o]``, zero outside.

    Args:
      images: ``[n, h, w, c]``; bfloat16 images are multiplied with the kernel as bfloat16.
      kernel: ``[k_h, k_w, c, o]`` (HWIO), of the images' dtype or, beside bfloat16, float32.
      padding: zeros added on both sides of the rows and of the columns, ``(p_h, p_w)``.
      precision: of the multiplications; ``None`` is JAX's default.

    Returns:
      ``[n, h + 2·p_h − k_h + 1, w + 2·p_w − k_w + 1, o]``, of the images' dtype.

    Example:
      >>> conv2d(jnp.ones((1, 4, 4, 2)), jnp.ones((3, 3, 2, 5)), (1, 1)).shape
      (1, 4, 4, 5)
    """
    return _conv2d(*_varying_alike(images, kernel), padding, precision)


@partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def _conv2d(images: Array, kernel: Array, padding: Padding, precision) -> Array:
    kernel = kernel.astype(images.dtype) if images.dtype == jnp.bfloat16 else kernel
    return _convolution(padding, precision)(images, kernel)


def _varying_alike(*arrays: Array) -> list[Array]:
    """Inside ``shard_map``, marks what is the same on all devices as differing where another does.

    A rule of differentiation of our own must give cotangents that vary as its operands do; for
    operands marked so, the sum over devices that a shared one needs is then made outside of it.
    """
    axes = frozenset().union(*map(varying_axes, arrays))
    missing = [tuple(sorted(axes - varying_axes(x))) for x in arrays]
    return [
        lax.pcast(x, names, to="varying") if names else x
        for x, names in zip(arrays, missing, strict=True)
    ]


@cache
def _convolution(padding: Padding, precision: lax.Precision | None):
    """``(images, kernel) -> images``, with what ``vmap`` makes of it."""

    @jax.custom_batching.custom_vmap
    def convolve(images, kernel):
        return lax.conv_general_dilated(
            images,
            kernel,
            window_strides=(1, 1),
            padding=[(padding[0], padding[0]), (padding[1], padding[1])],
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
            precision=precision,
        )

    @convolve.def_vmap
    def _(size, batched, images, kernel):
        if batched[1]:
            images = images if batched[0] else jnp.broadcast_to(images, (size, *images.shape))
            return jax.vmap(partial(_as_product, padding, precision))(images, kernel), True
        merged = convolve(images.reshape(-1, *images.shape[2:]), kernel)
        return merged.reshape(*images.shape[:2], *merged.shape[1:]), True

    return convolve


def _as_product(padding, precision, images, kernel):
    """The convolution as one matrix product: several kernels' products are one batched product."""
    columns = jnp.concatenate(_taps(images, kernel.shape[:2], padding), axis=-1)
    return jnp.matmul(columns, kernel.reshape(-1, kernel.shape[3]), precision=precision)


def _taps(images: Array, size: tuple[int, int], padding: Padding) -> list[Array]:
    """What each tap of a kernel of this size sees: ``[n, h', w', c]``, row by row."""
    (p_h, p_w), zero = padding, jnp.zeros((), images.dtype)
    padded = lax.pad(images, zero, [(0, 0, 0), (p_h, p_h, 0), (p_w, p_w, 0), (0, 0, 0)])
    h, w = (have - k + 1 for have, k in zip(padded.shape[1:3], size, strict=True))
    return [padded[:, a : a + h, b : b + w] for a in range(size[0]) for b in range(size[1])]


def _conv2d_fwd(images, kernel, padding, precision):
    return _conv2d(images, kernel, padding, precision), (images, kernel)


def _conv2d_bwd(padding, precision, residuals, cotangent):
    images, kernel = residuals
    return (
        _input_gradient(cotangent, kernel, padding, precision),
        _kernel_gradient(images, cotangent, padding, precision),
    )


_conv2d.defvjp(_conv2d_fwd, _conv2d_bwd)


def _input_gradient(cotangent: Array, kernel: Array, padding: Padding, precision) -> Array:
    """The gradient by the images: a convolution with the turned and transposed kernel."""
    turned = jnp.swapaxes(kernel[::-1, ::-1], 2, 3)
    k_h, k_w = kernel.shape[:2]
    return conv2d(cotangent, turned, (k_h - 1 - padding[0], k_w - 1 - padding[1]), precision)


@partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def _kernel_gradient(images: Array, cotangent: Array, padding: Padding, precision) -> Array:
    """The gradient by the kernel, ``[k_h, k_w, c, o]``: pixels × output gradients."""
    c, o = images.shape[3], cotangent.shape[3]
    k_h, k_w = (
        have + 2 * p - left + 1
        for have, p, left in zip(images.shape[1:3], padding, cotangent.shape[1:3], strict=True)
    )
    taps = _taps(images, (k_h, k_w), padding)
    product = partial(
        jnp.matmul,
        precision=precision,
        preferred_element_type=accurate_dtype(images.dtype),
    )
    columns = cotangent.reshape(-1, o)
    if c < _THIN:
        rows = jnp.concatenate(taps, axis=-1).reshape(-1, k_h * k_w * c)
        return product(rows.T, columns).reshape(k_h, k_w, c, o)
    # Turned once and for all taps: a CPU multiplies rows by columns up to 1.4 times faster. Without
    # the barrier the compiler would turn it back.
    turned = lax.optimization_barrier(columns.T)
    gradient = jnp.stack([product(turned, tap.reshape(-1, c)) for tap in taps])
    return jnp.swapaxes(gradient, 1, 2).reshape(k_h, k_w, c, o)


def _kernel_gradient_fwd(images, cotangent, padding, precision):
    return _kernel_gradient(images, cotangent, padding, precision), (images, cotangent)


def _kernel_gradient_bwd(padding, precision, residuals, kernel):
    images, cotangent = residuals
    return (
        _input_gradient(cotangent, kernel, padding, precision),
        conv2d(images, kernel, padding, precision),
    )


_kernel_gradient.defvjp(_kernel_gradient_fwd, _kernel_gradient_bwd)
