"""A stride-1 convolution whose derivatives, of any order, are fast on the CPU and on a GPU.

XLA's own weight gradient of a convolution is slow on the CPU for batches of more than a few
dozen images, and under ``vmap`` over networks or classes it becomes a grouped convolution, which
is slow everywhere. Written as one matrix product for each tap of the kernel it is neither.

The convolution and its weight gradient form a closed system: each derivative of either is again
one of the two. So both carry their own rule and can be differentiated as often as one likes
(reverse mode).
"""

from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

from medjax.types import Array

Padding = tuple[int, int]

# Below this many input channels the taps' products are too thin to fill a matrix unit, so all
# taps of a pixel are laid side by side instead (k²·channels columns).
_THIN = 16


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def conv2d(images: Array, kernel: Array, padding: Padding) -> Array:
    """Cross-correlates images with a kernel at stride 1.

    ``y[n, i, j, o] = Σ_{a, b, c} x[n, i + a − p_h, j + b − p_w, c] · k[a, b, c, o]``, zero outside.

    Args:
      images: ``[n, h, w, c]``.
      kernel: ``[k_h, k_w, c, o]`` (HWIO).
      padding: zeros added on both sides of the rows and of the columns, ``(p_h, p_w)``.

    Returns:
      ``[n, h + 2·p_h − k_h + 1, w + 2·p_w − k_w + 1, o]``.

    Example:
      >>> conv2d(jnp.ones((1, 4, 4, 2)), jnp.ones((3, 3, 2, 5)), (1, 1)).shape
      (1, 4, 4, 5)
    """
    return lax.conv_general_dilated(
        images,
        kernel,
        window_strides=(1, 1),
        padding=[(padding[0], padding[0]), (padding[1], padding[1])],
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )


def _conv2d_fwd(images, kernel, padding):
    return conv2d(images, kernel, padding), (images, kernel)


def _conv2d_bwd(padding, residuals, cotangent):
    images, kernel = residuals
    return (
        _input_gradient(cotangent, kernel, padding),
        _kernel_gradient(images, cotangent, padding),
    )


conv2d.defvjp(_conv2d_fwd, _conv2d_bwd)


def _input_gradient(cotangent: Array, kernel: Array, padding: Padding) -> Array:
    """The gradient by the images: a convolution with the turned and transposed kernel."""
    turned = jnp.swapaxes(kernel[::-1, ::-1], 2, 3)
    k_h, k_w = kernel.shape[:2]
    return conv2d(cotangent, turned, (k_h - 1 - padding[0], k_w - 1 - padding[1]))


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def _kernel_gradient(images: Array, cotangent: Array, padding: Padding) -> Array:
    """The gradient by the kernel, ``[k_h, k_w, c, o]``: pixels × output gradients."""
    (p_h, p_w), (h, w), c = padding, cotangent.shape[1:3], images.shape[3]
    padded = lax.pad(
        images, jnp.zeros((), images.dtype), [(0, 0, 0), (p_h, p_h, 0), (p_w, p_w, 0), (0, 0, 0)]
    )
    k_h, k_w = padded.shape[1] - h + 1, padded.shape[2] - w + 1
    taps = [padded[:, a : a + h, b : b + w] for a in range(k_h) for b in range(k_w)]
    columns = cotangent.reshape(-1, cotangent.shape[3])
    if c < _THIN:
        rows = jnp.concatenate(taps, axis=-1).reshape(-1, k_h * k_w * c)
        product = rows.T @ columns
    else:
        product = jnp.stack([tap.reshape(-1, c).T @ columns for tap in taps])
    return product.reshape(k_h, k_w, c, -1)


def _kernel_gradient_fwd(images, cotangent, padding):
    return _kernel_gradient(images, cotangent, padding), (images, cotangent)


def _kernel_gradient_bwd(padding, residuals, kernel):
    images, cotangent = residuals
    return _input_gradient(cotangent, kernel, padding), conv2d(images, kernel, padding)


_kernel_gradient.defvjp(_kernel_gradient_fwd, _kernel_gradient_bwd)
