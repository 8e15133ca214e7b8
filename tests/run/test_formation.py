"""A run whose images store several: what is scored, written and compared."""

import json

import numpy as np
import pytest

from medjax import data, methods
from medjax.run import config
from medjax.run.distill import distill

WORDS = (
    "quick,ipc=2,net.width=4,iterations=2,evaluation.every=1,evaluation.epochs=2,"
    "evaluation.networks=2,evaluation.select_networks=1,evaluation.whole_steps=1,"
    "distill.factor=2,distill.init=mix,distill.batch_real=8"
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    workdir = tmp_path_factory.mktemp("run")
    words = f"{WORDS},data.cache={tmp_path_factory.mktemp('cache')}"
    summary = distill(config.make("dm", "phantom", words).to_dict(), workdir)
    return workdir, summary


def test_the_file_holds_the_decoded_images_and_the_stored_ones(run):
    workdir, _ = run
    made = data.load_synthetic(workdir / "synthetic.npz")
    assert made.images.shape == (32, 28, 28, 1) and made.stored.shape == (8, 28, 28, 1)
    assert made.labels.tolist() == np.repeat(np.arange(4), 8).tolist()
    decoded = np.asarray(methods.decode(made.stored, factor=2)).reshape(4, 8, 28, 28, 1)
    np.testing.assert_allclose(
        made.images, decoded.swapaxes(0, 1).reshape(32, 28, 28, 1), atol=1e-5
    )


def test_the_summary_says_what_is_stored(run):
    workdir, summary = run
    assert (summary["num_images"], summary["num_decoded"]) == (8, 32)
    assert summary["stored_bytes"] == 8 * 28 * 28
    assert summary["config"]["distill"]["factor"] == 2
    assert json.loads((workdir / "summary.json").read_text())["num_decoded"] == 32


def test_random_images_have_the_same_form(run):
    _, summary = run
    assert {"random_mixed", "random_mixed_selected"} <= set(summary["baselines"])
    assert {"random_mixed", "random_mixed_selected"} <= set(summary["differences"])
    assert summary["baseline_facts"]["random_mixed_selected"]["draws"] == 2
    report = (run[0] / "report.html").read_text()
    assert "random images as patches" in report and "best patches on val" in report
