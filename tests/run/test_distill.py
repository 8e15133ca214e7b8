"""Whole runs on twenty images per class: what they write, and that a kill changes nothing."""

import dataclasses
import errno
import functools
import importlib.util
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import jax
import numpy as np
import pytest

from medjax import evaluate
from medjax.errors import PreemptedError, RunError, UserError
from medjax.run import distill, summary
from medjax.run.metrics import read_metrics
from medjax.run.preemption import Preemption
from medjax.run.settings import Settings

ROOT = pathlib.Path(__file__).resolve().parents[2]
TINY = (
    "quick,ipc=2,net.width=4,net.depth=1,distill.batch_real=8,iterations=4,log_every=1,"
    "evaluation.every=2,evaluation.epochs=2,evaluation.whole_epochs=2,evaluation.batch_size=16,"
    "evaluation.networks=2,evaluation.select_networks=2,evaluation.augment=none,mesh.devices=1"
)
LOGGED_BY_THREE = "iterations=8,evaluation.every=4,log_every=3"
METHODS = {
    "dm": "distill.augment=crop_flip,distill.init=real",
    "dc": "distill.outer_loop=2,distill.inner_loop=1",
    "dsa": "distill.outer_loop=2,distill.inner_loop=1,distill.augment=crop_flip",
    "mtt": "distill.augment=crop_flip,distill.num_experts=2,distill.train_epochs=3,"
    "distill.max_start_epoch=2,distill.syn_steps=3,distill.learning_rate=100.0",
}


