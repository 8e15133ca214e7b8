"""Features that no distance can be measured between."""

import numpy as np
import pytest

from medjax import coreset
from medjax.errors import UserError

LABELS = np.random.default_rng(0).integers(0, 3, 60)


@pytest.mark.parametrize("choose", [coreset.k_center, coreset.herding])
def test_features_must_fit(choose):
    with pytest.raises(UserError, match=r"60 labels do not fit features of shape \[59, 2\]"):
        choose(np.zeros((59, 2)), LABELS, 1)
    with pytest.raises(UserError, match="not finite"):
        choose(np.full((60, 2), np.nan), LABELS, 1)
