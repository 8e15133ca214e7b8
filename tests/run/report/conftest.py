"""Summaries as finished runs write them, and a reader of pages."""

from html.parser import HTMLParser

import pytest


class Page(HTMLParser):
    """The tags of a page, checked to nest, and its text."""

    VOID = frozenset({"meta", "img", "path", "circle"})

    def __init__(self, source):
        super().__init__()
        self.tags, self.text, self._open = [], "", []
        self.feed(source)
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self._open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def of(self, kind):
        return [attributes for tag, attributes in self.tags if tag == kind]


@pytest.fixture
def page_of():
    return Page


def scores(accuracy, balanced, auroc, *, std=0.01, n=5):
    values = {"accuracy": accuracy, "balanced_accuracy": balanced, "auroc": auroc}
    return {name: {"mean": mean, "std": std, "n": n} for name, mean in values.items()}


def gap(mean, low=None, high=None, *, n=1, verdict="cannot tell"):
    return {"mean": mean, "interval": [low, high], "n": n, "verdict": verdict}


@pytest.fixture
def summary():
    return {
        "method": "dm",
        "dataset": "pneumoniamnist",
        "ipc": 10,
        "seed": 0,
        "init": "noise",
        "num_images": 20,
        "num_train": 4708,
        "selected_step": 600,
        "select_by": "auroc",
        "val": scores(0.9, 0.88, 0.961),
        "test": scores(0.853, 0.842, 0.921),
        "val_last": scores(0.89, 0.87, 0.955),
        "test_last": scores(0.848, 0.835, 0.918),
        "baselines": {
            "random": scores(0.78, 0.76, 0.87, std=0.03),
            "kcenter": scores(0.75, 0.74, 0.85),
            "whole": scores(0.87, 0.893, 0.953, std=0.004),
        },
        "baselines_val": {"random": scores(0.8, 0.78, 0.9), "whole": scores(0.95, 0.94, 0.99)},
        "differences": {
            "random": {"auroc": gap(0.051), "balanced_accuracy": gap(0.082)},
            "kcenter": {"auroc": gap(0.071), "balanced_accuracy": gap(0.102)},
            "whole": {"auroc": gap(-0.032), "balanced_accuracy": gap(-0.051)},
        },
        "ior": 8.2,
        "hlr": 5.1,
        "time": {"distill_s": 612.2, "evaluate_s": 80.1, "baselines_s": 202.0, "total_s": 901.0},
        "device": {"platform": "cpu", "kind": "Some CPU", "count": 1},
        "data": {
            "source": "https://example.org/pneumoniamnist.npz",
            "digest": "28209eda62fe",
            "official_digest": "28209eda62fe",
            "licence": "CC BY 4.0",
            "task": "binary-class",
            "classes": ["normal", "pneumonia"],
            "counts": {"train": 4708, "val": 524, "test": 624},
        },
        "recipe": {"epochs": 300},
        "config": {"ipc": 10, "method": {"name": "dm"}},
        "versions": {"medjax": "0.1.0", "jax": "0.10.2", "commit": "abc123"},
    }


def over_seeds(accuracy, balanced, auroc, *, half=0.02):
    values = {"accuracy": accuracy, "balanced_accuracy": balanced, "auroc": auroc}
    return {
        name: {
            "mean": mean,
            "between_seed_std": 0.021,
            "between_network_std": 0.01,
            "interval": [mean - half, mean + half],
            "n": 5,
            "values": [[mean, mean]] * 5,
        }
        for name, mean in values.items()
    }


@pytest.fixture
def seeds_summary(summary):
    """A summary over five seeds."""
    for name in ("seed", "ior", "hlr"):
        del summary[name]
    return summary | {
        "seeds": [0, 1, 2, 3, 4],
        "seed_runs": [f"seed_{seed}" for seed in range(5)],
        "compared_by": "balanced_accuracy",
        "selected_step": [600, 300, 600, 900, 1200],
        "step_size": [None] * 5,
        "val": over_seeds(0.9, 0.88, 0.961),
        "test": over_seeds(0.853, 0.842, 0.921),
        "val_last": None,
        "test_last": None,
        "baselines": {
            "random": over_seeds(0.78, 0.76, 0.87),
            "random_selected": over_seeds(0.8, 0.832, 0.9),
            "kcenter": over_seeds(0.75, 0.74, 0.85),
            "whole": over_seeds(0.87, 0.893, 0.953),
        },
        "baselines_val": None,
        "baseline_facts": {"random_selected": {"draws": 12}},
        "differences": {
            "random": {
                "auroc": gap(0.051, 0.02, 0.082, n=5, verdict="beats"),
                "balanced_accuracy": gap(0.082, 0.031, 0.133, n=5, verdict="beats"),
            },
            "random_selected": {
                "auroc": gap(0.021, -0.01, 0.052, n=5, verdict="not shown"),
                "balanced_accuracy": gap(0.01, -0.02, 0.04, n=5, verdict="not shown"),
            },
            "whole": {
                "auroc": gap(-0.032, -0.05, -0.014, n=5, verdict="is below"),
                "balanced_accuracy": gap(-0.051, -0.08, -0.022, n=5, verdict="is below"),
            },
        },
    }
