"""Accumulated sizes, dtypes and intensities equal those of all values at once."""

import numpy as np
import pytest

from medjax.data.inspect.measuring import Tally, measure

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.float32])
def test_statistics_cover_all_values(dtype):
    images = [
        RNG.integers(0, 120, shape).astype(dtype) for shape in ((4, 5, 1), (3, 2, 3), (4, 5, 1))
    ]
    tally = Tally()
    for image in images:
        tally.add(measure(image))
    values = np.concatenate([image.ravel() for image in images]).astype(np.float64)
    told = {"least": values.min(), "greatest": values.max()}
    told |= {"mean": values.mean(), "std": values.std()}
    found = tally.asdict()
    assert found.pop("intensity") == pytest.approx(told)
    sizes = {"4×5×1": 2, "3×2×3": 1}
    assert found == {"images": 3, "sizes": sizes, "dtypes": {np.dtype(dtype).name: 3}}


def test_padding_is_ignored_unless_there_is_nothing_else():
    image, tally = np.array([[-2000, 3, 5]], np.int16), Tally()
    tally.add(measure(image, inside=image[:, 1:]))
    assert tally.asdict()["intensity"] == {"least": 3, "greatest": 5, "mean": 4, "std": 1}
    tally.add(measure(image, inside=image[:0]))
    assert tally.asdict()["intensity"]["least"] == -2000


def test_nothing_has_no_intensity():
    assert Tally().asdict() == {"images": 0, "sizes": {}, "dtypes": {}}
