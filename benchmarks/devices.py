"""Times the same work on one device and on several, alternately.

    XLA_FLAGS=--xla_force_host_platform_device_count=2 python benchmarks/devices.py
    python benchmarks/devices.py --works=dm,dc --shapes=3x28x9   # on a machine with several GPUs

prints a line of JSON for each work and number of devices: the seconds, and the speed-up over one
device as a ratio of medians with its minimum and maximum.
"""

import argparse
import json

import cases
import engine
import jax
import speed
import timing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--works", default="dm,dc,dsa_life,eval5,eval20,whole")
    parser.add_argument("--shapes", default="1x28x2")
    parser.add_argument("--ipc", type=int, default=10)
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--repeats", type=int, default=5)
    arguments, where = parser.parse_args(), speed.about()
    counts = [n for n in range(1, jax.device_count() + 1) if jax.device_count() % n == 0]
    for shape in arguments.shapes.split(","):
        case = cases.SHAPES[shape]._replace(ipc=arguments.ipc)
        for work in arguments.works.split(","):
            steps = cases.STEPS[jax.default_backend()] if work in cases.OUTER_STEPS else 1
            works = {
                str(count): engine.make_work(
                    work, case, precision=arguments.precision, steps=steps, devices=count
                )
                for count in counts
            }
            seconds = timing.alternate(works, repeats=arguments.repeats)
            for name, values in seconds.items():
                row = {
                    "work": work,
                    "shape": shape,
                    "ipc": case.ipc,
                    "devices": int(name),
                    "seconds": timing.spread([value / steps for value in values]),
                    "times_faster": timing.ratio(seconds["1"], values),
                }
                print(json.dumps(row | where), flush=True)


if __name__ == "__main__":
    main()
