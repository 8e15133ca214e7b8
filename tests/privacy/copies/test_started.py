"""The match with the start: found where it is kept, and no more often than by chance elsewhere."""

import numpy as np
import pytest
from scipy import stats

from medjax.privacy.copies import started
from medjax.privacy.copies.nearest import Nearest
from medjax.privacy.copies.started import Starts, match_start


def starts_of(rows, sizes, *, drawn=True, shown=None):
    """Starts of classes of these sizes, as many of each."""
    every = np.arange(sum(sizes))
    groups = np.split(every, np.cumsum(sizes)[:-1])
    labels = np.repeat(np.arange(len(sizes)), len(rows) // len(sizes))
    shown = every if shown is None else shown
    return Starts(np.asarray(rows), labels, groups, shown, every, drawn)


def near(rows):
    return Nearest(np.asarray(rows), np.zeros(len(rows)))


def test_the_image_it_started_from_is_recognised():
    test = match_start(near([3, 70, 9]), starts_of([3, 60, 9], [30, 30, 30]), space="pixels")
    assert (test.found, test.of) == (2, 3)
    assert test.expected == pytest.approx(1 / 30)  # no image of another class is a start
    of_two = match_start(near([3, 9]), starts_of([3, 9], [50]), space="pixels")
    assert of_two.p_value == pytest.approx(1 / (50 * 49))


def test_a_small_class_takes_nothing_from_a_large_one():
    rows = [3, 14, 1001, 1003]
    test = match_start(near([3, 14, 1002, 1004]), starts_of(rows, [1000, 10]), space="pixels")
    assert test.found == 2 and test.p_value == pytest.approx(1 / (1000 * 999), rel=0.01)


@pytest.mark.parametrize("hub", [False, True])
@pytest.mark.parametrize("size", [12, 400])
def test_starts_that_say_nothing_raise_as_few_alarms_as_said(size, hub):
    """By simulation of images that depend on no start; a hub is shown by half of all starts."""
    rng, shown, p_values = np.random.default_rng(0), np.arange(2 * size), []
    if hub:
        shown[: size // 2], shown[size : size + size // 2] = 0, size
    for _ in range(2000):
        drawn = [rng.permutation(size)[:10] + size * label for label in range(2)]
        starts = starts_of(shown[np.concatenate(drawn)], [size] * 2, shown=shown)
        found = shown[np.repeat([0, size], 10) + rng.integers(0, size, 20)]
        p_values.append(match_start(near(found), starts, space="pixels").p_value)
    for level in (0.05, 0.01, 0.002):
        count = int((np.array(p_values) < level).sum())
        assert stats.binom.sf(count - 1, 2000, level) > 1e-3, (level, count)


def test_chosen_starts_are_compared_with_those_of_other_images():
    rows = np.arange(20)
    test = match_start(near(rows), starts_of(rows, [10, 10], drawn=False), space="pixels")
    assert test.found == 20 and test.p_value == pytest.approx(1e-5)
    # All images are near to one that is chosen, as herding does: that is not their start.
    test = match_start(near(rows * 0), starts_of(rows, [10, 10], drawn=False), space="pixels")
    assert test.found == 1 and test.p_value == 1.0


def test_the_tail_is_binomial_for_equal_chances():
    found = started._tail(np.full(20, 0.1), np.arange(20) < 5)
    assert found == pytest.approx(stats.binom.sf(4, 20, 0.1))
