"""Where synthetic images lie, and what they start from."""

import jax
import numpy as np
import pytest

from medjax.errors import UserError
from medjax.methods.initial import initial_images
from medjax.methods.layout import make_layout

UNEQUAL = (2, 1, 4)


@pytest.mark.parametrize(("ipc", "counts"), [(3, (3, 3, 3)), (UNEQUAL, UNEQUAL), ([1, 1, 5],) * 2])
def test_labels_are_in_order(ipc, counts):
    layout = make_layout(ipc, 3)
    assert layout.labels.tolist() == sorted(layout.labels.tolist())
    assert np.bincount(layout.labels).tolist() == list(counts)
    assert layout.labels.dtype == layout.index.dtype == layout.places.dtype == np.int32


@pytest.mark.parametrize("ipc", [3, UNEQUAL])
def test_per_class_and_flat_are_inverses(ipc):
    layout = make_layout(ipc, 3)
    images = jax.random.normal(jax.random.key(0), (len(layout.labels), 2, 2, 1))
    grouped = layout.per_class(images)
    assert grouped.shape == (*layout.index.shape, 2, 2, 1)
    np.testing.assert_array_equal(layout.flat(grouped), images)


def test_rows_lie_with_their_class_and_padding_weighs_nothing():
    layout = make_layout(UNEQUAL, 3)
    assert layout.weights.tolist() == [[1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 1, 1]]
    labels = layout.per_class(layout.labels)
    for label, (found, weights) in enumerate(zip(labels, layout.weights, strict=True)):
        assert (found[weights == 1] == label).all()


def test_what_lies_in_padding_is_dropped():
    layout = make_layout(UNEQUAL, 3)
    grouped = jax.numpy.where(layout.weights == 1, layout.per_class(layout.labels), -1)
    assert layout.flat(grouped).tolist() == layout.labels.tolist()


@pytest.mark.parametrize(
    ("ipc", "message"),
    [
        (0, r"^ipc must be at least 1 for every class, got 0$"),
        ([2, 0, 1], r"at least 1 for every class, got \[2, 0, 1\]"),
        ((1, 2), r"^ipc lists 2 numbers \[1, 2\] for 3 classes; give one number, or one for each"),
        ([], r"lists 0 numbers"),
    ],
)
def test_impossible_numbers_are_refused(ipc, message):
    with pytest.raises(UserError, match=message):
        make_layout(ipc, 3)


def test_noise_is_standard_normal(make_real):
    start = initial_images(jax.random.key(0), make_real((3, 4)), make_layout(50, 2), init="noise")
    assert start.images.shape == (100, 8, 8, 1) and start.images.dtype == np.float32
    assert abs(float(start.images.mean())) < 0.05
    assert float(start.images.std()) == pytest.approx(1, abs=0.05)
    assert start.labels.tolist() == [0] * 50 + [1] * 50


@pytest.mark.parametrize("ipc", [2, (2, 9), (1, 8)])
def test_real_images_are_distinct_and_of_their_class(make_real, real_by_class, ipc):
    # Two images are fewer than the nine places that the layout keeps for every class.
    real, layout = make_real((2, 9)), make_layout(ipc, 2)
    images, labels = initial_images(jax.random.key(1), real, layout, init="real")
    for label, members in enumerate(real_by_class(real)):
        mine = np.asarray(images)[np.asarray(labels) == label]
        distances = np.abs(mine[:, None] - np.asarray(members)[None]).max((2, 3, 4))
        assert distances.min(1).max() < 1e-5  # each is a training image of the class
        assert len(set(distances.argmin(1).tolist())) == len(mine)  # and none comes twice


def test_the_start_follows_the_key(make_real):
    real, layout = make_real((9, 9)), make_layout(3, 2)

    def start(seed, init):
        return np.asarray(initial_images(jax.random.key(seed), real, layout, init=init).images)

    for init in ("noise", "real"):
        np.testing.assert_array_equal(start(0, init), start(0, init))
        assert (start(0, init) != start(1, init)).any()


def test_a_class_too_small_is_named(make_real):
    with pytest.raises(UserError) as caught:
        initial_images(jax.random.key(0), make_real((9, 4)), make_layout(5, 2), init="real")
    assert str(caught.value) == (
        "class 1 has 4 training images, too few to start 5 synthetic images; "
        "use an ipc of at most 4 for it, or init=noise to distil"
    )


def test_an_unknown_start_is_refused(make_real):
    with pytest.raises(UserError, match=r"unknown init 'reel' \(did you mean 'real'\?\)"):
        initial_images(jax.random.key(0), make_real((2, 2)), make_layout(1, 2), init="reel")
