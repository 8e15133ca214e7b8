"""ZCA whitening, in each of the three definitions in use."""

import dataclasses
from collections.abc import Iterator
from typing import ClassVar, NamedTuple

import numpy as np

from medjax.data.normalize import channel_stats
from medjax.errors import UserError, unknown

_CHUNK_ROWS = 4096
_MOST_PIXELS = 4096  # rows and columns of a matrix that is stored in the shared file


class _Definition(NamedTuple):
    standardised: bool  # channels are normalised first
    unbiased: bool  # the covariance is divided by n − 1 instead of n
    epsilon: float  # added to every eigenvalue
    relative: bool  # epsilon is in units of the mean eigenvalue
    ranked: bool  # directions beyond the number of images stay as they are


_DEFINITIONS = {
    "mtt": _Definition(False, True, 0.1, False, False),
    "frepo": _Definition(True, False, 0.1, True, True),
    "ddranking": _Definition(False, True, 1e-6, False, False),
}

ZCA = ("none", *_DEFINITIONS)
"""Names of whitening: ``none``, ``mtt`` (kornia's with epsilon 0.1), ``frepo``, and ``ddranking``
(kornia's with its default, 1e-6)."""


@dataclasses.dataclass(frozen=True)
class Zca:
    """The last step of a preparation: whitening of whole images, fitted to the training images.

    Attributes:
      definition: one of ``data.ZCA``, see ``data.fit_whitening``.
    """

    name: ClassVar[str] = "zca"
    definition: str

    def __post_init__(self):
        if self.definition not in _DEFINITIONS:
            raise unknown("zca", self.definition, ZCA[1:])


class Whitening(NamedTuple):
    """A linear map of whole images: ``whitened = (pixels − mean) @ matrix``.

    Attributes:
      zca: the name of its definition.
      mean: float32 ``[d]``, the mean training image in pixel units (0–1).
      matrix: float32 ``[d, d]``.
      inverse: float32 ``[d, d]``; None in a map read from a file, which only whitens.
    """

    zca: str
    mean: np.ndarray
    matrix: np.ndarray
    inverse: np.ndarray | None = None

    def whiten(self, images: np.ndarray) -> np.ndarray:
        """Whitens images ``[n, h, w, c]``, uint8 (0–255) or floating (0–1), to float32."""
        whitened = np.empty((len(images), len(self.mean)), np.float32)
        for number, part in enumerate(_flat_parts(images)):
            start = number * _CHUNK_ROWS
            whitened[start : start + _CHUNK_ROWS] = (part - self.mean) @ self.matrix
        return whitened.reshape(images.shape)

    def unwhiten(self, images: np.ndarray) -> np.ndarray:
        """Inverts ``whiten``: float ``[n, h, w, c]`` to float32 pixels, 0–1 and unclipped."""
        images = np.asarray(images, np.float32)
        flat = images.reshape(len(images), -1).astype(np.float64)
        return (flat @ self.inverse + self.mean).astype(np.float32).reshape(images.shape)


def fit_whitening(images: np.ndarray, *, zca: str) -> Whitening:
    """Fits a whitening to training images.

    The covariance of the flattened images (for ``frepo``, of images whose channels have mean 0 and
    standard deviation 1) is ``Σ = U diag(s) Uᵀ``, and ``matrix = U diag(s + ε)^{-½} Uᵀ``, where
    ``ε`` is 0.1 for ``mtt``, 0.1 times the mean of ``s`` for ``frepo``, and 1e-6 for
    ``ddranking``. ``frepo`` leaves directions beyond the ``n`` largest ``s``, which ``n`` images
    cannot span, at 1.

    Args:
      images: uint8 ``[n, h, w, c]``, 0–255, at least two, of the training split only.
      zca: ``mtt``, ``frepo`` or ``ddranking``.

    Returns:
      The whitening.

    Raises:
      UserError: for an unknown name, or images of more than 4,096 numbers.

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
        limit = f"at most {_MOST_PIXELS} numbers per image"
        raise UserError(f"zca takes {limit}, got {pixels}; add resize(size) before it")
    how = _DEFINITIONS[zca]
    if how.standardised:
        mean, std = (np.resize(stat, pixels).astype(np.float64) for stat in channel_stats(images))
    else:
        sums = (part.sum(0) for part in _flat_parts(images))
        mean, std = sum(sums) / number, np.ones(pixels)
    moments = np.zeros((pixels, pixels))
    for part in _flat_parts(images):
        centred = (part - mean) / std
        moments += centred.T @ centred
    values, vectors = np.linalg.eigh(moments / max(number - how.unbiased, 1))
    values = np.maximum(values, 0)
    values = values + how.epsilon * (values.mean() if how.relative else 1)
    if how.ranked and number < pixels:
        values[: pixels - number] = 1  # in ascending order
    matrix = (vectors / np.sqrt(values)) @ vectors.T / std[:, None]
    inverse = (vectors * np.sqrt(values)) @ vectors.T * std
    return Whitening(zca, *(x.astype(np.float32) for x in (mean, matrix, inverse)))


def _flat_parts(images: np.ndarray) -> Iterator[np.ndarray]:
    """Yields pixels in 0–1, float64 ``[rows, d]``, for a number of images at a time."""
    for start in range(0, len(images), _CHUNK_ROWS):
        part = np.asarray(images[start : start + _CHUNK_ROWS])
        flat = part.reshape(len(part), -1).astype(np.float64)
        yield flat / 255 if part.dtype == np.uint8 else flat
