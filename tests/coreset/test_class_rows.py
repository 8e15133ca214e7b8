"""Messages for numbers of images that cannot be chosen."""

import jax
import numpy as np
import pytest

from medjax import coreset
from medjax.errors import UserError

CHOOSERS = {
    "random": lambda labels, ipc: coreset.random_subset(jax.random.key(0), labels, ipc),
    "k-center": lambda labels, ipc: coreset.k_center(np.zeros((len(labels), 2)), labels, ipc),
    "herding": lambda labels, ipc: coreset.herding(np.zeros((len(labels), 2)), labels, ipc),
}


@pytest.mark.parametrize("choose", CHOOSERS.values(), ids=CHOOSERS.keys())
@pytest.mark.parametrize(
    ("labels", "ipc", "message"),
    [
        ([0, 0, 1], 2, "class 1 has 1 images, fewer than ipc 2: lower the ipc"),
        ([0, 2], 1, "class 1 has 0 images, fewer than ipc 1: lower the ipc"),
        ([0, 1], [1, 1, 1], "class 2 has 0 images, fewer than ipc 1: lower the ipc"),
        ([0, 1, 2], [1, 1], r"ipc gives 2 numbers for 3 classes: \[1, 1\]"),
        ([0, 1], -1, "ipc must be whole numbers of at least 0, not -1"),
        ([0, 1], 1.5, "ipc must be whole numbers of at least 0, not 1.5"),
        ([], 1, "there are no images to choose from"),
        ([[0, 1], [1, 0]], 2, "class 0 has 1 images, fewer than ipc 2: lower the ipc"),
        ([[0, 1], [0, 0]], [1, 1], r"ipc gives 2 numbers for 3 classes: \[1, 1\]"),
    ],
)
def test_what_cannot_be_chosen_is_named(choose, labels, ipc, message):
    with pytest.raises(UserError, match=message):
        choose(np.array(labels), ipc)
