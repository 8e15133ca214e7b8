"""Accumulates sizes, dtypes and intensities, one image at a time."""

import collections
from typing import Any, NamedTuple

import numpy as np

INTENSITY = ("least", "greatest", "mean", "std")
"""The statistics reported for pixel values."""


class Measured(NamedTuple):
    """Statistics of one image.

    Attributes:
      size: shape of the whole image, as in ``512×512`` or ``28×28×3``.
      dtype: type of its values.
      count: number of values measured.
      least: the smallest value.
      greatest: the largest value.
      first: sum of the values.
      second: sum of their squares.
    """

    size: str
    dtype: str
    count: int
    least: float
    greatest: float
    first: float
    second: float


def measure(image: np.ndarray, *, inside: np.ndarray | None = None) -> Measured:
    """Measures an image of any shape and real dtype, for ``Tally.add``.

    Only the values ``inside``, without padding, count; None, or an empty array, for all values.

    Example:
      >>> measure(np.array([[1, 3]], np.uint8))[:5]
      ('1×2', 'uint8', 2, 1.0, 3.0)
    """
    values = np.ravel(image if inside is None or not inside.size else inside)
    return Measured(
        "×".join(map(str, np.shape(image))),
        str(np.asarray(image).dtype),
        values.size,
        float(values.min()),
        float(values.max()),
        float(values.sum(dtype=np.float64)),
        float(np.einsum("i,i->", values, values, dtype=np.float64)),  # avoids a float64 copy
    )


class Tally:
    """Running statistics of many images, in constant memory.

    Attributes:
      images: number of images added.
    """

    def __init__(self) -> None:
        """Starts with no images."""
        self.images = 0
        self._sizes, self._dtypes = collections.Counter(), collections.Counter()
        self._count, self._first, self._second = 0, 0.0, 0.0
        self._least, self._greatest = np.inf, -np.inf

    def add(self, measured: Measured) -> None:
        """Adds the statistics of an image."""
        self.images += 1
        self._sizes[measured.size] += 1
        self._dtypes[measured.dtype] += 1
        self._count += measured.count
        self._first, self._second = self._first + measured.first, self._second + measured.second
        self._least = min(self._least, measured.least)
        self._greatest = max(self._greatest, measured.greatest)

    def asdict(self) -> dict[str, Any]:
        """Returns ``images``, ``sizes``, ``dtypes`` and ``intensity``, ready for JSON.

        Sizes and dtypes are counted, the most frequent first. Intensity covers all values of all
        images; it is missing if there are none.
        """
        counts = {"sizes": self._sizes, "dtypes": self._dtypes}
        found = {name: dict(counter.most_common()) for name, counter in counts.items()}
        found = {"images": self.images, **found}
        if not self._count:
            return found
        mean = self._first / self._count
        std = max(self._second / self._count - mean**2, 0) ** 0.5
        statistics = (float(self._least), float(self._greatest), mean, std)
        return found | {"intensity": dict(zip(INTENSITY, statistics, strict=True))}
