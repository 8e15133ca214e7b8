"""Memory of differentiating an MTT student, by how it is done and how many steps it makes.

    python benchmarks/unroll.py
    python benchmarks/unroll.py --width=32 --steps=10,40

prints the scratch memory that the compiler gives the gradient by images and step size: a ConvNet of
depth 3, 20 grey images of 28 pixels, all in each step.
"""

import argparse

import jax
import jax.numpy as jnp

from medjax import kernels, nets

_MIB = 2**20


def scratch_bytes(unroll: str, *, width: int, num_steps: int) -> int:
    """Bytes of scratch of one compiled gradient; nothing is computed."""
    net = nets.make("convnet", num_classes=2, width=width)
    images = jax.ShapeDtypeStruct((20, 28, 28, 1), jnp.float32)
    params = jax.eval_shape(net.init, jax.random.key(0), images)["params"]
    labels = jnp.arange(20, dtype=jnp.int32) // 10

    def loss(images, step_size, start, target):
        return kernels.trajectory_loss(
            lambda params, images: net.apply({"params": params}, images),
            start,
            target,
            images,
            labels,
            step_size,
            num_steps=num_steps,
            unroll=unroll,
        )

    gradient = jax.jit(jax.value_and_grad(loss, argnums=(0, 1)))
    step_size = jax.ShapeDtypeStruct((), jnp.float32)
    compiled = gradient.lower(images, step_size, params, params).compile()
    return compiled.memory_analysis().temp_size_in_bytes


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=128, help="of the network")
    parser.add_argument("--steps", default="10,80", help="of the student")
    arguments = parser.parse_args()
    steps = [int(number) for number in arguments.steps.split(",")]
    print(f"MiB on {jax.devices()[0].device_kind}", *(f"{n} steps" for n in steps), sep=" | ")
    for unroll in kernels.UNROLLS:
        sizes = [scratch_bytes(unroll, width=arguments.width, num_steps=n) / _MIB for n in steps]
        print(unroll, *(f"{size:.1f}" for size in sizes), sep=" | ")


if __name__ == "__main__":
    main()
