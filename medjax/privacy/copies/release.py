"""The released images beside the real ones: copies, and the images that they started from."""

from typing import Any

import jax
import numpy as np

from medjax.privacy.case.case import Case
from medjax.privacy.case.finished import Finished
from medjax.privacy.copies.nearest import (
    CopyTest,
    closeness,
    exact_copies,
    nearest,
    nearest_members,
)
from medjax.privacy.copies.started import Starts, match_start, starts_of
from medjax.privacy.tracing.features import Features, pixels, random_features
from medjax.privacy.tracing.inputs import as_inputs
from medjax.privacy.tracing.spaces import NETWORKS, PIXELS, Space

_KEY = 0xC0B1


def compare(run: Finished, *, images: int) -> tuple[list[CopyTest], dict[str, Any], str | None]:
    """Compares the released images with the training images and with held-out ones.

    Args:
      run: the run.
      images: held-out images, and as many training images, that distances are compared with.

    Returns:
      The tests; ``copies.closeness`` by space; and why the match with the start was not tried, if
      the run started from real images and it was not.
    """
    released, train = run.released, run.dataset.train
    tests, found = [exact_copies(released.images, train.images)], {}
    starts = starts_of(run)
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

        if isinstance(starts, Starts):
            tests.append(match_start(near(train.images), starts, space=space))
        found[space] = closeness(near(train.images[rows]), near(held.images[others]))
    return tests, found, starts if isinstance(starts, str) else None


def nearest_of_half(case: Case, space: Space) -> CopyTest:
    """Tests whether the images nearest to those of the distilled half are in it by chance alone.

    Args:
      case: the case.
      space: where distances are measured.

    Returns:
      The test, see ``nearest_members``.
    """
    synthetic, inputs = case.scene.inputs(case.scene.target.images), case.scene.inputs
    found = nearest(synthetic, case.images.images, inputs, space.make)
    return nearest_members(found, case.pool.units, case.inside, space=space.name)


def _spaces(run: Finished) -> dict[str, Features]:
    (network,) = random_features(jax.random.key(_KEY), run.net(), count=1)
    return {PIXELS: pixels, NETWORKS: network}
