"""A summary as a finished run writes it."""

import pytest


def scores(accuracy, balanced, auroc, *, std=0.01, n=5):
    values = {"accuracy": accuracy, "balanced_accuracy": balanced, "auroc": auroc}
    return {name: {"mean": mean, "std": std, "n": n} for name, mean in values.items()}


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
