"""Sites: their images, their own moments, and the exact moments of their union."""

import dataclasses

import numpy as np
import pytest

from medjax import data
from medjax.data.dataset import make_dataset
from medjax.errors import UserError
from medjax.study.sites.site import make_sites, moved, pooled_moments

INFO = data.DatasetInfo("a", "multi-class", ("x", "y", "z"), "unknown", "a.npz", "", None, "")


@pytest.fixture(scope="module")
def dataset():
    rng = np.random.default_rng(0)
    labels = np.sort(rng.integers(0, 3, 90)).astype(np.int32)
    light = labels[:, None, None, None] * 60
    images = np.clip(rng.normal(40, 20, (90, 5, 5, 3)) + light, 0, 255).astype(np.uint8)
    split = data.Split(images, labels)
    return make_dataset(INFO, {"train": split, "test": split})


def uneven(count):
    return np.repeat([0, 1, 2], [count // 9, count // 3, count - count // 9 - count // 3])


def test_sites_share_no_image_and_lose_none(dataset):
    places = np.random.default_rng(1).integers(0, 3, 90)
    sites = make_sites(dataset, places, names=["north", "south", "west"])
    assert [site.name for site in sites] == ["north", "south", "west"]
    for number, site in enumerate(sites):
        np.testing.assert_array_equal(site.train.images, dataset.train.images[places == number])
        np.testing.assert_array_equal(site.train.labels, dataset.train.labels[places == number])
        np.testing.assert_array_equal(site.moments, data.channel_stats(site.train.images))


def test_the_moments_of_the_union_are_exact(dataset):
    """Sites of 10 to 50 images differ in brightness, which a mean of means would miss."""
    pooled = pooled_moments(make_sites(dataset, uneven(90)))
    np.testing.assert_allclose(pooled.mean, dataset.mean, rtol=2e-7)
    np.testing.assert_allclose(pooled.std, dataset.std, rtol=2e-7)
    naive = np.mean([site.moments.mean for site in make_sites(dataset, uneven(90))], axis=0)
    assert np.abs(naive - dataset.mean).max() > 0.01


def test_one_site_has_the_moments_of_all(dataset):
    pooled = pooled_moments(make_sites(dataset, np.zeros(90, int)))
    np.testing.assert_array_equal(pooled.mean, dataset.mean)
    np.testing.assert_array_equal(pooled.std, dataset.std)


def test_given_moments_are_those_of_every_site(dataset):
    fixed = dataclasses.replace(
        dataset,
        preparation=data.parse_preparation("normalize(fixed, mean=0.5, std=0.25)"),
        mean=np.full(3, 0.5, np.float32),
        std=np.full(3, 0.25, np.float32),
    )
    sites = make_sites(fixed, uneven(90))
    for moments in [*(site.moments for site in sites), pooled_moments(sites)]:
        np.testing.assert_array_equal(moments.mean, fixed.mean)
        np.testing.assert_allclose(moments.std, fixed.std, rtol=1e-7)


def test_moved_images_are_the_pixels_normalised_anew(dataset):
    sites = make_sites(dataset, uneven(90))
    pooled = pooled_moments(sites)
    pixels = sites[0].train.images
    own = np.asarray(data.normalize(pixels, *sites[0].moments))
    expected = np.asarray(data.normalize(pixels, *pooled))
    np.testing.assert_allclose(moved(own, sites[0].moments, pooled), expected, atol=3e-6)


def test_a_site_without_images_is_refused(dataset):
    with pytest.raises(UserError, match="site 2 has no training image"):
        make_sites(dataset, np.repeat([0, 2], 45))
