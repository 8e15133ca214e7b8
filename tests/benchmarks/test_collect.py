"""Runs of several seeds in two files: what is kept, replaced and skipped."""

import importlib
import json
import sys

import pytest

from medjax import evaluate


@pytest.fixture
def collect():
    return importlib.import_module("collect")


def scored(value, seed):
    values = [value + seed / 100, value + 2 * seed / 100]
    entry = {"mean": evaluate.two_level([values]).interval.mean, "values": values}
    return {"auroc": entry, "balanced_accuracy": entry}


def finish(workdir, method, *seeds, value=0.8, width=4):
    for seed in seeds:
        names = ("random", "random_selected", "kcenter", "whole")
        summary = {
            "method": method,
            "dataset": "phantom",
            "ipc": 10,
            "seed": seed,
            "val": scored(0.1, seed),
            "test": scored(value, seed),
            "baselines": {name: scored(0.6, seed / 2) for name in names},
            "time": {"total_s": 1 / 3},
            "device": {"count": 1},
            "config": {"method": method, "seed": seed, "net": {"width": width}},
            "versions": {"commit": "abc"},
        }
        folder = workdir / f"seed_{seed}"
        folder.mkdir(parents=True)
        (folder / "summary.json").write_text(json.dumps(summary))


def test_both_files(collect, tmp_path, monkeypatch, capsys):
    finish(tmp_path / "dm", "dm", 0, 1, 2)
    (tmp_path / "empty").mkdir()
    finish(tmp_path / "one", "dsa", 0)
    folders = [str(tmp_path / name) for name in ("dm", "empty", "one")]
    monkeypatch.setattr(sys, "argv", ["collect.py", *folders, f"--out={tmp_path}/made/all"])
    collect.main()
    (line,) = (tmp_path / "made/all.jsonl").read_text().splitlines()
    run = json.loads(line)
    assert (run["method"], run["seeds"], run["versions"]) == ("dm", [0, 1, 2], {"commit": "abc"})
    assert run["test"]["auroc"]["values"] == [[0.8, 0.8], [0.81, 0.82], [0.82, 0.84]]
    assert run["time"] == {"total_s": 1} and "val" not in run
    text = (tmp_path / "made/all.md").read_text()
    assert text == capsys.readouterr().out
    assert text.startswith("## phantom, ipc 10\n") and "| DM | 0.815 [" in text
    assert "| DM | 1 of 1 | 1 of 1 | 1 of 1 | 1 of 1 |" in text


def test_a_run_replaces_one_with_the_same_settings(collect, tmp_path):
    out = tmp_path / "all"
    finish(tmp_path / "a", "dm", 0, 1)
    collect.write([tmp_path / "a"], out)
    finish(tmp_path / "b", "dm", 0, 1, 2)
    finish(tmp_path / "c", "dm", 0, 1, width=8)
    collect.write([tmp_path / "b", tmp_path / "c"], out)
    runs = [json.loads(line) for line in out.with_suffix(".jsonl").read_text().splitlines()]
    assert [(run["seeds"], run["config"]["net"]["width"]) for run in runs] == [
        ([0, 1, 2], 4),
        ([0, 1], 8),
    ]


def test_numbers_have_six_digits(collect):
    assert collect.short({"mean": 1 / 3, "seeds": [12345678]}) == {
        "mean": 0.333333,
        "seeds": [12345678],
    }
