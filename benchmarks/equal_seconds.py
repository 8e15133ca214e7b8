"""Distils by several methods in equal seconds on one data set, with several seeds.

    taskset -c 0 python benchmarks/equal_seconds.py --data=breastmnist \
        --methods=dm,dm+distill.factor=2,idm --seconds=120 --workdir=runs/breast --out=runs/equal

measures, in a process of its own, what a method does before its first iteration (experts included),
the seconds of an iteration and the peak memory, and writes them to ``plan.json`` in the folder of
the method. Its iterations are those that fit into the seconds, with ten validations by the fast
recipe, so that every method and the random images are selected as often. Judging is not counted.
Then the runs and the tables are those of benchmarks/table.py; a stopped command goes on where it
was.

A method may be followed by words for its config, each after a ``+``. On one core, as above, the
seconds are those that the process computed, so other programs on the core change no plan; on
several, or on a GPU, they are those of the clock. The configs of some methods start from noise and
others from real images: ``--words=distill.init=mix`` (or ``noise``) makes them alike.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import collect
import jax
import table

from medjax import errors
from medjax.cli import startup
from medjax.run import seeds
from medjax.run.experts import with_experts
from medjax.run.settings import Settings
from medjax.run.setup import make_experiment

VALIDATIONS = 10
WORDS = ("quick", "evaluation.select_recipe=fast")
LEAST_SECONDS = 8.0  # of the timed iterations, against noise
SEED = 10**6  # no run's
KIB = 1024


def seconds_now() -> float:
    """Returns the seconds that this process has computed on its one core, else those that passed.

    On several cores the sum of their seconds says nothing about how long a step takes.
    """
    alone = len(os.sched_getaffinity(0)) == 1 and jax.default_backend() == "cpu"
    return time.process_time() if alone else time.perf_counter()


def measure(config: Mapping[str, Any]) -> dict[str, float]:
    """Times the start and the iterations of a run.

    Args:
      config: its settings.

    Returns:
      ``{"setup_s", "iteration_s", "peak_mib"}``: seconds before the first iteration without
      compiling it, seconds of an iteration, and the largest resident set of this process.
    """
    with tempfile.TemporaryDirectory() as cache:  # which has no experts of another measurement
        own = {**config, "seed": SEED, "data": {**config["data"], "cache": cache}}
        start = seconds_now()
        experiment = with_experts(make_experiment(Settings.from_config(own)))
        key, real = experiment.keys["distill"], experiment.real
        state = jax.block_until_ready(experiment.distiller.init(key, real))
        setup = seconds_now() - start
    state, _ = experiment.distiller.step(key, state, real, 0)  # compiles
    count, taken = 1, 0.0
    while taken < LEAST_SECONDS:
        start = seconds_now()
        state, _ = jax.block_until_ready(experiment.distiller.step(key, state, real, count))
        taken, timed = seconds_now() - start, count
        count *= 2
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB
    return {"setup_s": setup, "iteration_s": taken / timed, "peak_mib": peak}


def planned(measured: Mapping[str, float], *, seconds: float) -> int:
    """Returns the iterations that fit, a multiple of the validations and at least one for each."""
    fit = (seconds - measured["setup_s"]) / measured["iteration_s"]
    return VALIDATIONS * max(int(fit / VALIDATIONS), 1)


def with_iterations(config: Mapping[str, Any], iterations: int) -> dict[str, Any]:
    """Returns settings with a length, and what of a method's schedule follows it."""
    distill = dict(config["distill"])
    if "expansion_iterations" in distill:
        distill["expansion_iterations"] = iterations // VALIDATIONS
    every = iterations // VALIDATIONS
    evaluation = {**config["evaluation"], "every": every}
    own = {"iterations": iterations, "log_every": every, "distill": distill}
    return {**config, **own, "evaluation": evaluation}


def plan(method: str, config: Mapping[str, Any], folder: Path, *, seconds: float) -> dict[str, Any]:
    """Reads ``plan.json`` of a method's folder, or measures and writes it."""
    path = folder / "plan.json"
    if not path.exists():
        command = [sys.executable, __file__, *sys.argv[1:], f"--measure={method}"]
        told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        measured = json.loads(told.splitlines()[-1])
        iterations = planned(measured, seconds=seconds)
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({**measured, "seconds": seconds, "iterations": iterations}))
    return json.loads(path.read_text())


def main() -> None:
    """Plans and runs the methods, and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="data set, a name or a path")
    parser.add_argument("--methods", required=True, help="as in dm,dm+distill.factor=2")
    parser.add_argument("--seconds", type=float, default=120.0, help="of distilling")
    parser.add_argument("--ipc", type=int, default=10, help="images per class")
    parser.add_argument("--seeds", type=int, default=5, help="runs of each method")
    parser.add_argument("--words", default="", help="more words after each config's colon")
    parser.add_argument("--workdir", required=True, type=Path, help="folder of the runs")
    parser.add_argument("--out", required=True, type=Path, help="name of both files")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    startup.set_up_jax(os.environ)

    def config_of(method: str) -> dict[str, Any]:
        name, *words = method.split("+")
        words = [f"ipc={arguments.ipc}", *WORDS, *words, arguments.words]
        return table.config_of(name, arguments.data, words)

    workdirs = []
    try:
        if arguments.measure:
            print(json.dumps(measure(config_of(arguments.measure))))
            return
        for method in arguments.methods.split(","):
            config, folder = config_of(method), arguments.workdir / method
            found = plan(method, config, folder, seconds=arguments.seconds)
            print(f"{method}: {found}", flush=True)
            config = with_iterations(config, found["iterations"])
            seeds.distill_seeds({**config, "seeds": (arguments.seeds,)}, folder)
            workdirs.append(folder)
    except (errors.UserError, errors.RunError) as error:
        parser.exit(2, f"{error}\n")
    print(collect.write(workdirs, arguments.out), end="")


if __name__ == "__main__":
    main()
