"""The least that each work must compute and move, and how fast this device does both.

Only the convolutions of the network count: they are all but a few per cent of the operations, and
every other layer is assumed to be fused into them. A convolution reads two operands, one of the
size of its input and one of the size of its output, or reads one and writes the other.
"""

from collections.abc import Callable
from typing import NamedTuple

import cases
import jax
import jax.numpy as jnp

_KERNEL = 9
_ITEM_BYTES = {"float32": 4, "tf32": 4, "bfloat16": 2}


class Passes(NamedTuple):
    """Convolutions per image in the first layer and in each later layer."""

    first: int
    later: int


FORWARD = Passes(1, 1)
PIXEL_GRADIENT = Passes(2, 2)
# Forward, gradient of the kernel, gradient of the input (not needed in the first layer).
PARAMETER_GRADIENT = Passes(2, 3)
# The parameter gradient; its derivative with respect to both operands of each kernel gradient and
# to the cotangent of each input gradient; and the backward pass of the forward pass.
MATCHING = Passes(5, 7)


class Floor(NamedTuple):
    """The floating-point operations and bytes that a work needs at least."""

    operations: float
    bytes: float


def floor(work: str, case: cases.Case, *, precision: str) -> Floor:
    """Returns the floor of one unit of a work (one outer step, one evaluation …)."""
    syn, real = case.classes * case.ipc, case.classes * cases.BATCH_REAL
    matching = [(real, PARAMETER_GRADIENT), (syn, MATCHING)]
    passes = {
        "dm": [(real, FORWARD), (syn, PIXEL_GRADIENT)],
        "dc": matching,
        "dsa": matching,
        "dsa_life": [*matching, *matching, (cases.EPOCHS * syn, PARAMETER_GRADIENT)],
        "whole": [(cases.WHOLE_IMAGES // case.classes * case.classes, PARAMETER_GRADIENT)],
    }.get(work)
    if passes is None:
        passes = [(cases.networks(work)[0] * cases.EPOCHS * syn, PARAMETER_GRADIENT)]
    operations, moved = zip(*(_cost(case, p) for _, p in passes), strict=True)
    counts = [count for count, _ in passes]
    return Floor(
        sum(n * o for n, o in zip(counts, operations, strict=True)),
        sum(n * m for n, m in zip(counts, moved, strict=True)) * _ITEM_BYTES[precision],
    )


def _cost(case: cases.Case, passes: Passes) -> tuple[float, float]:
    """Returns the operations and the numbers moved for one image."""
    operations = moved = 0
    channels, size = case.channels, case.size
    for layer in range(cases.DEPTH):
        count = passes.later if layer else passes.first
        out_size = 32 if layer == 0 and size == 28 else size
        pixels = out_size**2
        operations += count * 2 * _KERNEL * channels * cases.WIDTH * pixels
        moved += count * (channels * size**2 + cases.WIDTH * pixels)
        channels, size = cases.WIDTH, out_size // 2
    return operations, moved


class Probe(NamedTuple):
    """A work that runs at the full speed of this device, and its amount."""

    run: Callable[[], object]
    amount: float


def matmul(precision: str) -> Probe:
    """Returns a large square matrix product, with ``amount`` in operations."""
    n = 2048 if jax.default_backend() == "cpu" else 8192
    dtype = jnp.bfloat16 if precision == "bfloat16" else jnp.float32
    name = {"float32": "highest", "tf32": "high", "bfloat16": "default"}[precision]
    a = jax.random.normal(jax.random.key(0), (n, n)).astype(dtype)
    product = jax.jit(lambda x: jnp.matmul(x, x, precision=name))
    return Probe(lambda: product(a).block_until_ready(), 2 * n**3)


def copy() -> Probe:
    """Returns a copy of an array far larger than any cache, with ``amount`` in bytes moved."""
    n = 2**25 if jax.default_backend() == "cpu" else 2**28
    x = jnp.ones(n, jnp.float32)
    add = jax.jit(lambda x: x + 1)
    return Probe(lambda: add(x).block_until_ready(), 2 * 4 * n)
