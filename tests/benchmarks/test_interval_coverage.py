"""The simulation of intervals."""

import importlib
import json
import sys

import pytest


@pytest.fixture
def simulation():
    return importlib.import_module("interval_coverage")


@pytest.mark.parametrize("spread", ["normal", "uniform", "laplace", "exponential"])
def test_spreads_have_mean_zero_and_variance_one(simulation, spread):
    values = simulation.SPREADS[spread](simulation.np.random.default_rng(0), (400_000,))
    assert abs(values.mean()) < 0.01 and abs(values.var() - 1) < 0.02


def test_networks_are_not_independent(simulation):
    found = simulation.coverage("normal", 1.0, 0.3, shape=(1000, 5, 5), seed=0)
    assert abs(found["two_level"] - 0.95) < 0.02 and found["pooled"] < 0.7


def test_a_row_for_each_case(simulation, monkeypatch, capsys, tmp_path):
    options = ["--experiments=20", "--seeds=3", f"--out={tmp_path / 'a'}"]
    monkeypatch.setattr(sys, "argv", ["interval_coverage.py", *options])
    simulation.main()
    assert len(capsys.readouterr().out.splitlines()) == 1 + 4 * 5
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert len(lines) == 20 and all(line["commit"] and line["seed"] == 0 for line in lines)
