"""Turns stored values into the units of a modality."""

from typing import NamedTuple

import numpy as np

from medjax.data.pictures.dicom import header, lookup


class Values(NamedTuple):
    """Values in the units of a modality, and whether they may be negative."""

    pixels: np.ndarray
    signed: bool


def applied(stored: np.ndarray, transform) -> Values:
    """Returns stored values after the look-up table, or else the slope and intercept, of a file.

    A slope without an intercept, or an intercept without a slope, leaves the other one as it is.
    """
    signed = stored.dtype.kind == "i"
    if table := lookup.of_sequence(transform, "ModalityLUTSequence", signed=signed):
        return Values(table(stored), False)
    names = ("RescaleSlope", "RescaleIntercept")
    slope, intercept = (header.number(transform, name, float) for name in names)
    if slope is None and intercept is None:
        pixels = stored.astype(np.float32) if stored.dtype.kind == "f" else stored
        return Values(pixels, stored.dtype.kind != "u")
    slope, intercept = 1.0 if slope is None else slope, intercept or 0.0
    pixels = (stored.astype(np.float64) * slope + intercept).astype(np.float32)
    return Values(pixels, signed or slope < 0 or intercept < 0)
