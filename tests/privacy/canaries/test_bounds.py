"""Bounds of ε of mechanisms whose ε is known."""

import numpy as np
import pytest

from medjax.privacy.canaries.bounds import epsilon_bounds


def test_bounds_of_a_known_mechanism():
    """Randomised response at ε = 2: the bound is below ε, and above 0 with enough canaries."""
    pytest.importorskip("jax_privacy")
    rng = np.random.default_rng(0)
    included = np.arange(4000) % 2 == 0
    truthful = rng.uniform(size=4000) < np.exp(2) / (1 + np.exp(2))
    found = epsilon_bounds(np.where(truthful, included, ~included).astype(float), included)
    assert 1.2 < found["epsilon_clopper_pearson"] <= 2
    assert 1.0 < found["epsilon_one_run"] <= 2.0
    nothing = epsilon_bounds(rng.normal(size=100), np.arange(100) % 2 == 0)
    assert nothing["epsilon_clopper_pearson"] == 0 and nothing["included"] == 50
