"""Timing, and the table that it fills."""

import importlib
import json
import time

import jax
import numpy as np
import pytest


def row(**changes):
    spread = {"median": 0.5, "min": 0.25, "max": 1.0}
    made = {
        "work": "dm",
        "shape": "1x28x2",
        "ipc": 10,
        "precision": "float32",
        "medjax_s": spread,
        "of_matmul_rate": 0.75,
        "of_floor": 0.8,
    }
    return made | changes


def test_alternates_and_leaves_out_the_first_round():
    timing, calls = importlib.import_module("timing"), []

    def work(name):
        calls.append(name)
        time.sleep(0.002 if name == "a" else 0)

    works = {name: (lambda name=name: work(name)) for name in "ab"}
    seconds = timing.alternate(works, repeats=3)
    assert calls == list("ab" * 4)
    assert [len(seconds[name]) for name in "ab"] == [3, 3] and min(seconds["a"]) >= 0.002


def test_ratio_is_of_medians_with_the_extremes_of_the_rounds():
    timing = importlib.import_module("timing")
    assert timing.ratio([4.0, 6.0, 20.0], [2.0, 1.0, 4.0]) == {
        "median": 3.0,
        "min": 2.0,
        "max": 6.0,
    }


def test_rows_are_kept_and_replaced(tmp_path):
    speed, out = importlib.import_module("speed"), tmp_path / "results" / "speed"
    speed.Table(out).add(row(work="dc"))
    table = speed.Table(out)
    ratio = {"median": 3.0, "min": 2.5, "max": 3.5}
    table.add(row(reference_s={"median": 1.5}, ratio=ratio, memory_bytes={"medjax": 2**21}))
    table.add(row(work="dc", of_floor=0.1))
    table.add({"work": "startup", "import": 2.0, "cold": 20.0, "warm": 8.0})
    rows = [json.loads(line) for line in out.with_suffix(".jsonl").read_text().splitlines()]
    assert [r["work"] for r in rows] == ["dc", "dm", "startup"] and rows[0]["of_floor"] == 0.1
    there = {"work": "dm", "shape": "1x28x2", "ipc": 10, "precision": "float32"}
    assert table.has(**there) and not table.has(**there | {"ipc": 1})
    text = out.with_suffix(".md").read_text()
    assert "| 500 ms | not yet run |  | 75% | 10% |" in text
    assert "| 500 ms | 1.50 s | 3.00 (2.50–3.50) | 75% | 80% | 2 MiB |" in text
    assert "20.0 s with an empty compilation cache, 8.0 s with a warm one" in text


@pytest.mark.parametrize("work", ["dm", "dsa_life", "eval5_dsa"])
def test_the_engines_work_runs(monkeypatch, work):
    """Each kind, on a network and images hardly there: numbers, and again when repeated."""
    cases, engine = (importlib.import_module(name) for name in ("cases", "engine"))
    for name, value in (("WIDTH", 4), ("BATCH_REAL", 4), ("EPOCHS", 1), ("DEPTH", 1)):
        monkeypatch.setattr(cases, name, value)
    run = engine.make_work(work, cases.Case(1, 8, 2, 1), precision="float32", steps=2)
    for _ in range(2):
        assert all(np.isfinite(x).all() for x in jax.tree.leaves(run()))
