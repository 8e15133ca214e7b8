"""Jobs that cost nothing, and tables whose content is known."""

import os
import pathlib

import numpy as np
import pytest

from medjax.study.jobs import performing
from medjax.study.table.rows import Row

ROOT = pathlib.Path(__file__).resolve().parents[2]
KIND = "benchmarks.counting_job"


@pytest.fixture
def make_job(tmp_path, monkeypatch):
    """``make_job(seed)``: a job that costs nothing and logs that it ran."""
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))

    def make(seed, needs=(), **settings):
        settings = {"log": str(tmp_path / "ran"), **settings}
        return performing.make_job(KIND, ("x", "dm", 1, seed), settings, data="1f", needs=needs)

    return make


@pytest.fixture
def ran(tmp_path):
    """``ran()``: the seeds of the jobs that ran, in order."""
    return lambda: list(map(int, (tmp_path / "ran").read_text().split()))


@pytest.fixture(scope="session")
def rows_of():
    """``rows_of(method, values)``: a row for each seed of ``[seeds, networks]``."""

    def make(method, values, *, ipc=10, split="test", images=20, dataset="x", metric="auroc"):
        made = []
        for seed, networks in enumerate(np.atleast_2d(values)):
            cell = dataset, method, ipc, seed, split, metric
            score = float(np.mean(networks)), float(np.std(networks)), len(networks)
            size = 60.0, images, images * 784
            made.append(Row(*cell, *score, *size, values=tuple(map(float, networks))))
        return made

    return make


@pytest.fixture(scope="session")
def column():
    """``column(*means)``: values of one network for each seed."""
    return lambda *means: np.array(means)[:, None]
