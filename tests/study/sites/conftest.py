"""Tiny classifiers, and an experiment on three classes of 8×8 stripes."""

import numpy as np
import pytest

from medjax import data, evaluate, nets, training
from medjax.run import config
from medjax.run.settings import Settings
from medjax.run.setup import make_experiment
from medjax.study.sites.site import Site, make_sites
from medjax.study.ways.classifiers import Classifiers, Moments

STATS = Moments(np.float32([0.5]), np.float32([0.25]))
WORDS = (
    "net.width=4,net.depth=1,distill.batch_real=8,distill.init=noise,iterations=4,"
    "evaluation.every=3,evaluation.epochs=2,evaluation.whole_steps=4,evaluation.batch_size=16,"
    "evaluation.networks=2,evaluation.augment=none,mesh.devices=1,distill.augment=crop"
)


def striped(count, *, classes=3, seed=0):
    """Images of stripes in different directions, with their classes."""
    rng, (rows, columns) = np.random.default_rng(seed), np.indices((8, 8)) // 2 % 2
    labels = rng.permutation(np.arange(count) % classes).astype(np.int32)
    patterns = 60 + 100 * np.stack([rows, columns, rows ^ columns])[labels]
    pixels = patterns + rng.integers(0, 60, (count, 8, 8))
    return data.Split(pixels.astype(np.uint8)[..., None], labels)


@pytest.fixture(scope="session")
def make_site():
    """``make_site(16)`` is a site with 16 images of three classes."""
    return lambda count, seed=0: Site("a", striped(count, seed=seed), STATS)


@pytest.fixture(scope="session")
def make_classifiers():
    """``make_classifiers(momentum=0.0)`` trains two networks for four epochs of two batches."""
    net = nets.make("convnet", num_classes=3, width=4, depth=1)
    benchmark = evaluate.Benchmark({"test": striped(12, seed=9)}, STATS, "multi-class")

    def make(**changes):
        import jax

        recipe = training.Recipe(**{"epochs": 1, "batch_size": 8, "learning_rate": 0.1} | changes)
        return Classifiers(jax.random.key(1), net, recipe, 8, 2, benchmark)

    return make


@pytest.fixture(scope="session")
def three(tmp_path_factory):
    """``three.npz``: 48 training images of three classes."""
    path = tmp_path_factory.mktemp("striped") / "three.npz"
    arrays = {}
    for seed, (name, count) in enumerate((("train", 48), ("val", 12), ("test", 12))):
        split = striped(count, seed=seed)
        arrays |= {f"{name}_images": split.images, f"{name}_labels": split.labels}
    np.savez(path, **arrays)
    return path


@pytest.fixture(scope="session")
def experiment(three):
    """DM of two images a class on these images."""
    return make_experiment(
        Settings.from_config(config.make("dm", str(three), f"ipc=2,{WORDS}").to_dict())
    )


@pytest.fixture(scope="session")
def places(experiment):
    """The sites of the images: the second has 10 of class 0, 1 of class 1 and 0 of class 2."""
    labels = experiment.dataset.train.labels
    second = np.isin(np.arange(48), np.flatnonzero(labels == 1)[:1])
    second |= np.isin(np.arange(48), np.flatnonzero(labels == 0)[6:])
    return second.astype(int)


@pytest.fixture(scope="session")
def uneven(experiment, places):
    """These sites."""
    return make_sites(experiment.dataset, places, names=["big", "small"])
