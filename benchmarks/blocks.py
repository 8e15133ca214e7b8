"""Where the time of a training step goes: each block of a ConvNet, forward and backward.

    taskset -c 0 python benchmarks/blocks.py --images=10 --width=128

prints a row for each block of a ConvNet for grey images of 28 pixels: the operations of its
convolution by their definition, and the milliseconds of the block, of its convolution and its
derivatives, and of its norm, activation and pooling, each alone; then those of the gradient of a
whole network, and the rate of a matrix product. On a CPU, Winograd's filtering needs half of the
multiplications of the later blocks.
"""

import argparse
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import timing

from medjax import kernels, nets
from medjax.nets.layers.conv import conv2d
from medjax.nets.layers.pooling import pool
from medjax.nets.layers.standardize import standardize_channels

KEY = jax.random.key(0)
PRECISION = jax.lax.Precision.HIGHEST
# Input channels (0 is the width), input and output size, and padding of each block.
BLOCKS = ((1, 28, 32, 3), (0, 16, 16, 1), (0, 8, 8, 1))
HEADS = ("block", "GFLOP", "all", "conv", "forward", "by images", "by kernel", "rest")


class Block(NamedTuple):
    """The arrays of a block: images, kernel, output of the convolution, and both cotangents."""

    images: jax.Array
    kernel: jax.Array
    outputs: jax.Array
    pooled: jax.Array
    padding: tuple[int, int]

    def convolve(self, images, kernel):
        return conv2d(images, kernel, self.padding, precision=PRECISION)

    def rest(self, outputs):
        ones = jnp.ones(outputs.shape[-1])
        y = standardize_channels(outputs, ones, 0 * ones, (1, 2))
        return pool(jax.nn.relu(y), "avg")


def make_block(images: int, width: int, numbers: tuple[int, int, int, int]) -> Block:
    """Returns a block of random arrays."""
    channels, size, out, padding = numbers
    shapes = {
        "images": (images, size, size, channels or width),
        "kernel": (3, 3, channels or width, width),
        "outputs": (images, out, out, width),
        "pooled": (images, out // 2, out // 2, width),
    }
    arrays = {name: jax.random.normal(KEY, shape) for name, shape in shapes.items()}
    return Block(**arrays, padding=(padding, padding))


def works_of(block: Block) -> dict[str, Callable[[], object]]:
    """Returns what is timed; a first block needs no gradient by its images."""
    images, kernel, outputs, pooled, _ = block
    first = images.shape[-1] == 1

    def whole(images, kernel, pooled):
        made, pull = jax.vjp(lambda x, k: block.rest(block.convolve(x, k)), images, kernel)
        return made, pull(pooled)[first:]

    def conv(images, kernel, outputs):
        made, pull = jax.vjp(block.convolve, images, kernel)
        return made, pull(outputs)[first:]

    def by(index):
        return lambda x, k, y: jax.vjp(block.convolve, x, k)[1](y)[index]

    def rest(outputs, pooled):
        made, pull = jax.vjp(block.rest, outputs)
        return made, pull(pooled)

    return {
        "all": _ready(whole, images, kernel, pooled),
        "conv": _ready(conv, images, kernel, outputs),
        "forward": _ready(block.convolve, images, kernel),
        "by images": _ready(by(0), images, kernel, outputs),
        "by kernel": _ready(by(1), images, kernel, outputs),
        "rest": _ready(rest, outputs, pooled),
    }


def _ready(function: Callable[..., object], *arrays: jax.Array) -> Callable[[], object]:
    compiled = jax.jit(function)
    return lambda: jax.block_until_ready(compiled(*arrays))


def network_gradient(images: int, width: int) -> Callable[[], object]:
    """Returns the gradient of the training loss by all parameters of a network."""
    net = nets.make("convnet", num_classes=2, width=width)
    batch, labels = jax.random.normal(KEY, (images, 28, 28, 1)), jnp.arange(images) % 2
    params = net.init(KEY, batch)["params"]

    def gradient(params):
        apply = lambda params, images: net.apply({"params": params}, images)  # noqa: E731
        return kernels.loss_gradient(apply, params, batch, labels)

    return _ready(gradient, params)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=10, help="images at once")
    parser.add_argument("--width", type=int, default=128, help="channels")
    parser.add_argument("--repeats", type=int, default=30)
    arguments = parser.parse_args()
    print(f"| {' | '.join(HEADS)} |\n{'|---' * len(HEADS)}|")
    for numbers in BLOCKS:
        block = make_block(arguments.images, arguments.width, numbers)
        found = timing.alternate(works_of(block), repeats=arguments.repeats)
        passes = 2 if numbers[0] == 1 else 3
        operations = passes * 2 * block.kernel.size * block.outputs[..., 0].size / 1e9
        cells = [f"{timing.spread(seconds)['median'] * 1000:.2f}" for seconds in found.values()]
        name = f"{block.images.shape[-1]} to {arguments.width}, {numbers[2]} pixels"
        print(f"| {name} | {operations:.3f} | {' | '.join(cells)} |", flush=True)
    n = 2048
    square = jax.random.normal(KEY, (n, n))
    works = {
        "gradient": network_gradient(arguments.images, arguments.width),
        "product": _ready(lambda x: jnp.matmul(x, x, precision=PRECISION), square),
    }
    found = timing.alternate(works, repeats=arguments.repeats)
    gradient, product = (timing.spread(found[name])["median"] for name in works)
    print(f"\nnetwork: {gradient * 1000:.2f} ms; product: {2 * n**3 / product / 1e9:.0f} GFLOP/s")


if __name__ == "__main__":
    main()
