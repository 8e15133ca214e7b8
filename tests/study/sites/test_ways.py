"""All ways of tiny sites: one site is the central one, and a site may lack classes."""

import jax
import numpy as np

from medjax import data
from medjax.study.sites.site import Site, make_sites
from medjax.study.sites.ways import compare_ways, random_rows
from medjax.study.ways.classifiers import Moments
from medjax.study.ways.part_distilling import distil_split


def by_name(outcomes):
    found = {outcome.method.removeprefix("sites/"): outcome for outcome in outcomes}
    assert len(found) == len(outcomes)
    return found


def reached(outcome):
    return [outcome.scores[split]["auroc"]["values"] for split in ("val", "test")]


def test_one_site_is_the_central_one(experiment):
    sites = make_sites(experiment.dataset, np.zeros(48, int))
    found = by_name(compare_ways(experiment, sites, rounds=1))
    for name in ("fedavg_1", "ensemble", "whole_alone", "whole_best", "whole_alone_1"):
        assert reached(found[name]) == reached(found["central"]), name
    for name in ("distilled_alone", "distilled_best"):
        np.testing.assert_allclose(reached(found[name]), reached(found["distilled_union"]))


def test_a_site_without_a_class_distils_the_others(experiment, uneven):
    """And a class with fewer images than asked gives no more synthetic than real ones."""
    small = uneven[1]
    assert np.bincount(small.train.labels).tolist() == [10, 1]
    key = jax.random.key(5)
    made = distil_split(key, small.train, small.moments, experiment=experiment)
    assert made.labels.tolist() == [0, 0, 1] and made.images.shape == (3, 8, 8, 1)
    assert made.stored == (3, 8, 8, 1)
    again = distil_split(key, small.train, small.moments, experiment=experiment)
    np.testing.assert_array_equal(made.images, again.images)


def test_classes_keep_their_numbers_after_an_absent_one(experiment, uneven):
    """Only the classes 0 and 2 are there, so the method sees 0 and 1."""
    train = uneven[0].train
    rows = np.flatnonzero(train.labels != 1)[:11]
    part = data.Split(train.images[rows], train.labels[rows])
    made = distil_split(jax.random.key(5), part, uneven[0].moments, experiment=experiment)
    assert made.labels.tolist() == [0, 0, 2, 2]


def test_random_images_are_as_many_and_differ_by_network(experiment, uneven):
    rows = random_rows(jax.random.key(0), uneven[0], experiment, draws=3)
    assert rows.shape == (3, 6)
    for drawn in rows:
        assert len(set(drawn.tolist())) == 6
        assert np.bincount(uneven[0].train.labels[drawn]).tolist() == [2, 2, 2]
    assert (rows[0] != rows[1]).any()


def test_a_single_class_is_distilled_too(experiment):
    part = data.Split(np.full((4, 8, 8, 1), 90, np.uint8), np.full(4, 1, np.int32))
    site = Site("x", part, Moments(np.float32([0.4]), np.float32([0.1])))
    made = distil_split(jax.random.key(0), part, site.moments, experiment=experiment)
    assert made.labels.tolist() == [1, 1] and np.isfinite(made.images).all()
