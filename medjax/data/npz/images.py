"""Arrays of images as people save them: the order of their axes, and what their values mean."""

import pathlib
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from medjax.data.prepare.colours import NEARLY_GREY, spread
from medjax.errors import UserError

_NEEDS = "needs (n, h, w), (n, h, w, 1) or (n, h, w, 3)"
_PIXELS_AT_ONCE = 2**20
_REAL = "biuf"
NEARLY_BLACK = 16
"""The greatest byte of images that look black."""


class Axes(NamedTuple):
    """What is unlike ``[n, h, w]`` and ``[n, h, w, c]``.

    Attributes:
      first: whether the channels stand before the height.
      alpha: whether the last channel can only be an alpha.
    """

    first: bool = False
    alpha: bool = False


def axes_of(what: str, shape: tuple[int, ...]) -> Axes:
    """Returns how an array of images is arranged, if its shape can mean one thing.

    Args:
      what: the array in messages.
      shape: its shape.

    Raises:
      UserError: for volumes, and for shapes that mean nothing or two things.

    Example:
      >>> axes_of("images", (60, 3, 28, 28)), axes_of("images", (60, 28, 28, 4))
      (Axes(first=True, alpha=False), Axes(first=False, alpha=True))
    """
    if len(shape) == 3:
        return Axes()
    if len(shape) not in (4, 5):
        raise UserError(f"{what} has shape {shape}; {_NEEDS}")
    first, last = shape[1], shape[-1]
    if len(shape) == 5 or (first > 4 and last > 4):
        raise UserError(
            f"{what} has shape {shape}, as volumes have; {_NEEDS}: give slices, as in "
            "images[:, images.shape[1] // 2]"
        )
    if last in (1, 3) and (first not in (1, 3) or first == last == 1):
        return Axes()
    if first in (1, 3) and last > 4:
        return Axes(first=True)
    if (last in (2, 4) and first > 4) or (first in (2, 4) and last > 4):
        return Axes(first=last > 4, alpha=True)
    raise UserError(
        f"{what} has shape {shape}, in which the first or last may be channels; {_NEEDS}"
    )


