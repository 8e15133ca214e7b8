"""Steps of a preparation on pictures as they were decoded: at their own size, depth and units."""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from medjax.data.pictures import decoding
from medjax.data.pictures.picture import Picture
from medjax.data.prepare import steps
from medjax.data.prepare.preparation import Preparation
from medjax.errors import UserError

# These say themselves what is black and what is white, in the units of the file.
_OF_VALUES = (steps.Window, steps.PercentileClip)
_COLOURS = (steps.Grayscale, steps.Rgb)


def sets_channels(preparation: Preparation) -> bool:
    """Whether a step makes pictures grey or RGB."""
    return any(isinstance(step, _COLOURS) for step in preparation.steps)


def complete(preparation: Preparation, *, size: int, channels: int | None, fit: str) -> Preparation:
    """A preparation after which all pictures of a set have one shape.

    Args:
      preparation: its steps are kept.
      size: side length in pixels, where no step resizes.
      channels: 1 or 3, where no step sets them; else None will do.
      fit: one of ``steps.FITS``.

    Returns:
      The preparation with ``grayscale`` or ``rgb``, and ``resize``, at its end if it has none.

    Raises:
      UserError: if ``window`` or ``percentile_clip`` is not the first step: what comes before them
        would see 0–1 in some files and bytes in others.

    Example:
      >>> from medjax.data.prepare.preparation import parse_preparation
      >>> given = parse_preparation("window(40, 400)")
      >>> print(complete(given, size=64, channels=1, fit="pad").listed()[1:3])
      ['grayscale', 'resize(size=64, keep_aspect=pad)']
    """
    for step in preparation.steps[1:]:
        if isinstance(step, _OF_VALUES):
            raise UserError(
                f"{step.name} must be the first step for folders, DICOM files and TFDS, whose "
                f"values it sees; got {'|'.join(preparation.listed())}"
            )
    more = list(preparation.steps)
    if not sets_channels(preparation):
        more.append(steps.Rgb() if channels == 3 else steps.Grayscale())
    if not any(isinstance(step, steps.Resize) for step in more):
        more.append(steps.Resize(size, fit))
    return dataclasses.replace(preparation, steps=tuple(more))


def fit(
    preparation: Preparation, sources: Sequence[decoding.Source], *, threads: int
) -> Preparation:
    """Finds in training pictures what the steps need of them; decodes them if one needs any.

    Args:
      preparation: with a step at least.
      sources: of the training split; those that cannot be read have no say.
      threads: as for ``decoding.decode_all``.

    Returns:
      The preparation, ready to be applied.

    Raises:
      UserError: as ``Preparation.fit``.
    """
    return preparation.fit(_Decoded(sources, threads))


def prepare_picture(preparation: Preparation, picture: Picture) -> np.ndarray:
    """Takes one picture through the steps.

    Args:
      preparation: fitted.
      picture: as it was decoded. A first step ``window`` or ``percentile_clip`` sees its values, in
        place of the file's own window or look-up table; any other step sees what is shown, from
        black to white as 0–1, or bytes as they are. Padding is black, and has no say.

    Returns:
      uint8 ``[h, w, c]``.

    Raises:
      UserError: as ``Preparation.apply``.

    Example:
      >>> from medjax.data.prepare.preparation import parse_preparation
      >>> scan = Picture(np.array([[-160, 240]], np.int16), black=-1000, white=3000)
      >>> prepare_picture(parse_preparation("window(40, 400)"), scan)[0, :, 0].tolist()
      [0, 255]
      >>> prepare_picture(parse_preparation("grayscale"), scan)[0, :, 0].tolist()
      [54, 79]
    """
    first, *rest = preparation.steps
    if not isinstance(first, _OF_VALUES):
        return preparation.apply([picture.shown()])[0]
    values, inside = picture.raw(), picture.inside()
    limits = first.limits(inside if inside.size else values)
    shown = picture.finish(steps.between(values, *limits))
    return dataclasses.replace(preparation, steps=tuple(rest)).apply([shown])[0]


@dataclasses.dataclass(frozen=True)
class _Decoded:
    """The values of pictures, padding aside, decoded anew each time they are gone through."""

    sources: Sequence[decoding.Source]
    threads: int

    def __iter__(self) -> Iterator[np.ndarray]:
        for result in decoding.decode_all(self.sources, threads=self.threads):
            if not isinstance(result, decoding.Unreadable):
                seen = (picture.inside() for picture in result)
                yield from (values[None] for values in seen if values.size)
