"""ZCA whitening, in each of the definitions that the field calls by that name."""

from typing import NamedTuple

import numpy as np

from medjax.data.dataset import Dataset, Split
from medjax.data.normalize import channel_stats
from medjax.errors import UserError, unknown

_CHUNK_ROWS = 4096
# A matrix of as many rows and columns is kept, and goes into the shared file.
_MOST_PIXELS = 4096


class _Definition(NamedTuple):
    """What tells one ZCA from another.

    Attributes:
      standardised: whether channels are normalised first.
      unbiased: whether the covariance is divided by n − 1 instead of n.
      epsilon: what is added to every eigenvalue.
      relative: whether that is in units of their mean.
      ranked: whether directions beyond the number of images are left as they are.
    """

    standardised: bool
    unbiased: bool
    epsilon: float
    relative: bool
    ranked: bool


_DEFINITIONS = {
    "mtt": _Definition(False, True, 0.1, False, False),
    "frepo": _Definition(True, False, 0.1, True, True),
    "ddranking": _Definition(False, True, 1e-6, False, False),
}

ZCA = ("none", *_DEFINITIONS)
"""The names of preprocessing: ``mtt`` (kornia's, with 0.1), ``frepo``, ``ddranking`` (kornia's own
default, 1e-6)."""


class Whitening(NamedTuple):
    """A linear map of whole images: ``whitened = (pixels − mean) @ matrix``.

    Attributes:
      zca: the name of its definition.
      mean: float32 ``[d]``, of the training images, in pixel units (0–1).
      matrix: float32 ``[d, d]``.
      inverse: float32 ``[d, d]``; ``None`` in one that only ever whitens, read from a file.
    """

    zca: str
    mean: np.ndarray
    matrix: np.ndarray
    inverse: np.ndarray | None = None

    def whiten(self, images: np.ndarray) -> np.ndarray:
        """Pixels to whitened images.

        Args:
          images: ``[n, h, w, c]``; uint8 (0–255) or floating (0–1).

        Returns:
          Float32 ``[n, h, w, c]``.
        """
        whitened = np.empty(images.shape, np.float32)
        for start in range(0, len(images), _CHUNK_ROWS):
            rows = slice(start, start + _CHUNK_ROWS)
            flat = (_flat(images[rows]) - self.mean) @ self.matrix
            whitened[rows] = flat.reshape(whitened[rows].shape)
        return whitened

    def unwhiten(self, images: np.ndarray) -> np.ndarray:
        """Whitened images to pixels, 0–1 nominal and never clipped: the inverse of ``whiten``.

        Args:
          images: float ``[n, h, w, c]``.

        Returns:
          Float32 ``[n, h, w, c]``.
        """
        images = np.asarray(images, np.float32)
        flat = images.reshape(len(images), -1).astype(np.float64)
        return (flat @ self.inverse + self.mean).astype(np.float32).reshape(images.shape)

    def whiten_all(self, dataset: Dataset) -> Dataset:
        """Every split of a data set.

        Args:
          dataset: splits in pixel units, in memory.

        Returns:
          It with float32 images, ``mean`` 0 and ``std`` 1.
        """
        splits = (dataset.train, dataset.val, dataset.test)
        splits = [s if s is None else Split(self.whiten(s.images), s.labels) for s in splits]
        channels = np.zeros_like(dataset.mean), np.ones_like(dataset.std)
        return Dataset(dataset.info, *splits, *channels, dataset.preparation)


def fit_whitening(images: np.ndarray, *, zca: str) -> Whitening:
    """Fits a whitening to training images.

    With the covariance ``Σ = U diag(s) Uᵀ`` of the flattened images (for ``frepo``: of images whose
    channels have mean 0 and deviation 1), ``matrix = U diag(s + ε)^{-½} Uᵀ``: ``ε = 0.1`` for
    ``mtt``, 0.1 times the mean of ``s`` for ``frepo``, 1e-6 for ``ddranking``. ``frepo`` leaves
    directions that ``n`` images cannot span, beyond the ``n`` largest ``s``, at 1.

    Args:
      images: uint8 ``[n, h, w, c]``, 0–255, two at least; of the training split alone.
      zca: ``mtt``, ``frepo`` or ``ddranking``.

    Returns:
      The whitening.

    Raises:
      UserError: for another name, or for images too large.

    Example:
      >>> images = np.random.default_rng(0).integers(0, 255, (50, 2, 2, 1), np.uint8)
      >>> fitted = fit_whitening(images, zca="mtt")
      >>> both = fitted.matrix @ fitted.inverse
      >>> both.shape, bool(np.allclose(both, np.eye(4), atol=1e-5))
      ((4, 4), True)

    Nguyen et al., "Dataset Distillation with Infinitely Wide Convolutional Networks", NeurIPS 2021.
    """
    if zca not in _DEFINITIONS:
        raise unknown("zca", zca, ZCA)
    number, pixels = len(images), int(np.prod(images.shape[1:]))
    if pixels > _MOST_PIXELS:
        raise UserError(
            f"zca of images of {pixels} numbers would need a matrix of {pixels}²; "
            f"at most {_MOST_PIXELS}; resize to a smaller size before it"
        )
    how = _DEFINITIONS[zca]
    if how.standardised:
        mean, std = (np.resize(stat, pixels).astype(np.float64) for stat in channel_stats(images))
    else:
        sums = (_flat(part).sum(0) for part in _parts(images))
        mean, std = sum(sums) / number, np.ones(pixels)
    moments = np.zeros((pixels, pixels))
    for part in _parts(images):
        centred = (_flat(part) - mean) / std
        moments += centred.T @ centred
    values, vectors = np.linalg.eigh(moments / max(number - how.unbiased, 1))
    values = np.maximum(values, 0)
    values = values + how.epsilon * (values.mean() if how.relative else 1)
    if how.ranked and number < pixels:
        values[: pixels - number] = 1  # in ascending order
    matrix = (vectors / np.sqrt(values)) @ vectors.T / std[:, None]
    inverse = (vectors * np.sqrt(values)) @ vectors.T * std
    return Whitening(zca, *(x.astype(np.float32) for x in (mean, matrix, inverse)))


def whiten(dataset: Dataset, *, zca: str) -> tuple[Dataset, Whitening | None]:
    """Whitens every split of a data set by its training split.

    Args:
      dataset: uint8 splits.
      zca: one of ``data.ZCA``; ``none`` leaves everything as it is.

    Returns:
      ``(dataset, whitening)``: with float32 images, ``mean`` 0 and ``std`` 1, and the map.

    Raises:
      UserError: as ``fit_whitening``, or for images that stream from disk.

    Example:
      >>> from medjax import data
      >>> whitened, fitted = whiten(data.load("phantom"), zca="none")
      >>> fitted is None
      True
    """
    if zca == "none":
        return dataset, None
    splits = (dataset.train, dataset.val, dataset.test)
    if any(s is not None and isinstance(s.images, np.memmap) for s in splits):
        raise UserError("zca needs images in memory: raise data.stream_above_gib")
    fitted = fit_whitening(dataset.train.images, zca=zca)
    return fitted.whiten_all(dataset), fitted


def _flat(images: np.ndarray) -> np.ndarray:
    """Pixels in 0–1, float64 ``[n, d]``."""
    flat = np.asarray(images).reshape(len(images), -1).astype(np.float64)
    return flat / 255 if np.asarray(images).dtype == np.uint8 else flat


def _parts(images: np.ndarray):
    return (images[start : start + _CHUNK_ROWS] for start in range(0, len(images), _CHUNK_ROWS))
