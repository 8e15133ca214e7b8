"""The sites of a data set: the images of each, and the moments that normalise them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from medjax import data
from medjax.errors import UserError
from medjax.study.ways.classifiers import Moments


class Site(NamedTuple):
    """One site.

    Attributes:
      name: what it is called in tables.
      train: its training images, with classes of the whole set, of which some may be absent.
      moments: the mean and the standard deviation of its own images.
    """

    name: str
    train: data.Split
    moments: Moments


def make_sites(
    dataset: data.Dataset, places: np.ndarray, *, names: Sequence[str] | None = None
) -> list[Site]:
    """Gives each site its training images.

    Args:
      dataset: the whole set. After ``normalize(fixed)``, all sites have the moments given there.
      places: int ``[n]``, the site of each training image in ``0 … k-1``.
      names: of the sites; ``None`` for 1, 2, 3 and so on.

    Returns:
      The sites.

    Raises:
      UserError: if a site has no image.

    Example:
      >>> dataset = data.load("phantom")
      >>> sites = make_sites(dataset, np.arange(2000) % 2)
      >>> [(site.name, len(site.train)) for site in sites]
      [('1', 1000), ('2', 1000)]
    """
    found = []
    for number in range(int(places.max()) + 1):
        name = str(number + 1) if names is None else names[number]
        rows = np.flatnonzero(places == number)
        if not len(rows):
            raise UserError(f"site {name} has no training image")
        train = data.Split(dataset.train.images[rows], dataset.train.labels[rows])
        own = data.channel_stats(train.images)
        if dataset.has_fixed_moments:
            own = dataset.mean, dataset.std
        found.append(Site(name, train, Moments(*own)))
    return found


def pooled_moments(sites: Sequence[Site]) -> Moments:
    r"""Computes the moments of all images from those of the sites, without any image.

    With ``n_i`` images of mean ``μ_i`` and standard deviation ``σ_i`` at site ``i``, of ``n`` in
    all: ``μ = Σ n_i μ_i / n`` and ``σ² = Σ n_i (σ_i² + μ_i²) / n − μ²``. This is exact, because all
    images have as many pixels.

    Args:
      sites: the sites.

    Returns:
      The moments of the union, as ``data.channel_stats`` finds them to the rounding of float32.

    Example:
      >>> empty = data.Split(np.zeros((1, 2, 2, 1), np.uint8), np.zeros(1, int))
      >>> ends = [Moments(np.float32([m]), np.float32([0.1])) for m in (0.25, 0.75)]
      >>> pooled = pooled_moments([Site("a", empty, ends[0]), Site("b", empty, ends[1])])
      >>> float(pooled.mean[0]), round(float(pooled.std[0]), 6)
      (0.5, 0.269258)
    """
    sizes = np.array([len(site.train) for site in sites], np.float64)[:, None]
    means, stds = (
        np.array([getattr(site.moments, name) for site in sites], np.float64)
        for name in ("mean", "std")
    )
    shares = sizes / sizes.sum()
    mean = (shares * means).sum(axis=0)
    # Centred on the common mean, so that nothing cancels.
    variance = (shares * (stds**2 + (means - mean) ** 2)).sum(axis=0)
    return Moments(mean.astype(np.float32), np.sqrt(variance).astype(np.float32))


def moved(images: np.ndarray, before: Moments, after: Moments) -> np.ndarray:
    """Normalises images anew that were normalised by other moments.

    Args:
      images: float ``[n, h, w, c]``, normalised by ``before``.
      before: the moments of their site.
      after: the moments that the receiver uses.

    Returns:
      float32 ``[n, h, w, c]``, ``(images · std_before + mean_before − mean_after) / std_after``.

    Example:
      >>> one = Moments(np.float32([0.5]), np.float32([0.5]))
      >>> two = Moments(np.float32([0.0]), np.float32([0.25]))
      >>> float(moved(np.ones((1, 1, 1, 1)), one, two)[0, 0, 0, 0])
      4.0
    """
    pixels = np.asarray(images, np.float64) * before.std + before.mean
    return ((pixels - after.mean) / after.std).astype(np.float32)
