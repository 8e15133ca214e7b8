"""How the frames of a DICOM file are stored."""

from typing import Any, NamedTuple

from medjax.data.damaged import UndecodableError
from medjax.data.pictures.dicom import header
from medjax.data.pictures.pixel_shape import MOST_PIXELS

GREY = ("MONOCHROME1", "MONOCHROME2")
PALETTE = "PALETTE COLOR"
_THREE = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")


class Layout(NamedTuple):
    """How the frames of a file are stored.

    Attributes:
      element: name of the one that holds the pixels.
      rows: height of a frame.
      columns: width of a frame.
      frames: their number.
      samples: 1 or 3 for each pixel.
      photometric: what the samples are by the header; None for three of which it does not tell.
      planar: whether the three colours follow each other as whole frames.
      allocated: bits of a sample in the file.
      stored: bits of it that hold its value; None for floats.
      high: number of the highest of these bits.
      signed: whether values may be negative.
    """

    element: str
    rows: int
    columns: int
    frames: int
    samples: int
    photometric: str | None
    planar: int
    allocated: int
    stored: int | None
    high: int
    signed: int

    def options(self, *, compressed: bool) -> dict[str, Any]:
        """Returns the layout as pydicom's options for decoding; decoders leave no planes."""
        options = {
            "rows": self.rows,
            "columns": self.columns,
            "number_of_frames": self.frames,
            "samples_per_pixel": self.samples,
            "photometric_interpretation": self.photometric or "RGB",
            "planar_configuration": 0 if compressed else self.planar,
            "bits_allocated": self.allocated,
            "pixel_representation": self.signed,
        }
        return options if self.stored is None else options | {"bits_stored": self.stored}

    def size(self) -> int:
        """Returns the number of bytes of all frames if they are not compressed."""
        samples = self.rows * self.columns * self.samples * self.frames
        if self.photometric == "YBR_FULL_422":  # two pixels share their colours
            samples = samples // 3 * 2
        return -(-samples * self.allocated // 8)


def channels(dataset) -> int:
    """Returns the number of channels of a file's pictures, 1 or 3.

    Raises:
      UndecodableError: for a file without pixels, or with unknown colours.
    """
    if header.number(dataset, "Rows") is None:
        raise UndecodableError("holds no pixels")
    return 1 if _colours(dataset)[0] in GREY else 3


def of(dataset) -> Layout:
    """Returns the layout of a file; what its header leaves out has its usual value.

    Raises:
      UndecodableError: for a file without pixels, or of a size or colours that cannot be.
    """
    element = _element(dataset)
    rows, columns, allocated = (
        header.needed(dataset, name) for name in ("Rows", "Columns", "BitsAllocated")
    )
    if not 0 < rows * columns <= MOST_PIXELS:
        raise UndecodableError(f"has frames without pixels, or with more than {MOST_PIXELS}")
    frames = header.number(dataset, "NumberOfFrames") or 1
    if frames < 1:
        raise UndecodableError("has fewer than one frame by its header")
    photometric, samples = _colours(dataset)
    floats = element != "PixelData"
    if floats and samples != 1:
        raise UndecodableError("has colours that are floats")
    stored, high = header.number(dataset, "BitsStored"), header.number(dataset, "HighBit")
    if stored is None:
        stored = allocated if high is None else high + 1
    if high is None or not stored <= high + 1 <= allocated:
        high = stored - 1
    return Layout(
        element=element,
        rows=rows,
        columns=columns,
        frames=frames,
        samples=samples,
        photometric=photometric,
        planar=header.number(dataset, "PlanarConfiguration") or 0,
        allocated=allocated,
        stored=None if floats else stored,
        high=high,
        signed=header.number(dataset, "PixelRepresentation") or 0,
    )


def _element(dataset) -> str:
    """Returns the name of the element that holds the pixels."""
    found = [name for name in header.PIXELS if name in dataset]
    if len(found) != 1:
        raise UndecodableError("holds pixels in several elements" if found else "holds no pixels")
    return found[0]


def _colours(dataset) -> tuple[str | None, int]:
    """Returns the photometric interpretation, if it fits the samples of a pixel, and these."""
    found = header.element(dataset, "PhotometricInterpretation")
    found = found.upper() if isinstance(found, str) else found
    if found not in (None, *GREY, PALETTE, *_THREE):
        known = ", ".join((*GREY, *_THREE, PALETTE))
        raise UndecodableError(f"has colours other than {known}")
    samples = header.number(dataset, "SamplesPerPixel")
    samples = samples or (3 if found in _THREE else 1)
    if samples not in (1, 3):
        raise UndecodableError("has neither one nor three samples a pixel")
    if found is None or (found in _THREE) != (samples == 3):
        return "MONOCHROME2" if samples == 1 else None, samples
    return found, samples
