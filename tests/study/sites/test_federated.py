"""Federated averaging against its oracles: equal sites, one site, a weighted mean by hand."""

import jax
import numpy as np
import pytest

from medjax.study.sites.federated import average, federated


def leaves(variables):
    return [np.asarray(leaf) for leaf in jax.tree.leaves(variables)]


def assert_close(ours, theirs, **tolerances):
    for one, other in zip(leaves(ours), leaves(theirs), strict=True):
        np.testing.assert_allclose(one, other, **tolerances)


def test_the_average_is_weighted():
    found = average([{"a": np.float32([[0, 4]])}, {"a": np.float32([[2, 8]])}], [30, 10])
    np.testing.assert_allclose(found["a"], [[0.5, 5.0]])
    assert found["a"].dtype == np.float32


def test_equal_sites_are_one_site(make_site, make_classifiers):
    site, classifiers = make_site(16), make_classifiers()
    one = federated(classifiers, [site], site.moments, rounds=2)
    three = federated(classifiers, [site] * 3, site.moments, rounds=2)
    assert_close(three, one, atol=1e-6)


def test_one_site_in_one_round_is_a_training(make_site, make_classifiers):
    site, classifiers = make_site(16), make_classifiers()
    alone = classifiers.on_real(site.train, site.moments)
    assert_close(federated(classifiers, [site], site.moments, rounds=1), alone, atol=0, rtol=0)


def test_rounds_of_one_site_restart_the_momentum_and_nothing_else(make_site, make_classifiers):
    site = make_site(16)
    for momentum, equal in ((0.0, True), (0.9, False)):
        classifiers = make_classifiers(momentum=momentum)
        alone = leaves(classifiers.on_real(site.train, site.moments))
        rounds = leaves(federated(classifiers, [site], site.moments, rounds=2))
        same = [np.allclose(a, b, atol=1e-7) for a, b in zip(alone, rounds, strict=True)]
        assert all(same) if equal else not all(same)


@pytest.mark.parametrize("rounds", [1, 2])
def test_each_round_starts_from_the_mean_by_numbers_of_images(make_site, make_classifiers, rounds):
    """By hand: both sites' trainings go on from the mean that their sizes weight."""
    sites, classifiers = [make_site(16), make_site(24, seed=1)], make_classifiers()
    found = federated(classifiers, sites, sites[0].moments, rounds=rounds)
    trainings = [
        classifiers.start_on_real(site.train, sites[0].moments, rounds=rounds) for site in sites
    ]
    assert [x.schedule.num_epochs for x in trainings] == [4, 3]  # of 2 and 3 steps, 8 in all
    for done in range(rounds):
        stops = [(4, 3)] if rounds == 1 else [(2, 1), (4, 3)]
        trainings = [x.until(stop) for x, stop in zip(trainings, stops[done], strict=True)]
        parts = [leaves(x.variables()) for x in trainings]
        mean = [(16 * a + 24 * b) / 40 for a, b in zip(*parts, strict=True)]
        tree = jax.tree.structure(trainings[0].variables())
        trainings = [x.restarted(jax.tree.unflatten(tree, mean)) for x in trainings]
    assert_close(found, jax.tree.unflatten(tree, mean), atol=1e-6)


def test_more_rounds_than_epochs_take_more_steps_and_say_so(make_site, make_classifiers, caplog):
    """Eight steps are four epochs of the site's two batches, and nine rounds are 18 steps."""
    site, classifiers = make_site(16), make_classifiers()
    started = classifiers.start_on_real(site.train, site.moments, rounds=9)
    assert started.schedule.num_epochs == 9
    federated(classifiers, [site], site.moments, rounds=5)
    assert not caplog.records
    federated(classifiers, [site], site.moments, rounds=9)
    (record,) = caplog.records
    said = "site a takes 18 steps in 9 rounds of whole epochs, not about 8: use fewer rounds"
    assert record.getMessage().startswith(said)
