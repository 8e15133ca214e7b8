"""The memory of an unroll, printed."""

import importlib
import sys


def test_a_row_for_each_unroll(monkeypatch, capsys):
    unroll = importlib.import_module("unroll")
    monkeypatch.setattr(unroll, "scratch_bytes", lambda name, width, num_steps: num_steps * 2**20)
    monkeypatch.setattr(sys, "argv", ["unroll.py", "--steps=3,70"])
    unroll.main()
    rows = capsys.readouterr().out.splitlines()
    assert rows[1:] == [f"{name} | 3.0 | 70.0" for name in ("stored", "recomputed", "held")]


def test_scratch_memory_is_known_before_anything_runs():
    unroll = importlib.import_module("unroll")
    assert unroll.scratch_bytes("held", width=4, num_steps=2) > 0
