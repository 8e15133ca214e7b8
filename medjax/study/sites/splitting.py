"""Cuts the training images of a set into those of several sites, which differ as asked."""

import jax
import numpy as np

from medjax import data
from medjax.errors import UserError
from medjax.types import PRNGKey

_LEAST = 10
_ATTEMPTS = 1000
_IMAGES_PER_PIECE = 4096


def iid(key: PRNGKey, labels: np.ndarray, *, sites: int) -> np.ndarray:
    """Gives every site as many images, drawn uniformly from all.

    Args:
      key: PRNG key.
      labels: int ``[n]``.
      sites: the number of sites, at least 1 and at most ``n``.

    Returns:
      int32 ``[n]``, the site of each image in ``0 … sites - 1``. Sizes differ by one at most.

    Raises:
      UserError: if there are fewer images than sites, or no site.

    Example:
      >>> places = iid(jax.random.key(0), np.zeros(5, int), sites=2)
      >>> np.bincount(places).tolist()
      [3, 2]
    """
    check_sites(len(labels), sites)
    places = np.empty(len(labels), np.int32)
    for site, rows in enumerate(np.array_split(_generator(key).permutation(len(labels)), sites)):
        places[rows] = site
    return places


def label_skew(
    key: PRNGKey, labels: np.ndarray, *, sites: int, beta: float, least: int = _LEAST
) -> np.ndarray:
    r"""Divides each class among the sites by shares from a Dirichlet distribution.

    For one class after the other, shares ``q ~ Dir(β, …, β)`` over the sites are drawn. A site that
    already has ``n / sites`` images gets none of the class, and the other shares are scaled to a
    sum of 1. A small ``β`` leaves a class to few sites; shares become equal as ``β`` grows. The
    split is drawn again until every site has ``least`` images. With 5 sites, ``β = 0.6`` and
    ``least = 10`` it is the split of FedISCA.

    Args:
      key: PRNG key.
      labels: int ``[n]`` in ``0 … C-1``.
      sites: the number of sites, at least 1.
      beta: concentration of the Dirichlet distribution, positive.
      least: images of the smallest site.

    Returns:
      int32 ``[n]``, the site of each image in ``0 … sites - 1``. A site may lack classes.

    Raises:
      UserError: if ``beta`` is not positive, or a thousand draws give no split with ``least``
        images everywhere.

    Example:
      >>> labels = np.repeat([0, 1], 500)
      >>> places = label_skew(jax.random.key(0), labels, sites=2, beta=1e6)
      >>> shares = [np.mean(places[labels == c] == 0) for c in (0, 1)]
      >>> np.allclose(shares, 0.5, atol=0.01)
      True

    Kang et al., "One-shot Federated Learning on Medical Data using Knowledge Distillation with
    Image Synthesis and Client Model Adaptation", MICCAI 2023. Hsu, Qi and Brown, "Measuring the
    Effects of Non-Identical Data Distribution for Federated Visual Classification", 2019, draw the
    classes of each site instead.
    """
    check_sites(len(labels), sites)
    if not (np.isfinite(beta) and beta > 0):
        raise UserError(f"beta must be a positive number, got {beta}")
    rng, classes = _generator(key), data.class_indices(labels, num_classes=int(labels.max()) + 1)
    for _ in range(_ATTEMPTS):
        places = _by_shares(rng, classes, len(labels), sites, beta)
        if np.bincount(places, minlength=sites).min() >= least:
            return places
    raise UserError(
        f"{len(labels)} images give {sites} sites no split with beta={beta} in which each has "
        f"{least} images: use fewer sites or a larger beta"
    )


def by_statistics(images: np.ndarray, labels: np.ndarray, *, sites: int) -> np.ndarray:
    r"""Sorts the images of each class by brightness and contrast, and cuts them into equal parts.

    Image ``i`` has the mean ``m_i`` of its pixels and their standard deviation ``s_i``. Over all
    images, ``z(m)`` and ``z(s)`` are these minus their mean, divided by their standard deviation.
    The score ``u_i = z(m_i) + r z(s_i)``, where ``r`` is the sign of their correlation, is the
    first principal component of the two. In each class, the image of rank ``0 ≤ t < n_c`` by ``u``
    goes to site ``⌊t · sites / n_c⌋``. So sites differ in exposure as scanners may, and
    have equal shares of the classes. Real scanners overlap; these sites do not.

    Args:
      images: uint8 ``[n, h, w, c]``.
      labels: int ``[n]`` in ``0 … C-1``.
      sites: the number of sites, at least 1.

    Returns:
      int32 ``[n]``, the site of each image in ``0 … sites - 1``, dark images in site 0. A class
      with fewer images than sites is absent from some.

    Raises:
      UserError: if a site gets no image.

    Example:
      >>> images = np.arange(4, dtype=np.uint8).reshape(4, 1, 1, 1)
      >>> by_statistics(images, np.array([0, 1, 0, 1]), sites=2).tolist()
      [0, 0, 1, 1]
    """
    check_sites(len(labels), sites)
    means, contrasts = _moments(images)
    (bright, sharp), sign = map(_standardised, (means, contrasts)), 1.0
    if np.mean(bright * sharp) < 0:
        sign = -1.0
    score, places = bright + sign * sharp, np.empty(len(labels), np.int32)
    for rows in data.class_indices(labels, num_classes=int(labels.max()) + 1):
        ranked = rows[np.argsort(score[rows], kind="stable")]
        places[ranked] = np.arange(len(rows)) * sites // max(len(rows), 1)
    if np.bincount(places, minlength=sites).min() == 0:
        raise UserError(f"no class has enough images for {sites} sites: use fewer sites")
    return places


def check_sites(images: int, sites: int) -> None:
    """Refuses a number of sites that so many images cannot have.

    Raises:
      UserError: for no site, or fewer images than sites.

    Example:
      >>> check_sites(10, 5)
    """
    if sites < 1:
        raise UserError(f"the number of sites must be at least 1, got {sites}")
    if images < sites:
        raise UserError(f"{images} images are too few for {sites} sites")


def _generator(key: PRNGKey) -> np.random.Generator:
    return np.random.default_rng(np.asarray(jax.random.key_data(key)))


def _by_shares(
    rng: np.random.Generator, classes: list[np.ndarray], count: int, sites: int, beta: float
) -> np.ndarray:
    places, sizes = np.empty(count, np.int32), np.zeros(sites, int)
    for rows in classes:
        has_room = sizes < count / sites
        shares = rng.dirichlet(np.full(sites, beta)) * has_room
        if not shares.sum() > 0:  # a tiny beta gives everything to a site without room
            shares = has_room.astype(float)
        cuts = np.floor(np.cumsum(shares / shares.sum()) * len(rows)).astype(int)[:-1]
        for site, part in enumerate(np.split(rng.permutation(rows), cuts)):
            places[part] = site
            sizes[site] += len(part)
    return places


def _moments(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the mean and the standard deviation of the pixels of each image."""
    found = []
    for start in range(0, len(images), _IMAGES_PER_PIECE):
        some = np.asarray(images[start : start + _IMAGES_PER_PIECE], np.float64)
        found.append([some.mean(axis=(1, 2, 3)), some.std(axis=(1, 2, 3))])
    means, contrasts = np.concatenate(found, axis=1)
    return means, contrasts


def _standardised(values: np.ndarray) -> np.ndarray:
    spread = values.std()
    return (values - values.mean()) / (spread if spread > 0 else 1.0)
