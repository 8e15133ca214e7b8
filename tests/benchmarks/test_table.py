"""The table of all methods: which settings each has, and which rows there are."""

import importlib
import json
import sys

import numpy as np
import pytest

from medjax.errors import UserError


def scores(value):
    metrics = ("accuracy", "balanced_accuracy", "auroc")
    return {name: {"mean": value, "std": 0.01, "n": 5} for name in metrics}


@pytest.fixture
def runs(monkeypatch):
    """Stands in for runs: their settings by folder."""
    found = {}

    def distill(config, workdir):
        found[workdir.name] = config
        value = 0.5 + len(found) / 10
        baselines = {"random": scores(0.3), "kcenter": scores(0.4), "whole": scores(1.0)}
        split = {"val": None, "baselines_val": None, "baselines": baselines}
        return {**split, "test": scores(value), "data": {"mean": np.zeros(1)}}

    monkeypatch.setattr("medjax.run.distill.distill", distill)
    return found


def test_every_row_in_its_order(runs, tmp_path, monkeypatch, capsys):
    table = importlib.import_module("table")
    out = tmp_path / "made" / "table"
    arguments = [f"--workdir={tmp_path}", f"--out={out}", "--quick", "--words=seed=3"]
    monkeypatch.setattr(sys, "argv", ["table.py", *arguments])
    table.main()
    made = ["dm", "dc", "dsa", "mtt", "herding"]
    assert [runs[name]["method"] for name in runs] == list(runs) == made
    for config in runs.values():
        assert (config["data"]["name"], config["ipc"], config["seed"]) == ("retinamnist", 10, 3)
        assert config["net"]["width"] == 32
    assert runs["dm"]["distill"]["init"] == "noise"  # as in the preset dm_retina
    assert runs["mtt"]["data"]["prepare"] == "zca(mtt)"
    lines = out.with_suffix(".md").read_text().splitlines()
    names = [line.split("|")[1].strip() for line in lines[2:10]]
    assert names == ["random", "k-center", "herding", "DM", "DC", "DSA", "MTT", "whole"]
    assert lines[5] == "| DM | 60.0 ± 1.0 | 60.0 ± 1.0 | 0.600 ± 0.010 |"
    assert len(out.with_suffix(".jsonl").read_text().splitlines()) == 5
    assert all(json.loads(line) for line in out.with_suffix(".jsonl").read_text().splitlines())
    said = capsys.readouterr().out
    for text in (lines[-1], said.splitlines()[-1]):  # that there are two embeddings
        assert text.startswith("k-center: in the embedding of the first network of whole; herding")


@pytest.mark.parametrize(
    ("method", "data", "init"),
    [
        ("dsa", "breastmnist", "noise"),  # configs/dsa_breast.py
        ("dsa", "pneumoniamnist", "noise"),  # a preset
        ("dsa", "bloodmnist", "real"),  # configs/dsa.py
    ],
)
def test_where_the_settings_come_from(method, data, init):
    config = importlib.import_module("table").config_of(method, data, ["quick", "ipc=3"])
    assert (config["method"], config["data"]["name"], config["ipc"]) == (method, data, 3)
    assert config["distill"]["init"] == init


def test_a_method_that_does_not_exist():
    with pytest.raises(UserError, match="unknown word after the config's colon 'dmm'"):
        importlib.import_module("table").config_of("dmm", "phantom", ["quick"])
