"""The comparison of short recipes: its sets, its tables and its rows."""

import importlib
import json
import sys

import numpy as np
import pytest

from medjax import data, nets, training


@pytest.fixture
def tables():
    return importlib.import_module("judged_tables")


@pytest.fixture
def benchmark(monkeypatch, tmp_path):
    module = importlib.import_module("fast_recipe")
    monkeypatch.setattr(module, "RESULTS", tmp_path / "rows.jsonl")
    monkeypatch.setattr(module, "NETWORKS", 2)

    class Judge(module.Judge):
        """Networks that train quickly."""

        def __init__(self, *arguments):
            super().__init__(*arguments)
            self.net = nets.make("mlp", num_classes=self.dataset.num_classes, width=4)
            self.reference = training.Recipe(epochs=10)

    monkeypatch.setattr(module, "Judge", Judge)

    def main(*options):
        monkeypatch.setattr(sys, "argv", ["fast_recipe.py", *options])
        module.main()
        return [json.loads(line) for line in module.RESULTS.read_text().splitlines()]

    return module, main


def test_kendall_counts_pairs(tables):
    x = np.array([1.0, 2.0, 3.0, 4.0])
    assert tables.kendall(x, 2 * x) == 1 and tables.kendall(x, -x) == -1
    # One of six pairs is in the other order.
    assert tables.kendall(x, x[[1, 0, 2, 3]]) == pytest.approx((5 - 1) / 6)
    assert tables.kendall(x, x[[1, 0, 2, 3]], pairs=[(0, 2), (1, 3)]) == 1
    # τ-b: a tie in y alone leaves five pairs of six in it.
    assert tables.kendall(x, np.array([1, 1, 2, 3])) == pytest.approx(5 / np.sqrt(6 * 5))


def test_the_schedule_of_fast_is_among_the_candidates(benchmark):
    module, _ = benchmark
    reference, fast = training.Recipe(epochs=300), training.Recipe(epochs=300, name="fast")
    assert module.SCHEDULES["cosine/5, rates x1/3"](reference.schedule()) == fast.schedule()


@pytest.mark.parametrize("name", ["phantom", "phantom_findings"])
def test_every_set_has_images_and_labels(name, monkeypatch):
    sets, dataset = importlib.import_module("judged_sets"), data.load(name)
    names = sets.names(dataset, [""])
    assert len(names) >= 20 and sets.names(dataset, ["blur", "grain"]) == names[11:15]
    for one in names:
        if not one.startswith("dm"):
            images, labels = sets.make(one, dataset)
            assert len(images) == len(labels) and images.shape[1:] == (28, 28, 1)
            assert images.dtype == np.uint8 and labels.shape[1:] == dataset.train.labels.shape[1:]


def test_wrong_labels_are_as_many_as_asked():
    sets, dataset = importlib.import_module("judged_sets"), data.load("phantom")
    (_, right), (_, wrong) = (sets.make(f"noise-10-{percent}", dataset) for percent in (0, 30))
    assert (right != wrong).sum() == 0.3 * len(right)


def test_rows_are_written_once_and_make_tables(benchmark, capsys):
    _, main = benchmark
    options = ["--data=phantom", "--sets=random-1-", "--recipes=reference;cosine/10"]
    rows = main(*options)
    assert [(row["set"], row["recipe"], row["networks"]) for row in rows] == [
        ("random-1-0", "reference", 4),
        ("random-1-0", "cosine/10", 2),
        ("random-1-1", "reference", 4),
        ("random-1-1", "cosine/10", 2),
    ]
    for row in rows:
        assert len(row["test"]["auroc"]) == len(row["val"]["auroc"]) == row["networks"]
        assert row["seconds"]["cpu"] > 0 and row["commit"] and row["device"]
    assert main(*options) == rows
    capsys.readouterr()
    main("--tables")
    printed = capsys.readouterr().out
    assert "phantom, learning rate 0.01: auroc on test" in printed
    assert "| cosine/10 | 2 |" in printed
