"""The learned step size: the reference's for small steps, positive for all."""

import jax.numpy as jnp
import numpy as np
import pytest

from medjax.methods.trajectories.stepsize import move_step_size


def test_the_step_size_moves_as_the_references_for_small_steps():
    alpha = jnp.float32(0.01)
    for update in (1e-6, -1e-6):
        moved = move_step_size(alpha, jnp.float32(update), start=0.01)
        assert float(moved) == pytest.approx(0.01 + update, rel=1e-6)


@pytest.mark.parametrize("update", [-1e30, 1e30, -np.inf, np.inf, -0.011])
def test_the_step_size_stays_positive_whatever_comes(update):
    alpha, seen = jnp.float32(0.01), []
    for _ in range(200):
        alpha = move_step_size(alpha, jnp.float32(update), start=0.01)
        seen.append(float(alpha))
    assert min(seen) > 0 and np.isfinite(seen).all()
    ratios = np.array(seen)[1:] / np.array(seen)[:-1]
    assert ratios.max() <= 1.251 and ratios.min() >= 0.799
    assert seen[-1] == pytest.approx(1e-4 if update < 0 else 1.0, rel=1e-5)


def test_an_update_that_is_not_a_number_is_not_hidden():
    assert np.isnan(move_step_size(jnp.float32(0.01), jnp.float32(np.nan), start=0.01))
