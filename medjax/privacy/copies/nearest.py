"""Synthetic images that are copies of real ones, or lie suspiciously near to them."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from medjax.data import to_uint8
from medjax.data.inspect.duplicates import digests
from medjax.privacy.tracing.features import Features
from medjax.privacy.tracing.trace import squared_distances

_CHUNK = 1024
Inputs = Callable[[np.ndarray], np.ndarray]
"""Maps uint8 images to what networks receive."""


class CopyTest(NamedTuple):
    """A question about the real images nearest to synthetic ones.

    Attributes:
      name: what was found, as in ``3 of 20 …``.
      space: in which features distances are measured; ``"bytes"`` for none.
      found: how many images the answer is yes for.
      of: how many it was asked of.
      expected: how many are expected by chance; 0 where one is too many.
      p_value: the probability of as many or more by chance.
    """

    name: str
    space: str
    found: int
    of: int
    expected: float
    p_value: float


class Nearest(NamedTuple):
    """The nearest of some real images to each synthetic image.

    Attributes:
      rows: int ``[s]``, their rows.
      distances: float ``[s]``.
    """

    rows: np.ndarray
    distances: np.ndarray


def nearest(synthetic: np.ndarray, real: np.ndarray, inputs: Inputs, features: Features) -> Nearest:
    """Finds the nearest real image of each synthetic image by Euclidean distance of features.

    Args:
      synthetic: float ``[s, h, w, c]``, as networks receive them.
      real: uint8 ``[n, h, w, c]``, read piece by piece.
      inputs: maps uint8 images to what networks receive.
      features: the features.

    Returns:
      Row and distance for each synthetic image.

    Example:
      >>> from medjax.privacy.tracing.features import pixels
      >>> real = np.arange(8, dtype=np.uint8).reshape(2, 2, 2, 1)
      >>> nearest(np.float32(real[1:]) + 1, real, np.float32, pixels)
      Nearest(rows=array([1]), distances=array([2.]))
    """
    own = features(synthetic)
    rows, best = np.zeros(len(own), int), np.full(len(own), np.inf)
    for start in range(0, len(real), _CHUNK):
        distances = squared_distances(own, features(inputs(real[start : start + _CHUNK])))
        place = distances.argmin(axis=1)
        least = distances[np.arange(len(own)), place]
        rows = np.where(least < best, place + start, rows)
        best = np.minimum(best, least)
    return Nearest(rows, np.sqrt(best))


def exact_copies(synthetic: np.ndarray, real: np.ndarray) -> CopyTest:
    """Counts synthetic images that are, byte for byte, a real one; images of one value are none.

    Args:
      synthetic: float ``[s, h, w, c]`` in pixel units.
      real: uint8 ``[n, h, w, c]``.

    Returns:
      The test; one copy is too many.

    Example:
      >>> real = np.arange(8, dtype=np.uint8).reshape(2, 2, 2, 1)
      >>> exact_copies(real[:1] / 255, real).found
      1
    """
    pixels = to_uint8(synthetic)
    varied = pixels.min(axis=(1, 2, 3)) < pixels.max(axis=(1, 2, 3))
    found = int(np.isin(digests(pixels[varied]), digests(real)).sum()) if varied.any() else 0
    name = "synthetic images are a training image byte for byte"
    return CopyTest(name, "bytes", found, len(pixels), 0.0, 0.0 if found else 1.0)


def nearest_members(
    found: Nearest, units: np.ndarray, inside: np.ndarray, *, space: str
) -> CopyTest:
    """Tests whether the images nearest to synthetic ones are members more often than by chance.

    If the synthetic images do not depend on who is a member, the distinct nearest units are members
    as often as any others are: their number is hypergeometric.

    Args:
      found: the nearest of the members and the others.
      units: int ``[n]``, the patient of each of them, or the image itself.
      inside: bool ``[n]``, whether each is a member.
      space: the features.

    Returns:
      The test.

    Example:
      >>> found = Nearest(np.arange(10), np.zeros(10))
      >>> test = nearest_members(found, np.arange(100), np.arange(100) < 50, space="pixels")
      >>> test.found, test.of, round(test.p_value, 5)
      (10, 10, 0.00059)
    """
    chosen = np.unique(units[found.rows])
    members = np.unique(units[inside])
    total, count = len(np.unique(units)), int(np.isin(chosen, members).sum())
    law = stats.hypergeom(total, len(members), len(chosen))
    expected = len(chosen) * len(members) / total
    name = "real images that are the nearest to synthetic ones are members"
    return CopyTest(name, space, count, len(chosen), expected, float(law.sf(count - 1)))


def closeness(ours: Nearest, held_out: Nearest) -> dict[str, Any]:
    """Compares distances to training images with those to images that were never trained on.

    Args:
      ours: the nearest training image of each synthetic image.
      held_out: the nearest of as many held-out images.

    Returns:
      ``{"nearer_to_training", "of", "median_ratio"}``. The two sets may differ in other ways, so
      this is no test.

    Example:
      >>> closeness(Nearest(np.arange(2), np.array([1.0, 2.0])), Nearest(np.arange(2), np.ones(2)))
      {'nearer_to_training': 0, 'of': 2, 'median_ratio': 1.5}
    """
    ratio = ours.distances / np.maximum(held_out.distances, 1e-12)
    nearer = int((ours.distances < held_out.distances).sum())
    return {"nearer_to_training": nearer, "of": len(ratio), "median_ratio": float(np.median(ratio))}
