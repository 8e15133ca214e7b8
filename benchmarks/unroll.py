"""Measures the memory of differentiating an MTT student, by unroll and number of steps.

    python benchmarks/unroll.py
    python benchmarks/unroll.py --width=32 --steps=10,40 --out=benchmarks/results/unroll_cpu

prints the scratch memory that the compiler plans, and the peak of a process beyond what it holds
before. The gradient is with respect to images and step size, of a ConvNet of depth 3 with 20 grey
images of 28 pixels in each step. ``--out`` writes both as ``.jsonl``, with device and commit.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import memory

from medjax import kernels, nets

_MIB = 2**20
_IMAGES = (20, 28, 28, 1)


def gradient(unroll: str, *, width: int, num_steps: int) -> tuple[Callable, Callable]:
    """Returns the jitted gradient, and a function from a key to its arguments."""
    net = nets.make("convnet", num_classes=2, width=width)
    labels = jnp.arange(_IMAGES[0], dtype=jnp.int32) // (_IMAGES[0] // 2)

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

    def arguments(key):
        images = jax.random.normal(key, _IMAGES, jnp.float32)
        start = net.init(key, images)["params"]
        return images, jnp.float32(0.01), start, jax.tree.map(lambda x: x + 0.01, start)

    return jax.jit(jax.value_and_grad(loss, argnums=(0, 1))), arguments


def scratch_bytes(unroll: str, *, width: int, num_steps: int) -> int:
    """Returns the scratch bytes of one compiled gradient, without running it."""
    graded, arguments = gradient(unroll, width=width, num_steps=num_steps)
    shapes = jax.eval_shape(arguments, jax.random.key(0))
    return graded.lower(*shapes).compile().memory_analysis().temp_size_in_bytes


def peak_bytes(unroll: str, *, width: int, num_steps: int) -> int:
    """Returns the growth in bytes of a new process's resident set while it computes one."""
    case = json.dumps({"unroll": unroll, "width": width, "num_steps": num_steps})
    command = [sys.executable, __file__, f"--measure={case}"]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def measure(unroll: str, *, width: int, num_steps: int) -> int:
    """Returns the same as ``peak_bytes``, measured in this process."""
    graded, arguments = gradient(unroll, width=width, num_steps=num_steps)
    arguments = jax.block_until_ready(jax.jit(arguments)(jax.random.key(0)))
    jax.block_until_ready(graded(*arguments))  # the compiler's memory is not the work's
    before = memory.forget_resident_peak()
    jax.block_until_ready(graded(*arguments))
    return memory.resident_peak() - before


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=128, help="width of the network")
    parser.add_argument("--steps", default="10,80", help="numbers of steps of the student")
    parser.add_argument("--out", type=Path, help="name of a file, without suffix")
    parser.add_argument("--measure", type=json.loads, help="measure one case in this process")
    arguments = parser.parse_args()
    if arguments.measure:
        print(measure(**arguments.measure))
        return
    import speed  # for its description of the machine

    where, lines = speed.about(), []
    print("unroll | steps | planned MiB | peak MiB")
    for unroll in kernels.UNROLLS:
        for number in map(int, arguments.steps.split(",")):
            case = {"unroll": unroll, "width": arguments.width, "num_steps": number}
            planned, peak = scratch_bytes(**case), peak_bytes(**case)
            print(unroll, number, f"{planned / _MIB:.1f}", f"{peak / _MIB:.1f}", sep=" | ")
            lines.append(case | {"scratch_bytes": planned, "peak_bytes": peak})
    if arguments.out:
        text = "".join(json.dumps(line | where) + "\n" for line in lines)
        arguments.out.with_suffix(".jsonl").write_text(text)


if __name__ == "__main__":
    main()
