"""The shape of the pixels of DICOM files, which need not be square."""

from medjax.data.damaged import UndecodableError
from medjax.data.pictures import pixel_shape
from medjax.data.pictures.dicom import header
from medjax.data.pictures.dicom.layout import Layout
from medjax.data.pictures.pixel_shape import PixelShape

# In each, the height of a pixel comes first.
_SPACINGS = (
    *("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing", "PixelAspectRatio"),
)


def shape(dataset, frame: int, stored_as: Layout) -> PixelShape:
    """Returns the shape of a frame's pixels; square if no sound element says it."""
    try:
        measures = header.group(dataset, frame, "PixelMeasuresSequence")
        pairs = [header.pair(measures, name) for name in _SPACINGS]
    except UndecodableError:  # the pixels are none the worse for it
        return PixelShape()
    height, width = next((pair for pair in pairs if pair), (1.0, 1.0))
    return pixel_shape.of_sides(height, width, pixels=stored_as.rows * stored_as.columns)
