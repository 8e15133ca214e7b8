"""Published accuracies as targets."""

import importlib
import json
import sys

import pytest

from medjax.run import config


@pytest.fixture
def accuracy():
    return importlib.import_module("accuracy")


def test_each_target_has_a_name_and_a_run(accuracy):
    found = accuracy.targets()
    assert len({target.name for target in found}) == len(found) > 60
    for target in found:
        made = config.make(target.method, target.dataset, target.words)
        assert 15 < target.published < 100 and target.differences and target.source
        assert target.scored == "whole" or made.ipc == int(target.name.rpartition("_")[2])
        assert target.source.endswith(("primary", "transcribed"))


def test_the_published_numbers_are_those_of_the_papers(accuracy):
    known = {target.name: (target.published, target.spread) for target in accuracy.targets()}
    assert known["mnist_dc_10"] == (97.4, 0.2) and known["mnist_dsa_1"] == (88.7, 0.6)
    assert known["cifar10_mtt_50"] == (71.6, None) and known["pathmnist_dm_5"] == (62.9, 0.7)
    assert known["pathmnist_ncfm_10"] == (80.4, 0.6)
    assert known["breastmnist_whole_auroc"] == (90.1, None)


def test_what_was_not_run_says_so(accuracy, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(sys, "argv", ["accuracy.py", f"--results={tmp_path / 'none.jsonl'}"])
    assert accuracy.main() == 0
    out = capsys.readouterr().out.splitlines()
    assert len(out) == 2 + len(accuracy.targets())
    assert all("| not yet run |" in line for line in out[2:])


def summary(**test):
    settings = {"net": {"width": 128}, "evaluation": {"networks": 5}, "iterations": 1000}
    versions = {"commit": "5eed5"}
    return {"test": {"accuracy": test}, "baselines": {}, "config": settings, "versions": versions}


def test_a_result_stands_beside_its_target(accuracy):
    (target,) = [one for one in accuracy.targets() if one.name == "mnist_dc_10"]
    one = accuracy.score_of(summary(mean=0.97, std=0.004), target)
    several = {**summary(mean=0.97, interval=[0.96, 0.98]), "seeds": [0, 1, 2]}
    many = accuracy.score_of(several, target)
    mixed = several | {"versions": [{"commit": "b"}, {"commit": "a"}, {"commit": "b"}]}
    assert (many["commit"], accuracy.score_of(mixed, target)["commit"]) == ("5eed5", "a, b")
    results = {"mnist_dc_10": {**one, "words": "quick"}}
    text = accuracy.markdown([target], results)
    assert "| 97.4 ± 0.2 | 97.0 ± 0.4, one seed | -0.4 | 5 evaluation networks" in text
    assert "quick (width 128, 1000 iterations)" in text
    text = accuracy.markdown([target], {"mnist_dc_10": {**many, "words": ""}})
    assert "| 97.0 [96.0, 98.0], 3 seeds | -0.4 |" in text and "quick" not in text
    lone = summary(mean=0.97, std=0.0)
    lone["config"]["evaluation"]["networks"] = 1
    text = accuracy.markdown(
        [target], {"mnist_dc_10": accuracy.score_of(lone, target) | {"words": ""}}
    )
    assert "| 97.0, one seed, one network | -0.4 |" in text


def test_a_run_keeps_its_score(accuracy, monkeypatch, capsys, tmp_path):
    seen = []

    def distill(config, workdir):
        seen.append((config["method"], config["data"]["name"], config["ipc"], config["seeds"]))
        return {**summary(mean=0.9, interval=[0.8, 1.0]), "seeds": [0, 1]}

    monkeypatch.setattr("medjax.run.seeds.distill_seeds", distill)
    options = ["--run=mnist_dc_10", f"--workdir={tmp_path}", "--seeds=2", "--words=quick"]
    options.append(f"--results={tmp_path / 'a.jsonl'}")
    monkeypatch.setattr(sys, "argv", ["accuracy.py", *options])
    assert accuracy.main() == 0
    assert seen == [("dc", "mnist", 10, (2,))]
    (row,) = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert row["target"] == "mnist_dc_10" and row["mean"] == 90
    assert row["commit"] == "5eed5"  # of the run
    assert "| 90.0 [80.0, 100.0], 2 seeds | -7.4 |" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--run=mnist_dc_11", "--workdir=x"], "did you mean 'mnist_dc_1"),
        (["--run=mnist_dc_10"], "--workdir is missing"),
    ],
)
def test_mistakes_are_a_line(options, complaint, accuracy, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["accuracy.py", *options])
    assert accuracy.main() == 2 and complaint in capsys.readouterr().err
