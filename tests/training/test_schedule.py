"""The learning-rate schedules, against the reference's loop."""

import jax
import numpy as np
import pytest

from medjax.training import Recipe


def _rates(recipe):
    """The learning rate of each epoch, and whether the momentum is reset before it."""
    schedule = recipe.schedule()
    epochs = range(schedule.num_epochs)
    return [
        (float(schedule.learning_rate_at(epoch)), bool(schedule.resets_momentum_at(epoch)))
        for epoch in epochs
    ]


@pytest.mark.parametrize("epochs", [0, 1, 2, 5, 8, 300])
def test_parity_schedule_is_the_references(epochs):
    """E+1 epochs; *after* the one with index E//2+1 a new optimiser with a tenth of the rate."""
    expected, rate, fresh = [], 0.01, False
    for epoch in range(epochs + 1):
        expected.append((rate, fresh))
        fresh = epoch == epochs // 2 + 1
        rate = rate * 0.1 if fresh else rate
    assert [pytest.approx(e) for e in expected] == _rates(Recipe(epochs=epochs, parity=True))


@pytest.mark.parametrize(("epochs", "full"), [(1, 0), (2, 1), (5, 2), (300, 150)])
def test_plain_schedule_is_what_it_says(epochs, full):
    rates = _rates(Recipe(epochs=epochs))
    assert len(rates) == epochs
    assert rates == [(pytest.approx(0.01), False)] * full + [(pytest.approx(0.001), False)] * (
        epochs - full
    )


def _fast(epochs, learning_rate=0.01):
    """The rates by numpy: a rise over a tenth, then a cosine, with a third of the sum."""
    short = -(-epochs // 5)
    rise = short // 10
    shape = np.concatenate(
        [
            np.arange(1, rise + 1) / (rise + 1),
            (1 + np.cos(np.pi * np.arange(short - rise) / (short - rise))) / 2,
        ]
    )
    reference = np.where(np.arange(epochs) < epochs // 2, learning_rate, learning_rate / 10)
    return shape * reference.sum() / 3 / shape.sum()


@pytest.mark.parametrize("epochs", [1, 2, 7, 50, 300, 1000])
def test_fast_is_a_cosine_in_a_fifth_of_the_epochs_with_a_third_of_the_sum(epochs):
    rates = np.array([rate for rate, _ in _rates(Recipe(epochs=epochs, name="fast"))])
    np.testing.assert_allclose(rates, _fast(epochs), rtol=1e-5, atol=1e-8)
    reference = sum(rate for rate, _ in _rates(Recipe(epochs=epochs)))
    assert rates.sum() == pytest.approx(reference / 3)


def test_fast_keeps_the_momentum_and_all_other_numbers():
    reference, fast = Recipe(epochs=300).schedule(), Recipe(epochs=300, name="fast").schedule()
    assert not any(reset for _, reset in _rates(Recipe(epochs=300, name="fast")))
    assert (fast.momentum, fast.weight_decay) == (reference.momentum, reference.weight_decay)
    assert Recipe(epochs=0, name="fast").schedule().num_epochs == 0


def test_traced_numbers_give_the_same_rates():
    """One compiled function serves both recipes."""
    rate_at = jax.jit(lambda schedule, epoch: schedule.learning_rate_at(epoch))
    for name in ("reference", "fast"):
        schedule = Recipe(epochs=20, name=name).schedule()
        for epoch in range(schedule.num_epochs):
            expected = float(schedule.learning_rate_at(epoch))
            assert float(rate_at(schedule, epoch)) == pytest.approx(expected, rel=1e-6)
    assert rate_at._cache_size() == 1
