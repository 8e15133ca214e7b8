"""Runs that are stopped, preempted or killed resume to the same end."""

import errno
import functools
import json
import logging
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import jax
import numpy as np
import pytest
from PIL import Image

from medjax import evaluate
from medjax.data.medmnist.checksums import md5
from medjax.data.pictures import conversion
from medjax.errors import PreemptedError, RunError, UserError
from medjax.run import distill
from medjax.run.metrics import read_metrics
from medjax.run.preemption import Preemption

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOGGED_BY_THREE = "iterations=8,evaluation.every=4,log_every=3"
METHODS = ("auto", "dm", "dc", "dsa", "idc", "idm", "mtt", "datm", "hoptm", "ncfm")


def read(workdir):
    return json.loads((workdir / "summary.json").read_text())


def stop_at(monkeypatch, call, action):
    """Does ``action`` instead of the ``call``-th evaluation from now on."""
    original, calls = evaluate.evaluate_set, []

    def evaluate_set(*args, **options):
        calls.append(args)
        return original(*args, **options) if len(calls) != call else action()

    monkeypatch.setattr(evaluate, "evaluate_set", evaluate_set)


def interrupt():
    raise KeyboardInterrupt


def test_a_finished_run_is_only_read(straight, settings, monkeypatch):
    workdir = straight("dm")
    before = {path: path.stat().st_mtime_ns for path in workdir.rglob("*")}
    monkeypatch.setattr(distill, "make_experiment", lambda settings: pytest.fail("ran again"))
    # Where the data was and how often the loss was logged do not matter.
    again = distill.distill(settings("dm", "data.root=/elsewhere,log_every=3"), workdir)
    assert again == read(workdir)
    assert {path: path.stat().st_mtime_ns for path in workdir.rglob("*")} == before


@pytest.fixture
def finished(settings, judged, tmp_path):
    """``finished(name, *words)``: a finished run in ``tmp_path / "run"``, and how to read it."""

    def make(name, *words):
        config = settings("dm", *words)
        config["data"]["name"] = str(name)
        judged(config, tmp_path / "run", [0.5] * 4)
        return lambda: distill.distill(config, tmp_path / "run")

    return make


def test_a_finished_run_notices_that_its_data_has_changed(striped, finished, tmp_path, caplog):
    data = shutil.copy(striped / "set.npz", tmp_path / "mine.npz")
    again = finished(data)
    assert again() == read(tmp_path / "run") and not caplog.messages
    arrays = dict(np.load(data))
    np.savez(data, **arrays | {"train_images": arrays["train_images"] + 1})
    with pytest.raises(UserError, match=r"run is a finished run on other data: .* now; use anot"):
        again()
    data.unlink()
    assert again() == read(tmp_path / "run")
    assert caplog.messages == [
        f"{tmp_path}/run is a finished run; {data} is not there to be compared"
    ]


def test_a_finished_run_on_pictures_compares_them_without_decoding(
    finished, tmp_path, monkeypatch, caplog
):
    rng = np.random.default_rng(0)
    for number, name in enumerate("ab" * 10):
        (tmp_path / "scans" / name).mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray(rng.integers(0, 255, (8, 8), np.uint8))
        picture.save(tmp_path / "scans" / name / f"{number}.png")
    again = finished(
        f"folder:{tmp_path / 'scans'}", "data.size=8", "data.prepare=percentile_clip(1, 99)"
    )
    with monkeypatch.context() as patch:
        patch.setattr(jax, "local_devices", lambda *_, **__: pytest.fail("started JAX"))
        patch.setattr(conversion, "convert", lambda *_, **__: pytest.fail("decoded"))
        assert again() == read(tmp_path / "run")
    for file in (tmp_path / "scans").rglob("*.png"):
        os.utime(file)
    caplog.set_level(logging.INFO, "medjax")
    caplog.clear()
    assert again() == read(tmp_path / "run")  # the same pictures, copied perhaps
    assert caplog.messages[:2] == [
        f"{tmp_path}/run is a finished run; looks whether the pictures of "
        f"folder:{tmp_path}/scans have changed",
        "data: converts 20 files, because the cache lacks them or they have changed",
    ]
    Image.new("L", (8, 8)).save(tmp_path / "scans" / "a" / "0.png")
    with pytest.raises(UserError, match="is a finished run on other data"):
        again()
    caplog.clear()
    (tmp_path / "scans").rename(tmp_path / "moved")
    assert again() == read(tmp_path / "run")
    assert caplog.messages[-1].endswith("scans is not there to be compared")


@pytest.mark.parametrize("method", METHODS)
def test_a_stopped_run_resumes_to_the_same_end(
    method, straight, settings, tmp_path, monkeypatch, capsys, result
):
    expected = result(straight(method))
    with monkeypatch.context() as patch:
        stop_at(patch, 2, interrupt)
        with pytest.raises(KeyboardInterrupt):
            distill.distill(settings(method), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "checkpoints",
        "images",
        "metrics.jsonl",
    ]
    steps = [line["step"] for line in read_metrics(tmp_path / "metrics.jsonl")]
    assert steps == [1, 2, 2, 3, 4]  # the last is written anew: it came after the checkpoint
    capsys.readouterr()
    distill.distill(settings(method), tmp_path)
    assert "resuming from step 4" in capsys.readouterr().err
    assert result(tmp_path) == expected


