"""The shape of the pixels of DICOM files, which need not be square."""

import math

from medjax.data.damaged import UndecodableError
from medjax.data.pictures.dicom import header
from medjax.data.pictures.dicom.layout import MOST_PIXELS, Layout

# In each, the height of a pixel comes first.
_SPACINGS = (
    *("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing", "PixelAspectRatio"),
)
_LEAST, _MOST = 1.01, 16.0  # times the shorter side; more is a mistake


def aspect(dataset, frame: int, stored_as: Layout) -> float:
    """Returns the height of a frame's pixels over their width; 1 if no sound element says it."""
    try:
        measures = header.group(dataset, frame, "PixelMeasuresSequence")
        pairs = [header.pair(measures, name) for name in _SPACINGS]
    except UndecodableError:  # the pixels are none the worse for it
        return 1.0
    height, width = next((pair for pair in pairs if pair), (1.0, 1.0))
    if not (math.isfinite(height) and math.isfinite(width) and min(height, width) > 0):
        return 1.0
    longer = max(height, width) / min(height, width)
    fits = stored_as.rows * stored_as.columns * longer <= MOST_PIXELS
    return height / width if _LEAST < longer <= _MOST and fits else 1.0
