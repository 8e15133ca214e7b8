"""A preparation: the steps applied to images between decoding and learning, in order.

Its text, such as ``window(center=40, width=400)|resize(64)|clahe|rgb``, includes what the steps
found in the training images, and so prepares anybody's images in the same way.
"""

import dataclasses
import math
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from medjax.data.prepare.windowing import in_pixel_units
from medjax.data.prepare.zca_whitening import Zca
from medjax.errors import UserError, unknown

_MODES = ("per_channel", "fixed")
_Images = Sequence[np.ndarray] | np.ndarray


@dataclasses.dataclass(frozen=True)
class Normalize:
    """The last step of a preparation: ``(pixel - mean) / std`` in each channel.

    Attributes:
      mode: ``per_channel``: mean and standard deviation of the training images; ``fixed``: given.
      mean: one value for each channel or one for all, in pixel units (0–1).
      std: as many values as ``mean``, positive.
    """

    name: ClassVar[str] = "normalize"
    mode: str = "per_channel"
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    def __post_init__(self):
        if self.mode not in _MODES:
            raise unknown("mode of normalize", self.mode, _MODES)
        if (self.mode == "fixed") != (bool(self.mean) and len(self.mean) == len(self.std)):
            raise UserError(
                "normalize(fixed) needs as many means as stds; normalize(per_channel) takes neither"
            )
        if not all(0 < std < math.inf for std in self.std):
            raise UserError(f"normalize needs a std above 0, got {self.std}")


@dataclasses.dataclass(frozen=True)
class Preparation:
    """A list of steps.

    Attributes:
      steps: the steps applied to each image, in order.
      last: how networks receive the images: ``Normalize`` or ``Zca``.
    """

    steps: tuple[Any, ...] = ()
    last: Normalize | Zca = dataclasses.field(default_factory=Normalize)

    @property
    def zca(self) -> str:
        """The name of the whitening, one of ``data.ZCA``."""
        return self.last.definition if isinstance(self.last, Zca) else "none"

    def fit(self, images: _Images) -> "Preparation":
        """Fits steps such as ``percentile_clip`` to training images.

        A step sees the images after the steps before it. A step that is already fitted stays as is.

        Args:
          images: the training images only, in a form that ``apply`` accepts.

        Returns:
          The fitted preparation.

        Raises:
          UserError: for the same reasons as ``apply``.
        """
        fitted = Preparation((), self.last)
        for step in self.steps:
            if getattr(step, "needs_images", False):
                step = step.fit(fitted.walk(images))
            fitted = dataclasses.replace(fitted, steps=(*fitted.steps, step))
        return fitted

    def apply(self, images: _Images) -> np.ndarray:
        """Applies all steps but the last.

        Args:
          images: an array ``[n, h, w]`` or ``[n, h, w, c]``, or images ``[h, w]`` or ``[h, w, c]``
            of differing sizes, of any real dtype.

        Returns:
          uint8 ``[n, h, w, c]``, 0–255, with one or three channels.

        Raises:
          UserError: for images that a step does not accept, or whose shapes differ or whose values
            are not in pixel units after the steps.
        """
        shaped = isinstance(images, np.ndarray) and images.ndim == 4
        if shaped and not self.steps and images.dtype == np.uint8:
            return images
        prepared = []
        for number, image in enumerate(self.walk(images)):
            prepared.append(_bytes(image, number))
            if image.shape != (first := prepared[0].shape):
                found = f"{list(image.shape)} when prepared, but the first is {list(first)}"
                raise UserError(
                    f"image {number} is {found}; add resize(size), and grayscale or rgb"
                )
        if not prepared:
            raise UserError("there are no images to prepare")
        if (channels := prepared[0].shape[-1]) not in (1, 3):
            raise UserError(f"images have {channels} channels when prepared, not 1 or 3")
        return np.stack(prepared)

    def walk(self, images: _Images) -> Iterator[np.ndarray]:
        """Applies the steps to one image at a time; it accepts the images that ``apply`` accepts.

        Yields:
          ``[h, w, c]``, in the dtype and range of the last step applied.
        """
        for number, image in enumerate(images):
            image = np.asarray(image)
            image = image[..., None] if image.ndim == 2 else image
            if image.ndim != 3 or not image.size:
                raise UserError(f"image {number} must be [h, w] or [h, w, c], got {image.shape}")
            for step in self.steps:
                try:
                    image = step(image)
                except UserError as error:
                    raise UserError(f"{step.name} of image {number}: {error}") from error
            yield image

    def listed(self) -> list[str]:
        """Returns each step as text with all its arguments, in order.

        Example:
          >>> from medjax.data import parse_preparation
          >>> parse_preparation("resize(64)|rgb").listed()
          ['resize(size=64, keep_aspect=pad)', 'rgb', 'normalize(mode=per_channel)']
        """
        return [_text(step) for step in (*self.steps, self.last)]

    def __str__(self) -> str:
        """Returns the text that ``parse_preparation`` reads."""
        return "|".join(self.listed())


def _bytes(image: np.ndarray, number: int) -> np.ndarray:
    """Returns an image in pixel units as uint8."""
    if image.dtype == np.uint8:
        return image
    try:
        return np.rint(in_pixel_units(image) * 255).astype(np.uint8)
    except UserError as error:
        raise UserError(f"image {number} when prepared: {error}") from error


def _text(step: Any) -> str:
    values = {f.name: getattr(step, f.name) for f in dataclasses.fields(step)}
    arguments = ", ".join(f"{name}={value}" for name, value in values.items() if value != ())
    return f"{step.name}({arguments})" if arguments else step.name
