"""Tiny finished runs to audit."""

import numpy as np
import pytest

from medjax.run import config, distill

TINY = (
    "net.width=4,net.depth=1,evaluation.epochs=0,evaluation.whole_steps=1,mesh.devices=1,"
    "evaluation.batch_size=16,evaluation.networks=1,evaluation.select_networks=1,seed=3,"
    "evaluation.augment=none"
)


@pytest.fixture(scope="session")
def noisy(tmp_path_factory):
    """``noisy.npz``: two classes of 8×8 images, of which one is copied in train."""
    folder, rng = tmp_path_factory.mktemp("noisy"), np.random.default_rng(0)
    arrays = {}
    for split, n in (("train", 640), ("val", 60), ("test", 20)):
        labels = np.arange(n, dtype=np.uint8) % 2
        means = np.stack([np.tile([90, 160], (8, 4)), np.tile([160, 90], (8, 4))])
        images = means[labels] + rng.integers(-80, 81, (n, 8, 8))
        arrays |= {f"{split}_images": images.astype(np.uint8), f"{split}_labels": labels[:, None]}
    arrays["train_images"][4] = arrays["train_images"][2]
    np.savez(folder / "noisy.npz", **arrays)
    return folder / "noisy.npz"


@pytest.fixture(scope="session")
def make_run(noisy, tmp_path_factory):
    """A function ``(method, words) -> workdir`` of a finished run."""

    def make(method, words):
        workdir = tmp_path_factory.mktemp("runs") / method
        arg = f"{TINY},{words},{noisy}"
        distill.distill(config.make(method, "phantom", arg).to_dict(), workdir)
        return workdir

    return make


@pytest.fixture(scope="session")
def core_set(make_run):
    """A core-set: real images passed off as synthetic."""
    return make_run("random", "ipc=10")


@pytest.fixture(scope="session")
def of_auto(make_run):
    """A run of auto that started from noise."""
    options = "distill.init=noise,distill.batch_real=16,distill.augment=none"
    return make_run("auto", f"ipc=1,iterations=2,evaluation.every=2,{options}")


@pytest.fixture(scope="session")
def from_noise(make_run):
    """A run of DM that started from noise."""
    options = "distill.init=noise,distill.batch_real=16,distill.augment=none"
    options += ",evaluation.learners=('knn',)"
    return make_run("dm", f"ipc=2,iterations=4,evaluation.every=4,{options}")
