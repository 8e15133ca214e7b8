"""The memory of an unroll, planned and measured."""

import importlib
import json
import sys

import pytest


@pytest.fixture
def unroll():
    return importlib.import_module("unroll")


def test_a_row_for_each_unroll_and_number_of_steps(unroll, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(unroll, "scratch_bytes", lambda *_, num_steps, **__: num_steps * 2**20)
    monkeypatch.setattr(unroll, "peak_bytes", lambda *_, num_steps, **__: num_steps * 2**21)
    monkeypatch.setattr(sys, "argv", ["unroll.py", "--steps=3,70", f"--out={tmp_path / 'a'}"])
    unroll.main()
    rows = capsys.readouterr().out.splitlines()
    names = ("stored", "recomputed", "held")
    cells = ("3 | 3.0 | 6.0", "70 | 70.0 | 140.0")
    assert rows[1:] == [f"{name} | {some}" for name in names for some in cells]
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert len(lines) == 6 and all(line["commit"] and line["device"] for line in lines)
    assert lines[0]["peak_bytes"] == 6 * 2**20 and lines[0]["width"] == 128


def test_scratch_memory_is_known_before_anything_runs(unroll):
    assert unroll.scratch_bytes("held", width=4, num_steps=2) > 0


def test_the_parameters_of_every_step_are_in_the_peak(unroll):
    """Two hundred copies of 7,842 floats: 6 MiB."""
    assert unroll.peak_bytes("stored", width=16, num_steps=200) > 3 * 2**20
