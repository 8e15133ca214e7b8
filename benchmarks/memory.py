"""Measures the peak memory of one work in its own process.

    python benchmarks/memory.py dm 1x28x2 10 [--precision=tf32] [--reference=DIR]

prints the bytes beyond those held before the work: on a GPU as its allocator counts them, on a
CPU as the growth of the resident set.
"""

import argparse
import ctypes
import os

os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")


def main() -> None:
    """Runs the work once and prints its peak."""
    import cases

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", choices=cases.WORKS)
    parser.add_argument("shape", choices=cases.SHAPES)
    parser.add_argument("ipc", type=int)
    parser.add_argument("--precision", default="tf32")
    parser.add_argument("--reference")
    arguments = parser.parse_args()
    case = cases.SHAPES[arguments.shape]._replace(ipc=arguments.ipc)
    if arguments.reference:
        import reference
        import torch

        utils = reference.load(arguments.reference)
        work = reference.make_work(utils, arguments.work, case, precision="tf32", steps=1)
        on_gpu = torch.cuda.is_available()
        peak = torch.cuda.max_memory_allocated if on_gpu else resident_peak
    else:
        import engine
        import jax

        work = engine.make_work(arguments.work, case, precision=arguments.precision, steps=1)
        on_gpu = jax.default_backend() != "cpu"
        device = jax.local_devices()[0]
        peak = (lambda: device.memory_stats()["peak_bytes_in_use"]) if on_gpu else resident_peak
    if not on_gpu:
        work()  # the compiler's memory is not the work's
    before = 0 if on_gpu else forget_resident_peak()
    work()
    print(peak() - before)


def resident_peak() -> int:
    return _status("VmHWM")


def forget_resident_peak() -> int:
    ctypes.CDLL(None).malloc_trim(0)  # returns what the first run freed to the system
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    return _status("VmRSS")


def _status(field: str) -> int:
    with open("/proc/self/status") as file:
        lines = dict(line.split(":", 1) for line in file)
    return 1024 * int(lines[field].split()[0])


if __name__ == "__main__":
    main()
