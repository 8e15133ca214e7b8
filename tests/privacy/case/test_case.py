"""Which images are tried: whole patients, with as many images on either side."""

import numpy as np

from medjax.privacy.case.case import _some


def test_images_are_drawn_as_they_come():
    found = _some(np.random.default_rng(1), np.arange(100), np.arange(100), 10)
    assert found.tolist() == np.random.default_rng(1).permutation(100)[:10].tolist()


def test_a_patient_with_many_images_has_as_many_on_either_side():
    """The number of images of a patient that are tried does not tell the side."""
    units = np.concatenate([np.zeros(2000, int), np.repeat(np.arange(1, 200), 3)])
    counts = []
    for rows in (np.arange(len(units)), np.flatnonzero(units > 0)):
        found = _some(np.random.default_rng(0), rows, units, 100)
        assert len(np.unique(found)) == len(found) <= 100
        counts.append(dict(zip(*np.unique(units[found], return_counts=True), strict=True)))
    with_many, without = counts
    assert with_many.pop(0) == 20 and set(with_many.values()) == set(without.values()) == {3}
