"""Images shared out in proportion to the classes."""

import numpy as np
import pytest

from medjax.errors import UserError
from medjax.methods import proportional_ipc


@pytest.mark.parametrize(
    ("ipc", "counts", "shares"),
    [
        (10, [50, 50], (10, 10)),
        (10, [75, 25], (15, 5)),
        (1, [97, 2, 1], (1, 1, 1)),
        (2, [1000, 1, 1], (4, 1, 1)),
        (3, [2, 2, 3], (3, 2, 4)),  # 2.57, 2.57, 3.86: what is left over goes to the largest rests
    ],
)
def test_shares(ipc, counts, shares):
    assert proportional_ipc(ipc, counts) == shares


def test_the_total_is_kept_and_every_class_has_one():
    rng = np.random.default_rng(0)
    for _ in range(50):
        counts = rng.integers(1, 5000, rng.integers(2, 15))
        shares = proportional_ipc(int(rng.integers(1, 20)), counts.tolist())
        assert sum(shares) % len(counts) == 0 and min(shares) >= 1
        order = np.argsort(counts, kind="stable")
        assert (np.diff(np.array(shares)[order]) >= -1).all()


def test_at_least_one():
    with pytest.raises(UserError, match="ipc must be at least 1, got 0"):
        proportional_ipc(0, [1, 2])
