"""Tools shared by the embedded sets: random parameters, a posed frame, soft shapes.

All values are float64, so that rounding to grey levels hides differences between machines in the
last bit of an exponential: the digest of the images is the same on all machines.
"""

import numpy as np


class Draw:
    """Random parameters, one per image, shaped to broadcast over its pixels.

    Attributes:
      rng: random number generator.
      count: number of images.
    """

    def __init__(self, rng: np.random.Generator, count: int):
        """Prepares to draw parameters for ``count`` images."""
        self.rng = rng
        self.count = count

    def uniform(self, low: float, high: float) -> np.ndarray:
        """Draws uniform numbers ``[n, 1, 1]`` in ``[low, high)``."""
        return low + (high - low) * self.rng.random((self.count, 1, 1))

    def normal(self, shape: tuple[int, ...]) -> np.ndarray:
        """Draws standard normal numbers of a shape."""
        return self.rng.standard_normal(shape)

    def frame(
        self, size: int, *, shift: float, zoom: tuple[float, float], turn: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns the coordinates of every pixel in the frame of a randomly posed subject.

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
    """Returns a Gaussian of unit height and width: ``exp(-distance²)``."""
    return np.exp(-(distance**2))


def step(inside: np.ndarray, softness: float) -> np.ndarray:
    """Returns a soft step from 0 (``inside`` ≪ 0) to 1 (``inside`` ≫ 0)."""
    return 0.5 + 0.5 * np.tanh(inside / softness)


def disc(du: np.ndarray, dv: np.ndarray, radius: np.ndarray, softness: float) -> np.ndarray:
    """Returns a soft disc: 1 inside the radius, 0 outside; ``softness`` in radii."""
    return step(1 - np.hypot(du, dv) / radius, softness)
