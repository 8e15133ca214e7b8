"""A whole run on a multi-label set: what it writes, a resume to the same bytes, its evaluation."""

import json
import warnings

import numpy as np
import pytest

from medjax import share
from medjax.cli.evaluate import main
from medjax.errors import PreemptedError
from medjax.run import config, distill
from medjax.run.preemption import Preemption
from medjax.run.report import results_table

TINY = (
    "ipc=2,net.width=4,net.depth=1,distill.batch_real=8,iterations=4,log_every=2,"
    "evaluation.every=2,evaluation.epochs=2,evaluation.whole_steps=2,evaluation.batch_size=16,"
    "evaluation.networks=2,evaluation.select_networks=2,evaluation.augment=none,mesh.devices=1,"
    "evaluation.balanced=True,evaluation.select_by=average_precision,distill.outer_loop=2,"
    "distill.inner_loop=1,distill.label_learning_rate=0.05,evaluation.learners=('knn',)"
)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Two findings on 8×8 pixels; a third of the images have neither."""
    rng, arrays = np.random.default_rng(0), {}
    patterns = np.stack(np.indices((8, 8)) // 2 % 2)
    for split, n in (("train", 60), ("val", 20), ("test", 20)):
        rows = rng.integers(0, 2, (n, 2)) * rng.integers(0, 2, (n, 1)).repeat(2, 1)
        rows[:4] = [[1, 0], [0, 1], [1, 1], [0, 0]]
        images = 60 + 60 * np.tensordot(rows, patterns, 1) + rng.integers(0, 60, (n, 8, 8))
        arrays |= {f"{split}_images": images.astype(np.uint8), f"{split}_labels": rows}
    path = tmp_path_factory.mktemp("data") / "findings.npz"
    np.savez(path, **arrays)
    return path


@pytest.fixture(scope="module")
def settings(path):
    return config.make("dc", "phantom", f"{TINY},{path}").to_dict()


@pytest.fixture(scope="module")
def run(settings, tmp_path_factory):
    workdir = tmp_path_factory.mktemp("runs") / "dc"
    return workdir, distill.distill(settings, workdir)


def test_what_it_writes(run):
    workdir, summary = run
    assert list(summary["baselines"]) == [
        *("random", "random_selected", "kcenter", "whole", "whole_balanced", "nothing")
    ]
    metrics = {"accuracy", "balanced_accuracy", "auroc", "average_precision"}
    assert set(summary["test"]) == {*metrics, "ece", "brier", "balanced_accuracy_tuned"}
    assert set(summary["baselines"]["nothing"]) == metrics  # it has no probability
    assert (summary["headline"], summary["compared_by"]) == ("auroc", "auroc")
    random, own = (x["auroc"]["mean"] for x in (summary["baselines"]["random"], summary["test"]))
    assert summary["ior"] == pytest.approx(100 * (own - random))
    nothing = summary["baselines"]["nothing"]
    assert nothing["auroc"]["mean"] == 0.5 and nothing["accuracy"]["mean"] > 0.5
    shared = share.load_synthetic(workdir / "synthetic.npz")
    assert shared.labels.shape == (6, 2) and shared.labels.dtype == np.float32
    assert ((shared.labels > 0) & (shared.labels < 1)).any()  # learned
    report = (workdir / "report.html").read_text("utf-8")
    assert "predicting no finding" in report and "images per group" in report
    lines = results_table(summary).splitlines()
    assert lines[1].split() == ["val"] and lines[2].split()[0] == "AUROC"
    assert any(line.startswith("predicting no finding") for line in lines)


def test_a_resumed_run_ends_in_the_same_bytes(run, settings, tmp_path):
    expected, _ = run

    class After(Preemption):
        """Asks a run to end after so many reads."""

        reads = 2

        @property
        def requested(self):
            self.reads -= 1
            return self.reads < 0

        @requested.setter
        def requested(self, value):
            """Needs no signal."""

    with pytest.raises(PreemptedError):
        distill.distill(settings, tmp_path / "run", preemption=After())
    distill.distill(settings, tmp_path / "run")
    for name in ("synthetic.npz", "metrics.jsonl"):
        assert (tmp_path / "run" / name).read_bytes() == (expected / name).read_bytes()


def test_evaluating_it_gives_the_same_scores(run, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    workdir, summary = run
    out = tmp_path / "scores.json"
    path = f"--synthetic={workdir / 'synthetic.npz'}"
    assert main(["evaluate", path, f"--out={out}", "--learners=knn"]) == 0
    written = json.loads(out.read_text())
    (scores,) = written["results"].values()
    for metric, value in summary["test"].items():
        assert scores["test"][metric]["mean"] == pytest.approx(value["mean"], abs=1e-6)
    found, known = (one["learners"]["knn"]["difference"] for one in (written, summary))
    assert found == pytest.approx(known) and found["metric"] == "auroc"
    assert "predicting no finding" in capsys.readouterr().out
