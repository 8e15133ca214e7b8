"""Prepares raw pictures: decoded ones, at their own size, depth and units."""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from medjax.data.pictures import decoding
from medjax.data.pictures.picture import Picture
from medjax.data.prepare.channels import Grayscale, Rgb
from medjax.data.prepare.depth import Depth
from medjax.data.prepare.given_steps import FIRST, OF_VALUES, sets_channels
from medjax.data.prepare.preparation import Preparation
from medjax.data.prepare.resizing import Resize
from medjax.data.prepare.windowing import between
from medjax.errors import UserError


def complete(
    preparation: Preparation, *, size: int, channels: int | None, fit: str, bits: int | None = None
) -> Preparation:
    """Adds the steps that a preparation lacks to give all pictures of a set one shape and depth.

    Args:
      preparation: the steps that come first.
      size: side length in pixels, used if no step resizes.
      channels: 1 or 3, used if no step sets the channels; otherwise it may be None.
      fit: one of ``resizing.FITS``.
      bits: how many bits values of 16 bits use; None or 16 to leave them as they are.

    Raises:
      UserError: if ``window``, ``percentile_clip`` or ``depth`` is not the first step, because
        steps before it would see 0–1 in some files and bytes in others.

    Example:
      >>> from medjax.data import parse_preparation
      >>> given = parse_preparation("window(40, 400)")
      >>> print(complete(given, size=64, channels=1, fit="pad").listed()[1:3])
      ['grayscale', 'resize(size=64, keep_aspect=pad)']
    """
    for step in preparation.steps[1:]:
        if isinstance(step, FIRST):
            where = "the first step for folders, DICOM files and TFDS, whose raw values it sees"
            raise UserError(f"{step.name} must be {where}; got {preparation}")
    more = [*([Depth(bits)] if bits and bits < 16 else []), *preparation.steps]
    if not sets_channels(preparation):
        more.append(Rgb() if channels == 3 else Grayscale())
    if not any(isinstance(step, Resize) for step in more):
        more.append(Resize(size, fit))
    return dataclasses.replace(preparation, steps=tuple(more))


def fit(
    preparation: Preparation, sources: Sequence[decoding.Source], *, threads: int
) -> Preparation:
    """Fits a preparation to training pictures, which are decoded only if a step needs them.

    Unreadable files are ignored. It raises what ``Preparation.fit`` raises.
    """
    return preparation.fit(_Decoded(sources, threads))


def prepare_picture(preparation: Preparation, picture: Picture) -> np.ndarray:
    """Applies the steps to one picture.

    Args:
      preparation: a fitted preparation.
      picture: the decoded picture. If the first step is ``window`` or ``percentile_clip``, it sees
        raw values and replaces the file's own window or look-up table. ``depth`` sets the white of
        pictures of unknown depth. Any other step sees the picture as shown: black to white as 0–1,
        or bytes as is. Padding is black and ignored.

    Returns:
      uint8 ``[h, w, c]``.

    Raises:
      UserError: for the same reasons as ``Preparation.apply``.

    Example:
      >>> from medjax.data import parse_preparation
      >>> scan = Picture(np.array([[-160, 240]], np.int16), black=-1000, white=3000)
      >>> prepare_picture(parse_preparation("window(40, 400)"), scan)[0, :, 0].tolist()
      [0, 255]
      >>> prepare_picture(parse_preparation("grayscale"), scan)[0, :, 0].tolist()
      [54, 79]
    """
    first, *rest = preparation.steps
    if isinstance(first, Depth) and picture.depth_unknown:
        picture = picture._replace(white=first.white)
    if not isinstance(first, OF_VALUES):
        return preparation.apply([picture.shown()])[0]
    values, inside = picture.raw(), picture.inside()
    limits = first.limits(inside if inside.size else values)
    shown = picture.finish(between(values, *limits))
    return dataclasses.replace(preparation, steps=tuple(rest)).apply([shown])[0]


@dataclasses.dataclass(frozen=True)
class _Decoded:
    """The values of pictures without padding, decoded again in each iteration."""

    sources: Sequence[decoding.Source]
    threads: int

    def __iter__(self) -> Iterator[np.ndarray]:
        for result in decoding.decode_all(self.sources, threads=self.threads):
            if not isinstance(result, decoding.Unreadable):
                seen = (picture.inside() for picture in result)
                yield from (values[None] for values in seen if values.size)
