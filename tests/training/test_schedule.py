"""The learning-rate schedules, against the reference's loop."""

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
