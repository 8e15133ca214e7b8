"""The embedded sets: fixed digests, the whole grey range, hard and learnable."""

import numpy as np
import pytest

from medjax.data import load
from medjax.data.phantoms import cells, chest, phantom
from medjax.errors import UserError

DIGESTS = {
    "phantom": "8f3e00277bead7872a0b6e75cf8f6b2b",
    "phantom_bedside": "a66d3ec10544bb6b93413d52440da2dd",
    "phantom_cells": "4dd013b6c89a1bc5261b56acd7b81301",
}


@pytest.fixture(scope="module", params=tuple(DIGESTS))
def ds(request):
    return load(request.param)


def test_the_digest_never_changes(ds):
    """A new digest is a new data set: every number measured on the old one is void."""
    assert ds.info.digest == DIGESTS[ds.info.name]


def test_layout(ds):
    channels = 3 if ds.info.name == "phantom_cells" else 1
    for split, count in ((ds.train, 2000), (ds.val, 400), (ds.test, 800)):
        assert split.images.shape == (count, 28, 28, channels)
        assert (split.images.dtype, split.labels.dtype) == (np.uint8, np.int32)
        counts = np.bincount(split.labels, minlength=ds.num_classes)
        assert np.ptp(counts) <= 1 and len(counts) == ds.num_classes
    assert ds.info.task == "multi-class"
    assert ds.info.official_digest is None


def test_splits_share_no_image(ds):
    images = np.concatenate([split.images for split in (ds.train, ds.val, ds.test)])
    assert len(np.unique(images.reshape(len(images), -1), axis=0)) == 3200


def test_grey_levels_use_the_range(ds):
    assert ds.train.images.min() == 0 and ds.train.images.max() == 255
    assert (ds.std > 0.1).all()


def test_nuisance_dominates_but_class_means_differ(ds):
    """Classes explain little of the variance, yet far more than chance would."""
    images = ds.train.images.reshape(2000, -1) / 255
    between = _between(images, ds.train.labels)
    chance = _between(images, np.random.default_rng(0).permutation(ds.train.labels))
    assert between < 0.1 * images.var(axis=0).sum()
    assert between > 5 * chance


def test_ten_images_a_class_are_not_enough():
    """Even a linear model does far worse with ten random images a class than with all."""
    ds = load("phantom")
    rng = np.random.default_rng(0)
    few = [
        np.concatenate(
            [rng.choice(np.flatnonzero(ds.train.labels == c), 10, False) for c in range(4)]
        )
        for _ in range(3)
    ]
    whole = _ridge_accuracy(ds, np.arange(2000))
    assert whole > np.mean([_ridge_accuracy(ds, rows) for rows in few]) + 0.1


def test_a_bedside_machine_shows_other_patients_paler_and_with_less_contrast():
    usual, bedside = load("phantom"), load("phantom_bedside")
    assert bedside.info.classes == usual.info.classes
    assert bedside.mean > usual.mean + 0.05 and bedside.std < usual.std - 0.05
    # The same random numbers, another machine: the same patient in other grey levels.
    images = [
        chest.paint(np.random.default_rng(3), np.arange(4), size=28, acquisition=machine)
        for machine in (chest.USUAL, chest.BEDSIDE)
    ]
    like = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(*images, strict=True)]
    unlike = np.corrcoef(images[0][0].ravel(), images[1][1].ravel())[0, 1]
    assert min(like) > 0.6 > unlike
    first = [ds.train.images[:50].astype(float).ravel() for ds in (usual, bedside)]
    assert abs(np.corrcoef(*first)[0, 1]) < 0.6


@pytest.mark.parametrize("painter", [chest, cells])
def test_a_finding_alone_changes_the_image(painter):
    """Same random numbers, another class: some pixels differ, and the rest of the image stays."""
    images = [
        painter.paint(np.random.default_rng(3), np.full(4, label), size=28)
        for label in range(len(painter.CLASSES))
    ]
    for other in images[1:]:
        changed = np.abs(other - images[0]).max(axis=-1) > 0.02
        assert (changed.any(axis=(1, 2)) & ~changed.all(axis=(1, 2))).all()


@pytest.mark.parametrize("painter", [chest, cells])
def test_paints_at_larger_sizes(painter):
    images = painter.paint(np.random.default_rng(0), np.arange(4), size=128)
    assert images.shape[:3] == (4, 128, 128)
    assert 0 <= images.min() < images.max() <= 1


def test_size_and_name_are_checked():
    with pytest.raises(UserError, match="phantom has no size 32; choose from: 28, 64, 128, 224"):
        phantom.generate("phantom", size=32)
    with pytest.raises(UserError, match="did you mean 'phantom'"):
        phantom.generate("phantm", size=28)


def _between(images, labels):
    """Variance of the class means, summed over pixels."""
    means = np.stack([images[labels == c].mean(axis=0) for c in range(labels.max() + 1)])
    return means.var(axis=0).sum()


def _ridge_accuracy(ds, rows):
    """Test accuracy of ridge regression on pixels, trained on some rows."""
    pixels = [s.images.reshape(len(s.images), -1) / 255 - 0.5 for s in (ds.train, ds.test)]
    train, targets = pixels[0][rows], np.eye(ds.num_classes)[ds.train.labels[rows]]
    weights = np.linalg.solve(train.T @ train + 30 * np.eye(784), train.T @ (targets - 0.25))
    return np.mean((pixels[1] @ weights).argmax(1) == ds.test.labels)
