"""Equal seconds: what is measured, how many iterations follow, and which runs."""

import importlib
import json
import sys
import types

import pytest

from medjax.run import config


@pytest.fixture
def equal_seconds():
    return importlib.import_module("equal_seconds")


def test_the_iterations_that_fit(equal_seconds):
    measured = {"setup_s": 20.0, "iteration_s": 0.5, "peak_mib": 1.0}
    assert equal_seconds.planned(measured, seconds=120.0) == 200
    assert equal_seconds.planned(measured, seconds=121.9) == 200  # 203 fit; ten parts of them
    assert equal_seconds.planned(measured, seconds=10.0) == 10  # none fit


def test_what_follows_the_length(equal_seconds):
    made = equal_seconds.with_iterations(config.make("datm", "phantom", "quick").to_dict(), 80)
    assert (made["iterations"], made["log_every"], made["evaluation"]["every"]) == (80, 8, 8)
    assert made["distill"]["expansion_iterations"] == 8
    assert (
        "expansion_iterations"
        not in equal_seconds.with_iterations(config.make("dm", "phantom", "quick").to_dict(), 80)[
            "distill"
        ]
    )


def test_a_measurement(equal_seconds, monkeypatch):
    monkeypatch.setattr(equal_seconds, "LEAST_SECONDS", 0.01)
    words = "quick,net.width=4,net.depth=1,distill.augment=none,distill.batch_real=8"
    measured = equal_seconds.measure(config.make("dm", "phantom", words).to_dict())
    assert 0 < measured["iteration_s"] < measured["setup_s"] < 60
    assert measured["peak_mib"] > 50


def test_a_measurement_finds_no_experts_of_another(equal_seconds, monkeypatch, tmp_path):
    monkeypatch.setattr(equal_seconds, "LEAST_SECONDS", 0.01)
    monkeypatch.setenv("MEDJAX_CACHE_DIR", str(tmp_path))
    words = "quick,net.width=4,net.depth=1,distill.augment=none,distill.batch_real=8,"
    words += "distill.num_experts=1,distill.train_epochs=2,distill.expert_epochs=1,"
    words += "distill.max_start_epoch=1,distill.syn_steps=2"
    equal_seconds.measure(config.make("mtt", "phantom", words).to_dict())
    assert not (tmp_path / "experts").exists()


@pytest.mark.parametrize(("cores", "busy"), [({1}, 5.0), ({0, 1}, 40.0)])
def test_other_programs_on_its_core_take_no_seconds(equal_seconds, monkeypatch, cores, busy):
    monkeypatch.setattr(equal_seconds.os, "sched_getaffinity", lambda pid: cores)
    monkeypatch.setattr(equal_seconds.time, "process_time", lambda: 5.0)
    monkeypatch.setattr(equal_seconds.time, "perf_counter", lambda: 40.0)
    assert equal_seconds.seconds_now() == busy


def test_the_runs(equal_seconds, tmp_path, monkeypatch, capsys):
    runs, told = {}, {"setup_s": 0.0, "iteration_s": 1.0, "peak_mib": 9.0}
    measured = []

    def measure(command, **_):
        measured.append(command[-1])
        return types.SimpleNamespace(stdout=f"a line\n{json.dumps(told)}\n")

    monkeypatch.setattr(equal_seconds.subprocess, "run", measure)
    monkeypatch.setattr(
        "medjax.run.seeds.distill_seeds",
        lambda config, workdir: runs.update({workdir.name: config}),
    )
    monkeypatch.setattr(equal_seconds.collect, "write", lambda workdirs, out: f"{len(workdirs)}\n")
    monkeypatch.setattr(equal_seconds.startup, "set_up_jax", lambda environment: None)
    methods = "--methods=dm+distill.factor=2,idm"
    flags = ["--data=breastmnist", methods, "--seconds=40", "--seeds=2"]
    monkeypatch.setattr(
        sys, "argv", ["equal_seconds.py", *flags, f"--workdir={tmp_path}", f"--out={tmp_path}/all"]
    )
    equal_seconds.main()
    equal_seconds.main()  # reads the plans
    assert measured == ["--measure=dm+distill.factor=2", "--measure=idm"]
    assert capsys.readouterr().out.splitlines()[-1] == "2"
    assert json.loads((tmp_path / "idm/plan.json").read_text())["iterations"] == 40
    made = runs["dm+distill.factor=2"]
    assert (made["method"], made["distill"]["factor"], made["distill"]["init"]) == (
        "dm",
        2,
        "noise",
    )
    assert (made["iterations"], made["evaluation"]["every"], made["seeds"]) == (40, 4, (2,))
    assert made["evaluation"]["select_recipe"] == "fast"
