"""Workdirs of finished runs, written by hand: nothing is distilled."""

import hashlib
import json

import jax.numpy as jnp
import numpy as np
import pytest

from medjax import data, training
from medjax.run import config
from medjax.run.metrics import write_json
from medjax.types import MULTI_LABEL, SyntheticSet

SECRETS = ("/home/drsmith", "scans_of_mrs_jones", "ward-7", "jones_anna_1951.dcm", "node17.clinic")
"""What must not leave: places, hosts and file names of patients in the settings of the run."""
ATTACK = {"name": "tracing", "group": "", "members": 40, "others": 38, "auc": 0.53}
ATTACK |= {"interval": [0.41, 0.65]}
MEAN, STD = np.float32([0.4]), np.float32([0.2])


def scores(accuracy, std=0.02):
    names = ("accuracy", "balanced_accuracy", "auroc")
    return {x: {"mean": accuracy, "std": std, "n": 5, "values": [accuracy] * 5} for x in names}


def summary_of(name, rows, classes, task, **changes):
    """A summary with the settings of a user's own pictures, in which each secret is somewhere."""
    settings = config.make(
        "dm", "phantom", "quick,ipc=2,distill.init=noise,seed=80431977"
    ).to_dict()
    settings["data"] |= {"name": name, "root": SECRETS[0], "cache": f"{SECRETS[0]}/{SECRETS[2]}"}
    settings["data"]["folder"]["table"] = f"{SECRETS[0]}/{SECRETS[1]}/table.csv"
    return {
        "method": "dm",
        "dataset": SECRETS[1],
        "ipc": 2,
        "seed": 80431977,
        "init": "noise",
        "labels": "hard",
        "num_images": len(rows),
        "num_decoded": len(rows),
        "baseline_ipc": [2] * len(classes),
        "iterations": 900,
        "selected_step": 600,
        "step_size": None,
        "test": scores(0.8),
        "baselines": {"random": scores(0.7), "whole": scores(0.9), "kcenter": scores(0.6)},
        "compared_by": "balanced_accuracy",
        "data": {
            "source": f"{SECRETS[0]}/{SECRETS[1]}",
            "digest": "0123456789abcdef0123456789abcdef",
            "official_digest": None,
            "licence": "unknown",
            "task": task,
            "classes": list(classes),
            "counts": {"train": 100, "val": 20, "test": 50},
            "left_out": [{"name": SECRETS[3], "reason": f"no pixels, said {SECRETS[4]}"}],
            "warnings": [f"{SECRETS[3]} is twice in the set"],
        },
        "recipe": vars(training.Recipe(epochs=30, augment="flip")),
        "config": settings,
        "versions": {"medjax": "0.1.0", "jax": "0.10.2", "numpy": "2.4.6", "commit": SECRETS[4]},
    } | changes


@pytest.fixture
def secrets():
    return SECRETS


@pytest.fixture
def site(tmp_path):
    """``site(classes=…)`` writes the workdir of a run on a site's own pictures, and names it."""
    made = []

    def write(
        *,
        rows=(0, 0, 1, 1),
        classes=("benign", "malignant"),
        task="binary-class",
        name=f"folder:{SECRETS[0]}/{SECRETS[1]}",
        shape=(6, 5, 1),
        stats=(MEAN, STD),
        preparation="resize(size=6, keep_aspect=pad)|normalize(mode=per_channel)",
        **changes,
    ):
        labels, number = np.asarray(rows), len(made)
        folder = tmp_path / "drsmith" / f"run{number}"
        images = np.random.default_rng(number).normal(size=(len(labels), *shape))
        mean, std = (np.resize(x, shape[-1]) for x in stats)
        data.save_synthetic(
            folder / "synthetic.npz",
            SyntheticSet(jnp.asarray(images, jnp.float32), jnp.asarray(labels)),
            mean=mean,
            std=std,
            preparation=preparation,
        )
        write_json(folder / "summary.json", summary_of(name, labels, classes, task, **changes))
        made.append(folder)
        return folder

    return write


@pytest.fixture
def findings(site):
    """``findings()`` writes the workdir of a run on a set with several findings in an image."""

    def write(count=3, **changes):
        rows = np.float32([[1, 0, 0], [0, 1, 1], [0, 0, 0]])[:, :count]
        names = ("mass", "left/right shift", "edema, mild")[:count]
        return site(rows=rows, classes=names, task=MULTI_LABEL, **changes)

    return write


@pytest.fixture
def audited():
    """``audited(workdir)`` leaves the result of an audit there."""

    def write(workdir, **changes):
        digest = hashlib.sha256((workdir / "synthetic.npz").read_bytes()).hexdigest()
        found = {"alarm": False, "verdict": ["Nothing was found", "with 4 runs."]}
        found |= {"publish": False, "run": {"synthetic_sha256": digest}}
        found |= {"attacks": [ATTACK], **changes}
        (workdir / "audit.json").write_text(json.dumps(found))
        return workdir

    return write
