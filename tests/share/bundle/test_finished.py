"""Finished runs, and folders that hold none."""

import json

import numpy as np
import pytest

from medjax.errors import UserError
from medjax.share.bundle.finished import read_run


def test_several_seeds(tmp_path):
    content = {"config": {}, "seeds": [0, 1], "seed_runs": ["seed_0", "seed_1"]}
    (tmp_path / "summary.json").write_text(json.dumps(content))
    with pytest.raises(
        UserError, match=r"several seeds; choose the run of one: .*seed_0, .*seed_1"
    ):
        read_run(tmp_path)


def test_a_summary_of_an_early_version(site):
    workdir = site()
    summary = json.loads((workdir / "summary.json").read_text())
    del summary["compared_by"], summary["versions"]
    (workdir / "summary.json").write_text(json.dumps(summary))
    with pytest.raises(UserError, match=r"another version: it has no compared_by, versions;"):
        read_run(workdir)


@pytest.mark.parametrize("name", ["method", "ipc", "num_images", "iterations", "selected_step"])
def test_a_damaged_summary(site, name):
    workdir = site(**{name: None})
    with pytest.raises(UserError, match=f"another version: it has no {name};"):
        read_run(workdir)


def test_images_of_another_run(site):
    workdir, other = site(), site(rows=[0, 0, 0, 1, 1, 1])
    (workdir / "synthetic.npz").write_bytes((other / "synthetic.npz").read_bytes())
    with pytest.raises(UserError, match=r"has 6 images, but the run of its summary\.json made 4"):
        read_run(workdir)


def test_images_that_were_changed_after_the_run(site):
    workdir = site()
    with np.load(workdir / "synthetic.npz") as file:
        arrays = dict(file)
    np.savez(workdir / "synthetic.npz", **arrays | {"images": arrays["images"] + np.float32(0.1)})
    with pytest.raises(UserError, match=r"synthetic\.npz was changed after the run"):
        read_run(workdir)
    del arrays["images_uint8"]  # as an early version wrote it
    np.savez(workdir / "synthetic.npz", **arrays)
    read_run(workdir)


def test_labels_of_a_network_that_pass_for_classes(site):
    workdir = site()
    with np.load(workdir / "synthetic.npz") as file:
        arrays = dict(file)
    soft = np.float32([[0.9, 0.1]] * 2 + [[0.2, 0.8]] * 2)
    np.savez(workdir / "synthetic.npz", **arrays | {"labels": soft})
    with pytest.raises(UserError, match="its labels are probabilities, but the run"):
        read_run(workdir)


def test_an_older_summary_does_not_count_decoded_images(site):
    workdir = site()
    summary = json.loads((workdir / "summary.json").read_text())
    del summary["num_decoded"], summary["labels"]
    (workdir / "summary.json").write_text(json.dumps(summary))
    assert read_run(workdir).audit is None