def test_a_run_resumes_on_other_devices(straight, settings, tmp_path, monkeypatch):
    """Started on one and ended on four: the same images except for the order of sums."""
    with monkeypatch.context() as patch:
        stop_at(patch, 1, interrupt)
        with pytest.raises(KeyboardInterrupt):
            distill.distill(settings("dsa"), tmp_path)
    distill.distill(settings("dsa", "mesh.devices=4"), tmp_path)
    ours, theirs = (np.load(w / "synthetic.npz")["images"] for w in (tmp_path, straight("dsa")))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-5 * np.abs(theirs).max())
    device = read(tmp_path)["device"]
    assert device["count"] == 4 and np.prod(list(device["mesh"].values())) == 4


@pytest.fixture(scope="module")
def logged_by_three(settings, tmp_path_factory, result):
    """The result of a run of eight iterations whose losses are logged at 3, 6 and 8."""
    workdir = tmp_path_factory.mktemp("three") / "run"
    distill.distill(settings("dm", LOGGED_BY_THREE), workdir)
    assert [x["step"] for x in read_metrics(workdir / "metrics.jsonl")] == [3, 4, 6, 8, 8]
    return result(workdir)


@pytest.mark.parametrize("seconds", [0.0, 1e9])
@pytest.mark.parametrize("word", ["every_minutes=0", "every_minutes=None", "every_steps=1"])
def test_neither_calls_nor_checkpoints_change_a_result(
    seconds, word, settings, logged_by_three, tmp_path, monkeypatch, result
):
    monkeypatch.setattr(distill, "Pace", functools.partial(distill.Pace, call_seconds=seconds))
    distill.distill(settings("dm", LOGGED_BY_THREE, f"checkpoint.{word}"), tmp_path)
    assert result(tmp_path) == logged_by_three


@pytest.mark.parametrize("step", [1, 4, 5, 8])
def test_a_preempted_run_saves_and_resumes_to_the_same_end(
    step, settings, logged_by_three, tmp_path, monkeypatch, result
):
    monkeypatch.setattr(distill, "Pace", functools.partial(distill.Pace, call_seconds=0.0))
    config, original = settings("dm", LOGGED_BY_THREE), distill.make_experiment

    def told_to_end(settings):
        experiment = original(settings)

        def told(key, state, real, num_steps):
            if state.step == step - 1 and num_steps:
                os.kill(os.getpid(), signal.SIGTERM)
            return experiment.distiller.step(key, state, real, num_steps)

        return experiment._replace(distiller=experiment.distiller._replace(step=told))

    with monkeypatch.context() as patch, Preemption() as preemption:
        patch.setattr(distill, "make_experiment", told_to_end)
        with pytest.raises(PreemptedError, match=rf"^preempted at step {step}; the same command"):
            distill.distill(config, tmp_path, preemption=preemption)
    assert (tmp_path / "checkpoints" / str(step)).exists()
    assert max((x["step"] for x in read_metrics(tmp_path / "metrics.jsonl")), default=0) < step
    distill.distill(config, tmp_path)
    assert result(tmp_path) == logged_by_three


def test_the_loss_is_the_mean_since_the_last_line(settings, tmp_path, monkeypatch):
    """Also where ``log_every`` changes in the middle of an interval."""
    single = settings("dm", "iterations=8,evaluation.every=4,log_every=1")
    distill.distill(single, tmp_path / "single")
    lines = read_metrics(tmp_path / "single" / "metrics.jsonl")
    losses = [line["loss"] for line in lines if "loss" in line]
    with monkeypatch.context() as patch:
        stop_at(patch, 1, interrupt)
        with pytest.raises(KeyboardInterrupt):
            distill.distill(settings("dm", LOGGED_BY_THREE), tmp_path / "run")
    changed = settings("dm", LOGGED_BY_THREE, "log_every=5")
    distill.distill(changed, tmp_path / "run")
    lines = read_metrics(tmp_path / "run" / "metrics.jsonl")
    found = {line["step"]: line["loss"] for line in lines if "loss" in line}
    expected = {3: losses[:3], 5: losses[3:5], 8: losses[5:]}
    assert found == pytest.approx({k: np.mean(v) for k, v in expected.items()}, rel=1e-5)


def test_a_killed_run_resumes_to_the_same_end(straight, settings, tmp_path, result):
    (tmp_path / "config.json").write_text(json.dumps(settings("dm")))
    script = f"""
import json, os, signal, sys
import jax
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)
from medjax import evaluate
from medjax.run import distill
judge, calls = evaluate.evaluate_set, []
def evaluate_set(*args, **options):
    calls.append(args)
    if len(calls) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return judge(*args, **options)
evaluate.evaluate_set = evaluate_set
distill.distill(json.load(open({str(tmp_path / "config.json")!r})), {str(tmp_path / "run")!r})
"""
    cache = {"JAX_COMPILATION_CACHE_DIR": jax.config.jax_compilation_cache_dir}
    command = [sys.executable, "-c", script]
    env = os.environ | cache
    child = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=240)
    assert child.returncode == -signal.SIGKILL, child.stderr
    distill.distill(settings("dm"), tmp_path / "run")
    assert result(tmp_path / "run") == result(straight("dm"))


