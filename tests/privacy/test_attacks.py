"""The deep attacks on made sets, without a distillation."""

import numpy as np
import pytest

from medjax import data
from medjax.data import Split
from medjax.privacy.canaries import planting
from medjax.privacy.canaries.attacks import canary_attacks
from medjax.privacy.canaries.bounds import epsilon_bounds
from medjax.privacy.deep.attacks import lira_attacks
from medjax.privacy.deep.shadows import Shadows
from medjax.privacy.statistics.evidence import Population
from medjax.privacy.tracing import features, spaces
from medjax.privacy.tracing.trace import group_means

CLASSES = np.eye(2, dtype=bool)


def shared(images, labels):
    one = np.ones(1, np.float32)
    return data.SharedSet(np.float32(images), np.int32(labels), 0 * one, one)


def draw(rng, count):
    labels = np.arange(count, dtype=np.int32) % 2
    pixels = np.clip(
        100 + 60 * labels[:, None, None, None] + rng.normal(size=(count, 8, 8, 1)) * 30, 0, 255
    )
    return Split(pixels.astype(np.uint8), labels)


def means(images, labels):
    flat = [images[labels == c].mean(axis=0) / 255 for c in range(2)]
    return shared(np.stack(flat), [0, 1])


@pytest.fixture
def scene():
    rng = np.random.default_rng(0)
    some, holdout = draw(rng, 400), draw(rng, 100)
    population = Population(CLASSES[some.labels], np.arange(400), 200, ("a", "b"))
    target = means(some.images[:200], some.labels[:200])
    return spaces.Scene(target, some.images, population, holdout, 2)


def pixel_space(scene):
    found = features.pixels(scene.inputs(scene.images))
    centres = group_means(found, scene.population.groups)
    return spaces.Space(spaces.PIXELS, features.pixels, found, centres)


def test_shadows_tell_members_of_a_mean(scene):
    rng, labels = np.random.default_rng(1), scene.population.groups.argmax(axis=1)
    inside = rng.permuted(np.tile(np.arange(400) < 200, (16, 1)), axis=1)
    sets = [means(scene.images[rows], labels[rows]) for rows in inside]
    space = pixel_space(scene)
    (attack, *_) = lira_attacks(scene, [space], Shadows(sets, inside), suffix=" (x)")
    assert (attack.name, attack.group) == ("LiRA on pixels (x)", "") and attack.auc > 0.65
    independent = scene._replace(target=means(scene.holdout.images, scene.holdout.labels))
    (attack, *_) = lira_attacks(independent, [space], Shadows(sets, inside), suffix="")
    assert min(attack.p_values) > 1e-3


def test_canaries_in_the_set_are_traced(scene):
    pytest.importorskip("jax_privacy")
    rng = np.random.default_rng(2)
    split = draw(rng, 36)
    kinds, included = np.repeat(np.arange(3), 12), np.tile([True, True, False, False], 9)
    planted = planting.Canaries(split, kinds, included)
    added = planted.added()
    population = Population(CLASSES[split.labels], np.arange(36), 0, ("a", "b"))
    placed = scene._replace(
        target=means(added.images, added.labels), images=split.images, population=population
    )
    space = spaces.moved(pixel_space(scene), placed)
    (attack,), bounds = canary_attacks(placed, [space], planted)
    assert (attack.members, attack.others) == (18, 18) and attack.auc > 0.8
    assert set(bounds) == {*planting.KINDS, "all"}
    assert bounds["duplicated"]["auc"] > bounds["mislabelled"]["auc"]


def test_the_area_of_canaries_is_that_of_their_ranks():
    """The auditor's own area is 0.5 at least."""
    pytest.importorskip("jax_privacy")
    bounds = epsilon_bounds(np.array([0.0, 1.0, 2.0, 3.0]), np.array([True, True, False, False]))
    assert bounds["auc"] == 0.0
