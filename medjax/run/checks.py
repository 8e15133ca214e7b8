"""Checks of a run's data before anything is distilled."""

import math
from collections.abc import Mapping

from medjax import data
from medjax.errors import UserError

_FLOAT, _GIB = 4, 2**30


def check_whitened(splits: Mapping[str, data.Split], *, above: int) -> None:
    """Refuses to whiten images that would then exceed the memory for images.

    Args:
      splits: the splits by name, before whitening.
      above: bytes that the images of one split may take; whitened images cannot stream.

    Raises:
      UserError: for a split that would take more, with both sizes.
    """
    for name, split in splits.items():
        size = _FLOAT * math.prod(split.images.shape)
        if size > above:
            raise UserError(
                f"zca makes floats of pixels, which cannot stream: {name} would take "
                f"{size / _GIB:.3g} GiB of the {above / _GIB:.3g} GiB allowed; "
                "raise data.stream_above_gib, or resize to a smaller size before it"
            )


def check_scored(name: str, splits: Mapping[str, data.Split]) -> None:
    """Refuses splits on which no network can be scored.

    Args:
      name: name of the data set, for the message.
      splits: test and, if there is one, val.

    Raises:
      UserError: for a split whose images all have the same label.
    """
    for split, content in splits.items():
        found = content.labels if content.labels.ndim == 2 else content.labels[:, None]
        if not (found.min(axis=0) < found.max(axis=0)).any():
            raise UserError(
                f"{name} has nothing to tell apart in {split}: all its images have the same label"
            )