@pytest.fixture(scope="module")
def settings(striped):
    """The settings of ``configs/<method>.py``, made as small as possible."""

    def make(method, *words, name="set"):
        spec = importlib.util.spec_from_file_location(method, ROOT / "configs" / f"{method}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        arg = ",".join([TINY, METHODS[method], f"{striped / name}.npz", *words])
        return module.get_config(arg).to_dict()

    return make


@pytest.fixture(scope="module")
def straight(settings, tmp_path_factory):
    """``straight("dm")``: the workdir of a run that nothing stopped; read-only."""
    made = {}

    def run(method):
        if method not in made:
            made[method] = tmp_path_factory.mktemp(method) / "runs" / "straight"
            distill.distill(settings(method), made[method])
        return made[method]

    return run


def read(workdir):
    return json.loads((workdir / "summary.json").read_text())


def result(workdir):
    """What must not depend on how a run ended."""
    summary = {k: v for k, v in read(workdir).items() if k not in ("time", "config")}
    files = [(workdir / name).read_bytes() for name in ("synthetic.npz", "metrics.jsonl")]
    return [*files, json.dumps(summary)]


def stop_at(monkeypatch, call, action):
    """Does ``action`` instead of the ``call``-th evaluation from now on."""
    original, calls = evaluate.evaluate_set, []

    def evaluate_set(*args, **options):
        calls.append(args)
        return original(*args, **options) if len(calls) != call else action()

    monkeypatch.setattr(evaluate, "evaluate_set", evaluate_set)


def interrupt():
    raise KeyboardInterrupt


# The files of a finished run.


def test_images_on_disk_give_the_same_result(settings, straight, tmp_path, caplog):
    # The limit is 0: val and test stay on disk too.
    words = "data.stream_above_gib=0.0", f"data.cache={tmp_path / 'cache'}"
    with caplog.at_level("INFO", "medjax"):
        distill.distill(settings("dm", *words), tmp_path / "run")
    assert "GiB of the 0 GiB allowed, and stream from disk" in caplog.text
    assert result(tmp_path / "run") == result(straight("dm"))
    # The same holds for a finished run.
    assert distill.distill(settings("dm"), tmp_path / "run") == read(tmp_path / "run")


def test_everything_is_written(straight):
    workdir = straight("dm")
    assert sorted(path.name for path in workdir.iterdir()) == [
        "checkpoints",
        "images",
        "metrics.jsonl",
        "report.html",
        "summary.json",
        "synthetic.npz",
    ]
    images = sorted(path.name for path in (workdir / "images").iterdir())
    assert images == ["step_000002.png", "step_000004.png"]
    assert sorted(path.name for path in (workdir / "checkpoints").iterdir()) == ["2", "4"]
    assert "<html" in (workdir / "report.html").read_text().lower()


def test_the_commit_is_that_of_the_start(settings, monkeypatch, tmp_path):
    """The checkout changes while the loaded code runs."""
    commits = {"now": "at the start"}
    monkeypatch.setattr(summary, "commit_of_code", lambda: commits["now"])
    original = evaluate.evaluate_set

    def moved_on(*args, **options):
        commits["now"] = "later"
        return original(*args, **options)

    monkeypatch.setattr(evaluate, "evaluate_set", moved_on)
    assert distill.distill(settings("dm"), tmp_path)["versions"]["commit"] == "at the start"


def test_the_summary(straight, striped):
    summary = read(straight("dm"))
    assert set(summary) >= {
        *("method", "dataset", "ipc", "seed", "selected_step", "val", "test", "test_last"),
        *("baselines", "time", "device", "data", "config", "versions"),
    }
    assert (summary["method"], summary["dataset"]) == ("dm", "set")
    assert (summary["ipc"], summary["seed"], summary["iterations"]) == (2, 0, 4)
    assert (summary["num_images"], summary["num_train"]) == (4, 40)
    assert set(summary["baselines"]) == {"random", "kcenter", "whole"}
    everything = [summary[name] for name in ("val", "test", "val_last", "test_last")]
    for scores in (*everything, *summary["baselines"].values()):
        assert set(scores) >= {"accuracy", "balanced_accuracy", "auroc"}
        assert all(set(s) == {"mean", "std", "n"} and s["n"] == 2 for s in scores.values())
        assert all(0 <= s["mean"] <= 1 for s in scores.values())
    ours = summary["test"]["balanced_accuracy"]["mean"]
    random, whole = (
        summary["baselines"][name]["balanced_accuracy"]["mean"] for name in ("random", "whole")
    )
    assert summary["ior"] == pytest.approx(100 * (ours - random))
    assert summary["hlr"] == pytest.approx(100 * (whole - ours))
    assert summary["data"]["source"] == str(striped / "set.npz")
    assert summary["data"]["counts"] == {"train": 40, "val": 20, "test": 20}
    assert len(summary["data"]["digest"]) == 32 and summary["data"]["official_digest"] is None
    assert summary["config"]["net"]["width"] == 4 and summary["recipe"]["epochs"] == 2
    assert summary["time"]["total_s"] > summary["time"]["distill_s"] > 0
    assert {"medjax", "jax", "numpy", "commit"} <= set(summary["versions"])


def test_the_images_train_with_numpy_alone(straight, striped):
    with np.load(straight("dm") / "synthetic.npz", allow_pickle=False) as file:
        shared = dict(file)
    assert shared["images"].shape == shared["images_uint8"].shape == (4, 8, 8, 1)
    assert shared["images"].dtype == np.float32 and shared["images_uint8"].dtype == np.uint8
    assert shared["labels"].tolist() == [0, 0, 1, 1]
    assert 0 < np.median(shared["images"]) < 1
    inputs = (shared["images"] - shared["mean"]) / shared["std"]
    means = np.stack([inputs[shared["labels"] == label].mean(0) for label in (0, 1)])
    with np.load(striped / "set.npz") as real:
        test = (real["test_images"][..., None] / 255 - shared["mean"]) / shared["std"]
        labels = real["test_labels"]
    distances = np.square(test[:, None] - means[None]).sum((2, 3, 4))
    assert (distances.argmin(1) == labels).mean() > 0.9


def test_metrics_have_every_loss_and_every_score(straight):
    lines = read_metrics(straight("dm") / "metrics.jsonl")
    assert [line["step"] for line in lines if "loss" in line] == [1, 2, 3, 4]
    scored = [line for line in lines if "val_auroc" in line]
    assert [line["step"] for line in scored] == [2, 4]
    best = max(scored, key=lambda line: (line["val_auroc"], line["step"]))
    assert read(straight("dm"))["selected_step"] == best["step"]


# Which images are chosen.


@pytest.fixture
def judged(monkeypatch):
    """Stands in for evaluation: takes scores from a list and records what was scored."""
    calls = []

    def run(config, workdir, scores):
        calls.clear()
        left = iter(scores)

        def evaluate_set(key, net, images, labels, benchmark, *, recipe, num_networks):
            calls.append((key, np.asarray(images), set(benchmark.splits), num_networks))
            value = {"mean": next(left), "std": 0.0, "n": num_networks}
            metrics = dict.fromkeys(("accuracy", "balanced_accuracy", "auroc"), value)
            return dict.fromkeys(benchmark.splits, metrics)

        zero = {"balanced_accuracy": {"mean": 0, "std": 0, "n": 1}}
        both = {"val": zero, "test": zero}
        baselines = {name: both for name in ("random", "kcenter", "whole")}
        monkeypatch.setattr(evaluate, "evaluate_set", evaluate_set)
        monkeypatch.setattr(evaluate, "score_baselines", lambda *_, **__: baselines)
        return distill.distill(config, workdir), calls

    return run


@pytest.mark.parametrize(
    ("scores", "step"), [([0.5, 0.9, 0.7], 4), ([0.9, 0.5, 0.9], 6), ([0.9, 0.8, 0.7], 2)]
)
def test_the_best_on_val_is_chosen_the_later_of_equals(settings, judged, tmp_path, scores, step):
    final = [0.25] if step == 6 else [0.25, 0.75]
    config = settings("dm", "iterations=6,evaluation.select_networks=3")
    summary, calls = judged(config, tmp_path / "run", scores + final)
    assert summary["selected_step"] == step
    assert summary["test"]["auroc"]["mean"] == 0.25
    assert summary["test_last"]["auroc"]["mean"] == final[-1]
    # Val alone selects, with networks that the final scores do not use.
    assert [splits for _, _, splits, _ in calls] == [{"val"}] * 3 + [{"val", "test"}] * len(final)
    assert [count for *_, count in calls] == [3] * 3 + [2] * len(final)
    select_keys, final_keys = ({str(c[0]) for c in part} for part in (calls[:3], calls[3:]))
    assert len(select_keys) == len(final_keys) == 1 and select_keys != final_keys
    chosen = calls[step // 2 - 1][1]
    np.testing.assert_array_equal(calls[3][1], chosen)
    with np.load(tmp_path / "run" / "synthetic.npz") as shared:
        restored = (shared["images"] - shared["mean"]) / shared["std"]
    np.testing.assert_allclose(restored, chosen, atol=1e-5)


def test_without_val_the_last_are_chosen(settings, judged, tmp_path):
    summary, calls = judged(settings("dm", name="noval"), tmp_path, [0.5])
    assert [splits for _, _, splits, _ in calls] == [{"test"}]
    assert summary["selected_step"] == 4 and summary["test"] == summary["test_last"]
    assert summary["val"] is summary["select_by"] is summary["baselines_val"] is None
    lines = read_metrics(tmp_path / "metrics.jsonl")
    assert [set(line) for line in lines] == [{"step", "loss"}] * 4
    assert (tmp_path / "report.html").exists()


# Resuming.


def test_a_finished_run_is_only_read(straight, settings, monkeypatch):
    workdir = straight("dm")
    before = {path: path.stat().st_mtime_ns for path in workdir.rglob("*")}
    monkeypatch.setattr(distill, "make_experiment", lambda settings: pytest.fail("ran again"))
    # Where the data was and how often the loss was logged do not matter.
    again = distill.distill(settings("dm", "data.root=/elsewhere,log_every=3"), workdir)
    assert again == read(workdir)
    assert {path: path.stat().st_mtime_ns for path in workdir.rglob("*")} == before


@pytest.mark.parametrize("method", METHODS)
def test_a_stopped_run_resumes_to_the_same_end(
    method, straight, settings, tmp_path, monkeypatch, capsys
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
def logged_by_three(settings, tmp_path_factory):
    """The result of a run of eight iterations whose losses are logged at 3, 6 and 8."""
    workdir = tmp_path_factory.mktemp("three") / "run"
    distill.distill(settings("dm", LOGGED_BY_THREE), workdir)
    assert [x["step"] for x in read_metrics(workdir / "metrics.jsonl")] == [3, 4, 6, 8, 8]
    return result(workdir)


@pytest.mark.parametrize("seconds", [0.0, 1e9])
@pytest.mark.parametrize("word", ["every_minutes=0", "every_minutes=None", "every_steps=1"])
def test_neither_calls_nor_checkpoints_change_a_result(
    seconds, word, settings, logged_by_three, tmp_path, monkeypatch
):
    monkeypatch.setattr(distill, "Pace", functools.partial(distill.Pace, call_seconds=seconds))
    distill.distill(settings("dm", LOGGED_BY_THREE, f"checkpoint.{word}"), tmp_path)
    assert result(tmp_path) == logged_by_three


@pytest.mark.parametrize("step", [1, 4, 5, 8])
def test_a_preempted_run_saves_and_resumes_to_the_same_end(
    step, settings, logged_by_three, tmp_path, monkeypatch
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


def test_a_killed_run_resumes_to_the_same_end(straight, settings, tmp_path):
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


def test_a_damaged_checkpoint_costs_only_time(straight, settings, tmp_path, monkeypatch):
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
def test_another_run_in_the_same_workdir_is_refused(word, difference, straight, settings, tmp_path):
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
    with pytest.raises(UserError, match=r"data\.name is .*, data_digest is \"\w+\" there and"):
        distill.distill(config, workdir)


def test_what_is_not_finite_stops_the_run_and_keeps_the_last_good(
    straight, settings, tmp_path, monkeypatch
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
    name, straight, settings, tmp_path, monkeypatch
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


# Settings.


def fields_of(record, prefix=""):
    """Yields the dotted name of every field of a record of settings and of its sections."""
    for field in dataclasses.fields(record):
        value, name = getattr(record, field.name), f"{prefix}{field.name}"
        is_section = type(value).__module__ == type(record).__module__
        yield from fields_of(value, f"{name}.") if is_section else [name]


def note_reads(record, monkeypatch):
    """Returns the dotted names of the fields of nested records that are read from now on."""
    seen, original = set(), object.__getattribute__
    prefixes = {type(record): ""}
    for field in dataclasses.fields(record):
        if dataclasses.is_dataclass(value := getattr(record, field.name)):
            prefixes[type(value)] = f"{field.name}."

    def read(self, name):
        seen.add(prefixes[type(self)] + name)
        return original(self, name)

    for kind in prefixes:
        monkeypatch.setattr(kind, "__getattribute__", read)
    return seen


@pytest.mark.parametrize("method", METHODS)
def test_every_setting_reaches_something(method, settings, tmp_path, monkeypatch, judged):
    made = Settings.from_config(settings(method))
    names = set(fields_of(made))
    seen = note_reads(made, monkeypatch)
    monkeypatch.setattr(distill.Settings, "from_config", lambda config: made)
    judged(settings(method), tmp_path, [0.5, 0.6, 0.7])
    assert names - seen == set()
    # A finished run reads few of them: the reads are noted one by one.
    seen.clear()
    judged(settings(method), tmp_path, [])
    assert "config" in seen and not {"iterations", "evaluation.every"} & seen
