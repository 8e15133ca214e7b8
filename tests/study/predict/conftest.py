"""A made table of a study, whose gains follow the slope."""

import numpy as np
import pytest

from medjax.study.table.rows import Row

SETS = (
    *("pneumoniamnist", "breastmnist", "retinamnist", "blood_cells", "mednist", "mednist_ct"),
    *("mnist", "mnist_3_8", "mnist_4_9", "phantom", "phantom_noise", "phantom_faint"),
    *("phantom_cells", "phantom_cells_3", "own_a", "own_b", "own_c", "own_d", "own_e", "own_f"),
)


def score(dataset, method, seed, mean, *, seconds=None, images=20, ipc=10, split="test"):
    """A row of balanced accuracy."""
    cell = dataset, method, ipc, seed, split, "balanced_accuracy"
    return Row(*cell, mean, 0.01, 5, seconds, images, images * 784)


def measured(dataset, name, value, *, ipc=10):
    """A row of an indicator."""
    return Row(dataset, "indicator", ipc, 0, "val", name, value, None, 5, 60.0, 0, 0)


@pytest.fixture(scope="session")
def make_table():
    """``make_table(strength)``: rows of twenty sets, whose gain is ``strength · slope`` points."""

    def make(strength, *, noise=0.2, sets=SETS, ipc=10, seeds=3):
        rng, rows = np.random.default_rng(0), []
        for number, name in enumerate(sets):
            slope = 2.0 + number
            random = 0.8 - 0.01 * slope + 0.02 * rng.normal()
            gain = strength * slope / 100 + noise / 100 * rng.normal()
            for seed in range(seeds):
                spread = 0.002 * rng.normal()
                rows.append(score(name, "random", seed, random, ipc=ipc))
                rows.append(score(name, "random_selected", seed, random + 0.005, ipc=ipc))
                distilled = random + gain + spread
                rows.append(score(name, "dm", seed, distilled, seconds=100.0 + number, ipc=ipc))
                rows.append(score(name, "whole", seed, 0.95, images=2000, ipc=ipc))
                rows.append(score(name, "chance", seed, 0.5, ipc=ipc))
            rows.append(measured(name, "slope", slope, ipc=ipc))
            rows.append(measured(name, "random", 100 * random, ipc=ipc))
            rows.append(measured(name, "chance_balanced_accuracy", 0.5, ipc=ipc))
        return rows

    return make
