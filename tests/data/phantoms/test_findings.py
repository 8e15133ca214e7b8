"""The embedded multi-label set: a fixed digest, and findings as correlated as documented."""

import numpy as np
import pytest

from medjax.data import group_indices, load
from medjax.data.phantoms import chest


@pytest.fixture(scope="module")
def ds():
    return load("phantom_findings")


def test_the_digest_never_changes(ds):
    """A new digest is a new data set: every number measured on the old one is void."""
    assert ds.info.digest == "97109dc2a52cdead99aa27bb64c59084"


def test_layout(ds):
    assert (ds.info.task, ds.num_classes) == ("multi-label, binary-class", 4)
    for split, count in ((ds.train, 2000), (ds.val, 400), (ds.test, 800)):
        assert split.images.shape == (count, 28, 28, 1)
        assert split.labels.shape == (count, 4) and split.labels.dtype == np.int32
        assert set(np.unique(split.labels)) == {0, 1}


def test_findings_come_together(ds):
    nodules, consolidation, effusion, heart = ds.train.labels.T.astype(bool)
    assert effusion[consolidation].mean() > 0.5 > 0.15 > effusion[~consolidation].mean()
    assert heart[effusion].mean() > 0.4 > 0.15 > heart[~effusion].mean()
    # Nodules have nothing to do with the others: three standard errors of their share.
    assert abs(nodules[consolidation].mean() - nodules[~consolidation].mean()) < 0.06
    groups = group_indices(ds.train.labels, num_classes=4)
    assert len(groups) == 5 and 1100 < len(groups[4]) < 1400
    assert sum(map(len, groups)) > 2000  # images in several groups


@pytest.mark.parametrize("finding", range(4))
def test_a_finding_alone_changes_the_image(finding):
    rows = np.zeros((4, 4), int)
    without = chest.paint(np.random.default_rng(3), rows, size=28)
    rows[:, finding] = 1
    shown = chest.paint(np.random.default_rng(3), rows, size=28)
    changed = np.abs(shown - without).max(axis=-1) > 0.02
    assert (changed.any(axis=(1, 2)) & ~changed.all(axis=(1, 2))).all()


def test_one_label_is_painted_as_its_row():
    labels = np.arange(4)
    rows = np.eye(5, dtype=int)[labels][:, 1:]
    ours, theirs = (chest.paint(np.random.default_rng(3), x, size=28) for x in (labels, rows))
    np.testing.assert_array_equal(ours, theirs)
