"""Labels and scores of networks."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def case():
    """``case(num_classes)``: coarse scores with many ties, better than chance, and labels."""

    def make(num_classes, *, stacked=3, n=200, decimals=1, seed=0):
        rng = np.random.default_rng(seed)
        labels = rng.integers(0, num_classes, n).astype(np.int32)
        signal = 1.5 * (labels[:, None] == np.arange(num_classes))
        scores = rng.normal(size=(stacked, n, num_classes)) + signal
        return np.round(scores, decimals).astype(np.float32), labels

    return make
