"""The split over sites: a partition by the key alone, near iid or skewed as asked."""

import jax
import numpy as np
import pytest

from medjax.errors import UserError
from medjax.study.sites import splitting

KEY = jax.random.key(3)
LABELS = np.random.default_rng(0).choice(4, 2000, p=[0.5, 0.3, 0.15, 0.05])
IMAGES = np.random.default_rng(1).integers(0, 256, (2000, 4, 4, 1)).astype(np.uint8)
SPLITS = {
    "iid": lambda key: splitting.iid(key, LABELS, sites=5),
    "skew": lambda key: splitting.label_skew(key, LABELS, sites=5, beta=0.6),
}


def shares(places, sites=5):
    """The share of each class that each site has, ``[classes, sites]``."""
    counts = np.zeros((4, sites))
    np.add.at(counts, (LABELS, places), 1)
    return counts / counts.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("split", SPLITS)
def test_every_image_has_one_site_by_the_key_alone(split):
    places = SPLITS[split](KEY)
    assert places.shape == LABELS.shape and places.dtype == np.int32
    assert set(places) == set(range(5))
    np.testing.assert_array_equal(places, SPLITS[split](jax.random.key(3)))
    assert (places != SPLITS[split](jax.random.key(4))).any()


def test_iid_sites_are_of_equal_size_and_alike():
    places = SPLITS["iid"](KEY)
    assert np.ptp(np.bincount(places)) <= 1
    # The rarest class has 100 images: 4 standard deviations of a share of 1/5.
    assert np.abs(shares(places) - 0.2).max() < 4 * np.sqrt(0.2 * 0.8 / 100)


def test_a_large_beta_is_nearly_iid_and_a_small_one_skewed():
    def spread(beta):
        found = [
            splitting.label_skew(jax.random.key(seed), LABELS, sites=5, beta=beta)
            for seed in range(20)
        ]
        return np.mean([shares(places).std(axis=1) for places in found])

    equal, usual, small = spread(1e6), spread(0.6), spread(0.05)
    # Rounding alone moves a share of the rarest class by less than an image in a hundred.
    assert equal < 0.01 < 0.1 < usual < small
    # One site that has a whole class spreads it by 0.4.
    assert small > 0.3


def test_the_shares_are_those_of_a_dirichlet_distribution():
    """One class has no site without room: its first share is Beta(β, 4β) of mean 1/5."""
    labels, beta = np.zeros(1000, int), 0.6
    found = [
        np.mean(splitting.label_skew(k, labels, sites=5, beta=beta, least=0) == 0)
        for k in jax.random.split(KEY, 2000)
    ]
    variance = 0.2 * 0.8 / (5 * beta + 1)
    assert abs(np.mean(found) - 0.2) < 4 * np.sqrt(variance / 2000)
    assert abs(np.var(found) / variance - 1) < 0.15


def test_a_site_with_its_share_of_images_gets_no_more_classes():
    labels = np.repeat([0, 1], [500, 500])
    for key in jax.random.split(KEY, 50):
        places = splitting.label_skew(key, labels, sites=2, beta=0.1, least=0)
        first = np.bincount(places[labels == 0], minlength=2)
        full = first >= 500
        assert (np.bincount(places[labels == 1], minlength=2)[full] == 0).all()


def test_every_site_has_the_least_number_of_images():
    for key in jax.random.split(KEY, 20):
        places = splitting.label_skew(key, LABELS, sites=8, beta=0.1)
        assert np.bincount(places, minlength=8).min() >= 10


def test_by_statistics_sites_differ_in_exposure_and_not_in_classes():
    images = np.clip(IMAGES * 0.3 + np.linspace(0, 150, 2000)[:, None, None, None], 0, 255)
    order = np.random.default_rng(2).permutation(2000)
    images = images.astype(np.uint8)[order]
    places = splitting.by_statistics(images, LABELS, sites=4)
    found = [images[places == site].mean() for site in range(4)]
    assert np.all(np.diff(found) > 20)
    assert np.abs(shares(places, 4) - 0.25).max() < 0.01
    again = splitting.by_statistics(images[::-1], LABELS[::-1], sites=4)
    assert np.mean(again[::-1] == places) > 0.99  # only equal scores depend on the order


def test_the_score_is_the_formula_of_the_docs():
    """Half as contrasted and twice as bright images are one end, whatever their order."""
    pixels = np.array([[10, 90], [20, 80], [45, 55], [49, 53]], np.uint8).reshape(4, 1, 2, 1)
    bright = pixels.reshape(4, 2).mean(axis=1)
    sharp = pixels.reshape(4, 2).std(axis=1)
    z = [(x - x.mean()) / x.std() for x in (bright, sharp)]
    score = z[0] + np.sign((z[0] * z[1]).mean()) * z[1]
    places = splitting.by_statistics(pixels, np.zeros(4, int), sites=2)
    assert places.tolist() == (np.argsort(np.argsort(score)) // 2).tolist()


def test_images_without_contrast_are_split_by_brightness():
    flat = np.full((6, 2, 2, 1), 7, np.uint8) * np.arange(1, 7, dtype=np.uint8)[:, None, None, None]
    places = splitting.by_statistics(flat, np.zeros(6, int), sites=3)
    assert places.tolist() == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("split", "said"),
    [
        (lambda: splitting.iid(KEY, LABELS, sites=0), "the number of sites must be at least 1"),
        (lambda: splitting.iid(KEY, LABELS[:3], sites=4), "3 images are too few for 4 sites"),
        (
            lambda: splitting.label_skew(KEY, LABELS, sites=5, beta=0.0),
            "beta must be a positive number, got 0.0",
        ),
        (
            lambda: splitting.label_skew(KEY, LABELS[:60], sites=6, beta=0.1),
            "60 images give 6 sites no split with beta=0.1 in which each has 10 images",
        ),
        (
            lambda: splitting.by_statistics(IMAGES[:4], np.arange(4), sites=2),
            "no class has enough images for 2 sites: use fewer sites",
        ),
    ],
)
def test_what_cannot_be_split(split, said):
    with pytest.raises(UserError, match=said):
        split()
