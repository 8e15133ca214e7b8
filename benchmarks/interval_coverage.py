"""Measures how often 95 % intervals over seeds contain the truth, by simulation.

    python benchmarks/interval_coverage.py
    python benchmarks/interval_coverage.py --out=benchmarks/results/interval_coverage

simulates experiments of a known two-level model, ``y_ij = a_i + e_ij`` with the spread of ``a``
over seeds (normal, uniform, Laplace, exponential) and of a normal ``e`` over networks, and prints
the share of intervals of ``evaluate.two_level`` that contain 0, the true mean. Beside it stands the
share for an interval that counts every network as independent. ``--out`` writes both as ``.jsonl``,
with seed and commit.
"""

import argparse
import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import speed  # for its description of the machine

from medjax import evaluate

Spread = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]

SPREADS: dict[str, Spread] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "uniform": lambda rng, shape: rng.uniform(-math.sqrt(3), math.sqrt(3), shape),
    "laplace": lambda rng, shape: rng.laplace(scale=math.sqrt(0.5), size=shape),
    "exponential": lambda rng, shape: rng.exponential(size=shape) - 1,
}
"""Distributions of mean 0 and variance 1."""
RATIOS = ((0.0, 1.0), (0.3, 1.0), (1.0, 1.0), (1.0, 0.3), (1.0, 0.0))
"""Standard deviations over seeds and over networks."""


def coverage(
    spread: str, seed_std: float, network_std: float, *, shape: tuple[int, int, int], seed: int
) -> dict[str, float]:
    """Returns the shares of intervals that contain the truth.

    Args:
      spread: one of ``SPREADS``, for the seeds.
      seed_std: standard deviation over seeds.
      network_std: standard deviation over networks of a seed.
      shape: numbers of experiments, seeds and networks.
      seed: seed of the simulation.

    Returns:
      ``two_level`` for the interval over seeds, ``pooled`` for one over all networks.
    """
    rng = np.random.default_rng(seed)
    values = seed_std * SPREADS[spread](rng, (*shape[:2], 1))
    values = values + network_std * rng.normal(size=shape)
    over_seeds = [evaluate.two_level(one).interval for one in values]
    pooled = [evaluate.mean_interval(one.ravel()) for one in values]
    return {
        name: float(np.mean([interval.low <= 0 <= interval.high for interval in intervals]))
        for name, intervals in (("two_level", over_seeds), ("pooled", pooled))
    }


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiments", type=int, default=20_000, help="simulated experiments")
    parser.add_argument("--seeds", default="3,5,10", help="numbers of seeds of an experiment")
    parser.add_argument("--networks", type=int, default=5, help="networks for each seed")
    parser.add_argument("--seed", type=int, default=0, help="seed of the simulation")
    parser.add_argument("--out", type=Path, help="name of the file, without suffix")
    arguments = parser.parse_args()
    common = {"experiments": arguments.experiments, "networks": arguments.networks}
    common |= {"confidence": 0.95, "seed": arguments.seed}
    where, rows = speed.about(), []
    print("spread       seeds  sd of seeds  sd of networks  over seeds  over networks")
    for spread in SPREADS:
        for seeds in map(int, arguments.seeds.split(",")):
            for seed_std, network_std in RATIOS:
                shape = (arguments.experiments, seeds, arguments.networks)
                found = coverage(spread, seed_std, network_std, shape=shape, seed=arguments.seed)
                case = {"spread": spread, "seeds": seeds}
                case |= {"seed_std": seed_std, "network_std": network_std}
                rows.append(case | found | common)
                both = "  ".join(f"{found[name]:10.3f}" for name in ("two_level", "pooled"))
                print(f"{spread:12} {seeds:5}  {seed_std:11}  {network_std:14}  {both}", flush=True)
    if arguments.out:
        lines = [json.dumps(row | where) for row in rows]
        arguments.out.with_suffix(".jsonl").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