def arrange(what: str, images: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Returns images as ``[n, h, w, c]`` of one or three channels, and what was done to them.

    Args:
      what: the array in messages.
      images: ``[n, h, w]``, or with channels that are first or last; an alpha may be among them if
        it is the same everywhere.

    Returns:
      ``(images, notes)``: the images, and sentences about "its images", none if nothing was done.

    Raises:
      UserError: as ``axes_of``; for no images, or for two or four channels without an alpha.

    Example:
      >>> images, notes = arrange("images", np.zeros((2, 3, 8, 9)))
      >>> images.shape, notes
      ((2, 8, 9, 3), ['its images are read with their channels first'])
    """
    axes, notes = axes_of(what, images.shape), []
    if images.size == 0:
        raise UserError(f"{what} is empty (shape {images.shape}); needs at least one image")
    images = images[..., None] if images.ndim == 3 else images
    if axes.first:
        images = np.ascontiguousarray(np.moveaxis(images, 1, -1))
        notes.append("its images are read with their channels first")
    if axes.alpha:
        alpha = images[..., -1]
        if alpha.min() != alpha.max():
            raise UserError(
                f"{what} has {images.shape[-1]} channels, the last of which varies; {_NEEDS}: "
                "drop it if it is the alpha of colours, as in images[..., :-1]"
            )
        images = np.ascontiguousarray(images[..., :-1])
        notes.append("its images have an alpha, the same everywhere, which is dropped")
    return images, notes


def to_bytes(
    path: pathlib.Path, arrays: Mapping[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Returns the images of all splits as uint8, if their values can mean one thing.

    Args:
      path: the file in messages.
      arrays: images by name; all uint8, or else of any real dtypes and all in 0–1, or all whole
        numbers in 0–255.

    Returns:
      ``(arrays, notes)``, as ``arrange``.

    Raises:
      UserError: for other values.

    Example:
      >>> arrays, notes = to_bytes(pathlib.Path("a.npz"), {"train_images": np.ones((1, 2, 2, 1))})
      >>> int(arrays["train_images"].max()), notes
      (255, ['its images are float64 in 0–1, and are read as 0–255'])
    """
    other = {name: images for name, images in arrays.items() if images.dtype != np.uint8}
    if not other:
        return dict(arrays), []
    for name, images in other.items():
        check_real(f"{path}: {name}", images)
        if len(other) < len(arrays):
            alike = next(key for key in arrays if key not in other)
            raise UserError(
                f"{path}: {name} is {images.dtype.name}; needs uint8, 0–255, as {alike}"
            )
    ends = {name: (float(x.min()), float(x.max())) for name, x in other.items()}
    dtypes = ", ".join(dict.fromkeys(images.dtype.name for images in other.values()))
    if _within(ends, 1):
        scaled = {name: _scaled(images, 255) for name, images in other.items()}
        return scaled, [f"its images are {dtypes} in 0–1, and are read as 0–255"]
    if _within(ends, 255) and all(_whole(images) for images in other.values()):
        scaled = {name: _scaled(images, 1) for name, images in other.items()}
        return scaled, [f"its images are {dtypes}, and are read as uint8, 0–255"]
    name = next(name for name in ends if not _within({name: ends[name]}, 1))
    raise _unknown_range(f"{path}: {name} is {other[name].dtype.name}", *ends[name])


def check_real(what: str, images: np.ndarray) -> None:
    """Raises ``UserError`` for images that are not finite real numbers."""
    if images.dtype.kind not in _REAL:
        raise UserError(f"{what} is {images.dtype}; needs uint8, 0–255")
    with np.errstate(invalid="ignore"):
        ends = images.min(), images.max()  # NaN if any value is
    if np.isfinite(ends).all():
        return
    count = sum(int((~np.isfinite(part)).sum()) for part in parts(images))
    raise UserError(
        f"{what} holds {count} NaN or infinite pixels ({images.dtype.name}); replace them, as "
        "np.nan_to_num does"
    )


def is_grey(images: np.ndarray) -> bool:
    """Returns whether three channels are equal, or for bytes nearly equal, in every pixel.

    Example:
      >>> is_grey(np.full((1, 2, 2, 3), 7, np.uint8)), is_grey(np.zeros((1, 2, 2, 1), np.uint8))
      (True, False)
    """
    if images.shape[-1] != 3:
        return False
    exact = images.dtype != np.uint8
    wide = np.float64 if exact else np.uint8  # a difference of int16 may not be one
    return all(
        spread(part.astype(wide, copy=False)).max() <= (0 if exact else NEARLY_GREY)
        for part in parts(images)
    )


def is_dim(images: Iterable[np.ndarray]) -> bool:
    """Returns whether bytes are nearly black: nowhere above 16 of 255, but not all 0.

    Example:
      >>> is_dim([np.array([0, 1])]), is_dim([np.array([0, 0])]), is_dim([np.array([1, 17])])
      (True, False, False)
    """
    greatest = 0
    for some in images:
        greatest = max(greatest, int(some.max()))
        if greatest > NEARLY_BLACK:
            return False
    return greatest > 0


def parts(images: np.ndarray) -> Iterator[np.ndarray]:
    """Yields images a few at a time."""
    rows = max(_PIXELS_AT_ONCE // max(images[0].size, 1), 1)
    for start in range(0, len(images), rows):
        yield images[start : start + rows]


def _within(ends: Mapping[str, tuple[float, float]], white: int) -> bool:
    """Returns whether all values round to bytes."""
    half = white / 510
    return all(-half <= low and high <= white + half for low, high in ends.values())


def _whole(images: np.ndarray) -> bool:
    return images.dtype.kind != "f" or all((part == np.rint(part)).all() for part in parts(images))


def _scaled(images: np.ndarray, scale: int) -> np.ndarray:
    out, start = np.empty(images.shape, np.uint8), 0
    for part in parts(images):
        levels = np.rint(part.astype(np.float64) * scale)
        out[start : start + len(part)] = np.clip(levels, 0, 255)
        start += len(part)
    return out


def _unknown_range(found: str, low: float, high: float) -> UserError:
    width = (high - low) or 1
    window = f"window(center={(low + high) / 2:g}, width={width:g})"
    return UserError(
        f"{found} from {low:g} to {high:g}; needs uint8, 0–255, or floats in 0–1: rescale it to "
        f"0–1, or set black and white by data.prepare, as in {window} for the whole of it"
    )
