"""Brushes shared by the embedded sets: random parameters, a posed frame, soft shapes.

Everything is float64: one rounding to a grey level then hides differences between machines in
the last bit of an exponential, and the digest of the images is the same on all of them.
"""

import numpy as np


class Draw:
    """Random parameters, one of each an image, shaped to broadcast over its pixels.

    Attributes:
      rng: source of every random number.
      count: number of images.
    """

    def __init__(self, rng: np.random.Generator, count: int):
        """Draws for ``count`` images from ``rng``."""
        self.rng = rng
        self.count = count

    def uniform(self, low: float, high: float) -> np.ndarray:
        """Uniform numbers ``[n, 1, 1]`` in ``[low, high)``."""
        return low + (high - low) * self.rng.random((self.count, 1, 1))

    def normal(self, shape: tuple[int, ...]) -> np.ndarray:
        """Standard normal numbers of a shape."""
        return self.rng.standard_normal(shape)

    def frame(
        self, size: int, *, shift: float, zoom: tuple[float, float], turn: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Coordinates of every pixel in the frame of a subject at a random pose.

        Args:
          size: side length in pixels.
          shift: largest shift, in half image widths.
          zoom: smallest and largest magnification.
          turn: largest rotation in radians.

        Returns:
          ``(u, v)``, each ``[n, size, size]``: right and down, −1 to 1 across an unposed image.
        """
        axis = (np.arange(size) + 0.5) / size * 2 - 1
        x = axis[None, None, :] - self.uniform(-shift, shift)
        y = axis[None, :, None] - self.uniform(-shift, shift)
        angle, scale = self.uniform(-turn, turn), 1 / self.uniform(*zoom)
        cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
        return cos * x + sin * y, cos * y - sin * x


def bump(distance: np.ndarray) -> np.ndarray:
    """A Gaussian of unit height and width: ``exp(-distance²)``."""
    return np.exp(-(distance**2))


def step(inside: np.ndarray, softness: float) -> np.ndarray:
    """A soft step from 0 (``inside`` ≪ 0) to 1 (``inside`` ≫ 0)."""
    return 0.5 + 0.5 * np.tanh(inside / softness)


def disc(du: np.ndarray, dv: np.ndarray, radius: np.ndarray, softness: float) -> np.ndarray:
    """A soft disc: 1 inside the radius, 0 outside; ``softness`` in radii."""
    return step(1 - np.hypot(du, dv) / radius, softness)
