"""Whole runs on twenty images per class, as fixtures."""

import importlib.util
import io
import json
import pathlib

import numpy as np
import pytest

from medjax import evaluate
from medjax.run import distill

ROOT = pathlib.Path(__file__).resolve().parents[2]
TINY = (
    "quick,ipc=2,net.width=4,net.depth=1,distill.batch_real=8,iterations=4,log_every=1,"
    "evaluation.every=2,evaluation.epochs=2,evaluation.whole_steps=2,evaluation.batch_size=16,"
    "evaluation.networks=2,evaluation.select_networks=2,evaluation.augment=none,mesh.devices=1"
)
METHODS = {
    "dm": "distill.augment=crop_flip,distill.init=real",
    "dc": "distill.outer_loop=2,distill.inner_loop=1",
    "dsa": "distill.outer_loop=2,distill.inner_loop=1,distill.augment=crop_flip",
    "idm": "distill.augment=crop_flip,distill.num_networks_kept=3,distill.train_steps=1",
    "idc": "distill.outer_loop=2,distill.train_images=8",
    "mtt": "distill.augment=crop_flip,distill.num_experts=2,distill.train_epochs=3,"
    "distill.max_start_epoch=2,distill.syn_steps=3,distill.learning_rate=100.0",
    "ncfm": "distill.augment=crop_flip,distill.num_experts=2,distill.train_epochs=3,"
    "distill.num_frequencies=64,distill.sampling=network",
}
METHODS["auto"] = "distill.augment=crop_flip"
METHODS["datm"] = f"{METHODS['mtt']},distill.first_max_start_epoch=1,distill.ema=0.5"
METHODS["hoptm"] = METHODS["mtt"]


@pytest.fixture(scope="session")
def settings(striped):
    """The settings of ``configs/<method>.py``, made as small as possible."""

    def make(method, *words, name="set"):
        spec = importlib.util.spec_from_file_location(method, ROOT / "configs" / f"{method}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        arg = ",".join([TINY, METHODS[method], f"{striped / name}.npz", *words])
        return module.get_config(arg).to_dict()

    return make


@pytest.fixture(scope="session")
def straight(settings, tmp_path_factory):
    """``straight("dm")``: the workdir of a run that nothing stopped; read-only."""
    made = {}

    def run(method):
        if method not in made:
            made[method] = tmp_path_factory.mktemp(method) / "runs" / "straight"
            distill.distill(settings(method), made[method])
        return made[method]

    return run


@pytest.fixture(scope="session")
def result():
    """``result(workdir)``: the content of a workdir that must not depend on how a run ended."""

    def read(workdir):
        summary = json.loads((workdir / "summary.json").read_text())
        kept = {k: v for k, v in summary.items() if k not in ("time", "config")}
        files = [(workdir / name).read_bytes() for name in ("synthetic.npz", "metrics.jsonl")]
        return [*files, json.dumps(kept)]

    return read


@pytest.fixture
def judged(monkeypatch):
    """Stands in for evaluation: takes scores from a list and records what was scored."""
    calls = []

    def run(config, workdir, scores):
        calls.clear()
        left = iter(scores)

        def evaluate_set(key, net, images, labels, benchmark, *, recipe, num_networks, watch=None):
            calls.append(
                (key, np.asarray(images), set(benchmark.splits), num_networks, recipe.name)
            )
            value = {"mean": next(left), "std": 0.0, "n": num_networks}
            metrics = dict.fromkeys(("accuracy", "balanced_accuracy", "auroc"), value)
            return dict.fromkeys(benchmark.splits, metrics)

        zero = {"balanced_accuracy": {"mean": 0, "std": 0, "n": 1}}
        both = evaluate.Baseline({"val": zero, "test": zero}, {})
        baselines = {name: both for name in ("random", "kcenter", "whole", "whole_balanced")}
        monkeypatch.setattr(evaluate, "evaluate_set", evaluate_set)
        monkeypatch.setattr(evaluate, "score_baselines", lambda *_, **__: baselines)
        return distill.distill(config, workdir), calls

    return run


class _Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal():
    """Makes streams that are terminals."""
    return _Terminal


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is set."""

    class Clock:
        now = 100.0

    monkeypatch.setattr("time.perf_counter", lambda: Clock.now)
    return Clock
