"""The runs of all methods on one data set: which settings each has."""

import importlib
import sys

import pytest

from medjax.errors import UserError


def test_every_method_with_several_seeds(tmp_path, monkeypatch, capsys):
    table, collect = map(importlib.import_module, ("table", "collect"))
    runs = {}
    monkeypatch.setattr(
        "medjax.run.seeds.distill_seeds", lambda config, workdir: runs.update({workdir: config})
    )
    monkeypatch.setattr(collect, "write", lambda workdirs, out: f"{out.name}: {len(workdirs)}\n")
    words = ["--quick", "--words=log_every=3", "--seeds=7"]
    places = [f"--workdir={tmp_path}", f"--out={tmp_path / 'all'}"]
    monkeypatch.setattr(sys, "argv", ["table.py", *places, *words])
    table.main()
    assert [workdir.name for workdir in runs] == ["dm", "herding", "dsa", "dc", "mtt"]
    assert capsys.readouterr().out.splitlines()[-1] == "all: 5"
    for workdir, config in runs.items():
        assert config["method"] == workdir.name and config["data"]["name"] == "retinamnist"
        assert (config["seeds"], config["ipc"], config["log_every"]) == ((7,), 10, 3)
        assert config["net"]["width"] == 32
        shares_baselines = workdir.name in ("dm", "dsa", "herding")
        assert config["evaluation"]["whole_steps"] == (3000 if shares_baselines else 1)
    assert runs[tmp_path / "dm"]["distill"]["init"] == "noise"  # as in the preset dm_retina
    assert runs[tmp_path / "mtt"]["data"]["prepare"] == "zca(mtt)"


@pytest.mark.parametrize(
    ("method", "data", "init"),
    [
        ("dsa", "breastmnist", "noise"),  # configs/dsa_breast.py
        ("dsa", "pneumoniamnist", "noise"),  # a preset
        ("dsa", "phantom_findings", "noise"),  # configs/dsa_chest.py
        ("dsa", "bloodmnist", "real"),  # configs/dsa.py
        ("auto", "mednist_28_derived", "noise"),  # a preset with a short name
        ("dsa", "bccd_cells_28_derived", "real"),  # configs/dsa.py
    ],
)
def test_where_the_settings_come_from(method, data, init):
    config = importlib.import_module("table").config_of(method, data, ["quick", "ipc=3"])
    assert (config["method"], config["data"]["name"], config["ipc"]) == (method, data, 3)
    assert config["distill"]["init"] == init


def test_a_method_that_does_not_exist():
    with pytest.raises(UserError, match="unknown word after the config's colon 'dmm'"):
        importlib.import_module("table").config_of("dmm", "phantom", ["quick"])
