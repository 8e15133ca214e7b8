"""The released images beside the real ones: copies, and the images that they started from."""

from typing import Any

import jax
import numpy as np

from medjax import data
from medjax.coreset.selection import SELECTIONS
from medjax.privacy.case.finished import Finished
from medjax.privacy.case.start import REAL, start_of
from medjax.privacy.copies.nearest import CopyTest, closeness, exact_copies, matches_start, nearest
from medjax.privacy.tracing.features import Features, pixels, random_features
from medjax.privacy.tracing.inputs import as_inputs
from medjax.privacy.tracing.spaces import NETWORKS, PIXELS

_KEY = 0xC0B1


def compare(run: Finished, *, images: int) -> tuple[list[CopyTest], dict[str, Any]]:
    """Compares the released images with the training images and with held-out ones.

    Args:
      run: the run.
      images: held-out images, and as many training images, that distances are compared with.

    Returns:
      The tests, and ``copies.closeness`` by space.
    """
    released, train = run.released, run.dataset.train
    tests, found = [exact_copies(released.images, train.images)], {}
    starts = _starts(run)
    held = run.dataset.val if run.dataset.val is not None else run.dataset.test
    rng = np.random.default_rng([run.settings.seed, _KEY])
    some = min(images, len(held), len(train))
    rows, others = (np.sort(rng.permutation(len(x))[:some]) for x in (train, held))
    synthetic = as_inputs(released, released.images)

    def inputs(images: np.ndarray) -> np.ndarray:
        return as_inputs(released, images)

    for space, features in _spaces(run).items():

        def near(real: np.ndarray, features: Features = features):
            return nearest(synthetic, real, inputs, features)

        if starts is not None:
            least = min(map(len, _groups(run)))
            tests.append(matches_start(near(train.images), starts, least, space=space))
        found[space] = closeness(near(train.images[rows]), near(held.images[others]))
    return tests, found


def _spaces(run: Finished) -> dict[str, Features]:
    (network,) = random_features(jax.random.key(_KEY), run.net(), count=1)
    return {PIXELS: pixels, NETWORKS: network}


def _groups(run: Finished) -> list[np.ndarray]:
    labels = run.dataset.train.labels
    found = data.group_indices(labels, num_classes=run.dataset.num_classes)
    return [rows for rows in found if len(rows)]


def _starts(run: Finished) -> np.ndarray | None:
    """Returns the training image that each released one started from; ``None`` if none was."""
    if run.settings.distill.get("init") not in (REAL, *SELECTIONS):
        return None
    began = start_of(run.settings)
    if began is None or len(began) != len(run.released.labels):
        return None

    def as_is(images: np.ndarray) -> np.ndarray:
        return np.float32(images) / np.float32(255)

    return nearest(began, run.dataset.train.images, as_is, pixels).rows