def test_a_damaged_checkpoint_costs_only_time(straight, settings, tmp_path, monkeypatch, result):
    with monkeypatch.context() as patch:
        stop_at(patch, 3, interrupt)
        with pytest.raises(KeyboardInterrupt):
            distill.distill(settings("dm"), tmp_path)
    for path in (tmp_path / "checkpoints" / "4").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:10])
    with pytest.warns(UserWarning, match=r"checkpoints/4 is damaged .* resuming from step 2"):
        distill.distill(settings("dm"), tmp_path)
    assert result(tmp_path) == result(straight("dm"))


@pytest.mark.parametrize(
    ("word", "difference"),
    [
        ("distill.momentum=0.25", "distill.momentum is 0.5 there and 0.25 here"),
        ("seed=3", "seed is 0 there and 3 here"),
        ("iterations=6", "iterations is 4 there and 6 here"),
        ("ipc=3", "ipc is 2 there and 3 here"),
    ],
)
def test_another_run_in_the_same_workdir_is_refused(
    word, difference, straight, settings, tmp_path, result
):
    workdir = shutil.copytree(straight("dm"), tmp_path / "run")
    before = result(workdir)
    with pytest.raises(UserError) as caught:
        distill.distill(settings("dm", word), workdir)
    assert str(caught.value) == (
        f"checkpoint {workdir}/checkpoints/4 was written with other settings: {difference}; "
        "use the same settings or another workdir"
    )
    assert result(workdir) == before


def test_another_file_of_the_same_name_is_refused(straight, settings, striped, tmp_path):
    workdir = shutil.copytree(straight("dm"), tmp_path / "run")
    (workdir / "summary.json").unlink()
    with np.load(striped / "set.npz") as file:
        arrays = dict(file)
    arrays["train_images"][0, 0, 0] ^= 1
    (tmp_path / "other").mkdir()
    np.savez(tmp_path / "other" / "set.npz", **arrays)
    config = settings("dm")
    config["data"]["name"] = "set"
    config["data"]["root"] = str(tmp_path / "other")
    with pytest.raises(UserError, match=r"data\.name is \S+ there and \"set\" here;"):
        distill.distill(config, workdir)


def test_a_stopped_run_notices_that_its_data_has_changed(striped, finished, tmp_path):
    data, workdir = shutil.copy(striped / "set.npz", tmp_path / "mine.npz"), tmp_path / "run"
    again = finished(data)
    before = read(workdir)["data"]["digest"]
    arrays = dict(np.load(data))
    np.savez(data, **arrays | {"train_images": arrays["train_images"] + 1})
    found = f"on other data: the digest of {data} was {before} and is {md5(data)} now; use another"
    for what in ("run is a finished run", "run/checkpoints/4 is a checkpoint of a run"):
        with pytest.raises(UserError) as caught:
            again()
        assert str(caught.value) == f"{tmp_path}/{what} {found} workdir, or remove this one"
        (workdir / "summary.json").unlink(missing_ok=True)


def test_what_is_not_finite_stops_the_run_and_keeps_the_last_good(
    straight, settings, tmp_path, monkeypatch, result
):
    original = distill.make_experiment

    def failing(settings):
        experiment = original(settings)

        def step(key, state, real, num_steps):
            if state.step >= 3:
                state = state._replace(images=state.images * float("nan"))
            return experiment.distiller.step(key, state, real, num_steps)

        return experiment._replace(distiller=experiment.distiller._replace(step=step))

    with monkeypatch.context() as patch:
        patch.setattr(distill, "make_experiment", failing)
        with pytest.raises(RunError) as caught:
            distill.distill(settings("dm"), tmp_path)
    message = str(caught.value)
    assert "not finite at iteration 3 (all were finite up to iteration 3)" in message
    assert str(tmp_path / "checkpoints") in message and "\n" not in message
    assert not (tmp_path / "summary.json").exists()
    distill.distill(settings("dm"), tmp_path)
    assert result(tmp_path) == result(straight("dm"))


@pytest.mark.parametrize(
    "name",
    ["metrics.jsonl", "images/step_000004.png", "synthetic.npz", "report.html", "summary.json"],
)
def test_a_disk_that_is_full_in_the_end_costs_only_time(
    name, straight, settings, tmp_path, monkeypatch, result
):
    replace = os.replace

    def full(source, target):
        if pathlib.Path(target) == tmp_path / name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(UserError, match=rf"^cannot write \S+/{name}: No space left on device$"):
            distill.distill(settings("dm"), tmp_path)
    assert not list(tmp_path.rglob(".*.tmp"))
    distill.distill(settings("dm"), tmp_path)
    assert result(tmp_path) == result(straight("dm"))
