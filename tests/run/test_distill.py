"""Whole runs on twenty images per class: what they write, choose and read."""

import dataclasses
import json

import numpy as np
import pytest

from medjax import evaluate
from medjax.run import distill, summary
from medjax.run.metrics import read_metrics
from medjax.run.progress import PARTS
from medjax.run.settings import Settings

METHODS = ("auto", "dm", "dc", "dsa", "idc", "idm", "mtt", "datm", "hoptm", "ncfm")


def read(workdir):
    return json.loads((workdir / "summary.json").read_text())


# The files of a finished run.


@pytest.mark.bits
def test_images_on_disk_give_the_same_result(settings, straight, tmp_path, caplog, result):
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
    assert list(summary["baselines"]) == [
        *("random", "random_selected", "kcenter", "whole", "whole_balanced")
    ]
    facts = summary["baseline_facts"]
    assert facts["random_selected"]["draws"] == 2 == len(facts["random_selected"]["val"])
    assert facts["whole"]["total_steps"] >= facts["whole"]["steps"] > 0
    assert summary["hlr_whole"] in ("whole", "whole_balanced")
    distilled, selected = (
        scores["balanced_accuracy"]["mean"]
        for scores in (summary["test"], summary["baselines"]["random_selected"])
    )
    assert summary["ior_selected"] == pytest.approx(100 * (distilled - selected))
    everything = [summary[name] for name in ("val", "test", "val_last", "test_last")]
    for scores in (*everything, *summary["baselines"].values()):
        assert set(scores) >= {"accuracy", "balanced_accuracy", "auroc"}
        assert all({"mean", "std", "n", "values"} <= set(s) for s in scores.values())
        assert all(s["n"] == len(s["values"]) == 2 for s in scores.values())
        assert all(0 <= s["mean"] <= 1 for s in scores.values())
        assert {"ece", "brier", "balanced_accuracy_tuned"} <= set(scores)
        assert len(scores["auroc"]["image_interval"]) == 2
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
    seconds = summary["time"]
    assert all(seconds[f"{part}_s"] > 0 for part in PARTS)
    assert seconds["total_s"] == pytest.approx(sum(seconds[f"{part}_s"] for part in PARTS))
    assert 0 < seconds["compile_s"] < seconds["total_s"]
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
    assert {f"val_{metric}" for metric in read(straight("dm"))["val"]} <= set(best)


def test_a_line_of_progress_has_the_metrics_that_can_select(settings, tmp_path, capsys):
    distill.distill(settings("dm", "iterations=2"), tmp_path / "run")
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "step 2: val" in line]
    for name in ("accuracy", "balanced_accuracy", "auroc"):
        assert f" {name} " in line
    assert not any(name in line for name in ("ece", "brier", "tuned"))


# Which images are chosen.


@pytest.mark.parametrize(
    ("scores", "step"), [([0.5, 0.9, 0.7], 4), ([0.9, 0.5, 0.9], 6), ([0.9, 0.8, 0.7], 2)]
)
def test_the_best_on_val_is_chosen_the_later_of_equals(settings, judged, tmp_path, scores, step):
    final = [0.25] if step == 6 else [0.25, 0.75]
    words = "iterations=6,evaluation.select_networks=3,evaluation.select_recipe=fast"
    config = settings("dm", words)
    summary, calls = judged(config, tmp_path / "run", scores + final)
    assert summary["selected_step"] == step
    assert summary["test"]["auroc"]["mean"] == 0.25
    assert summary["test_last"]["auroc"]["mean"] == final[-1]
    # Val alone selects, with networks that the final scores do not use.
    assert [splits for _, _, splits, *_ in calls] == [{"val"}] * 3 + [{"val", "test"}] * len(final)
    assert [count for *_, count, _ in calls] == [3] * 3 + [2] * len(final)
    assert [name for *_, name in calls] == ["fast"] * 3 + ["reference"] * len(final)
    select_keys, final_keys = ({str(c[0]) for c in part} for part in (calls[:3], calls[3:]))
    assert len(select_keys) == len(final_keys) == 1 and select_keys != final_keys
    chosen = calls[step // 2 - 1][1]
    np.testing.assert_array_equal(calls[3][1], chosen)
    with np.load(tmp_path / "run" / "synthetic.npz") as shared:
        restored = (shared["images"] - shared["mean"]) / shared["std"]
    np.testing.assert_allclose(restored, chosen, atol=1e-5)


def test_without_val_the_last_are_chosen(settings, judged, tmp_path):
    summary, calls = judged(settings("dm", name="noval"), tmp_path, [0.5])
    assert [splits for _, _, splits, *_ in calls] == [{"test"}]
    assert summary["selected_step"] == 4 and summary["test"] == summary["test_last"]
    assert summary["val"] is summary["select_by"] is summary["baselines_val"] is None
    lines = read_metrics(tmp_path / "metrics.jsonl")
    assert [set(line) for line in lines] == [{"step", "loss"}] * 4
    assert (tmp_path / "report.html").exists()


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
    judged(settings(method), tmp_path, [0.5, 0.6, 0.7, 0.8])
    assert names - seen == set()
    # A finished run reads few of them: the reads are noted one by one.
    seen.clear()
    judged(settings(method), tmp_path, [])
    assert "config" in seen and not {"iterations", "evaluation.every"} & seen


def test_the_whole_set_can_have_a_number_of_epochs(settings, tmp_path):
    """40 images in batches of 16 are three steps; the distilled recipe has only two."""
    distill.distill(settings("dm", "evaluation.whole_epochs=3"), tmp_path / "run")
    assert read(tmp_path / "run")["baseline_facts"]["whole"]["total_steps"] == 9
