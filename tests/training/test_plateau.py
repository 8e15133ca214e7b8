"""Training to a plateau: the scores decide the length, the rate and the networks."""

import jax
import numpy as np
import pytest

from medjax import nets, training
from medjax.training import Budget, Recipe, start_training, train_to_plateau

NET = nets.make("convnet", num_classes=2, width=2, depth=1)
IMAGES = np.random.default_rng(0).normal(size=(6, 8, 8, 1)).astype(np.float32)
LABELS = np.arange(6) % 2


def _start():
    recipe = Recipe(epochs=1000, batch_size=3, learning_rate=0.1)
    key = jax.random.key(0)
    return start_training(key, NET, IMAGES, LABELS, recipe=recipe, num_networks=2)


def _train(scores, **budget):
    """Trains with the given scores, the last of which repeats; returns the result and the calls."""
    seen = []

    def score(variables):
        seen.append(np.asarray(variables["params"]["head"]["kernel"]))
        return scores[min(len(seen), len(scores)) - 1]

    budget = Budget(**{"least": 2, "most": 1000, "every": 2} | budget)
    return train_to_plateau(_start(), score, steps_per_epoch=2, budget=budget), seen


def test_a_training_in_pieces_is_the_training_at_once():
    recipe = Recipe(epochs=4, batch_size=4, augment="color_crop", parity=True)
    key, options = jax.random.key(0), {"recipe": recipe, "num_networks": 2}
    whole = training.train_networks(key, NET, IMAGES, LABELS, **options)
    pieces = start_training(key, NET, IMAGES, LABELS, **options).until(1).until(4).until(5)
    jax.tree.map(np.testing.assert_array_equal, whole, pieces.variables())


def test_it_ends_after_five_scores_without_improvement_at_each_rate():
    found, seen = _train([0.5, 0.6, 0.7, 0.6])
    assert (found.steps, found.total_steps, found.reached) == (6, 26, True)
    assert len(seen) == 3 + 5 + 5


def test_it_returns_the_networks_of_the_best_score():
    found, seen = _train([0.5, 0.9, 0.6])
    np.testing.assert_array_equal(found.variables["params"]["head"]["kernel"], seen[1])


def test_the_lower_rate_starts_from_the_best_networks():
    """The step after the drop is a tenth of the one that followed the best networks before."""
    found, seen = _train([0.9, 0.5])
    assert found.steps == 2
    before = _start().until(1)
    start_before = before.variables()["params"]["head"]["kernel"]
    slow = before._replace(
        schedule=before.schedule._replace(drop_epoch=0, resets_momentum=False)
    ).until(2)
    np.testing.assert_array_equal(seen[0], start_before)
    np.testing.assert_array_equal(seen[6], slow.variables()["params"]["head"]["kernel"])


def test_an_improvement_at_the_lower_rate_counts():
    found, _ = _train([0.5] * 6 + [0.8, 0.7])
    assert (found.steps, found.total_steps) == (4, 2 * (6 + 1 + 5))


def test_somebody_who_watches_hears_of_every_epoch():
    """An epoch can take minutes, and there are several of them between two scores."""
    told = []
    budget = Budget(least=2, most=24, every=8)
    train_to_plateau(_start(), lambda _: 0.5, steps_per_epoch=2, budget=budget, watch=told.append)
    np.testing.assert_allclose(told, np.arange(13) / 12)


def test_the_least_number_of_steps_is_made():
    found, _ = _train([0.5], least=60)
    assert found.total_steps == 60 and found.reached


@pytest.mark.parametrize("scores", [[0.5], list(np.linspace(0, 1, 20))])
def test_the_greatest_number_of_steps_ends_it(scores):
    found, seen = _train(scores, most=7, every=3)
    assert (found.total_steps, found.reached, len(seen)) == (8, False, 2)


def test_no_score_is_a_number():
    """A score that is not a number is never the best; the networks are then untrained ones."""
    found, _ = _train([float("nan")])
    assert (found.steps, found.reached) == (0, True)
