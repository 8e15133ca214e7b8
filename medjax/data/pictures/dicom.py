"""Reads DICOM files as pictures; of a header, it reads only what gives the pixels a meaning."""

import pathlib
from typing import NamedTuple

import numpy as np

from medjax.data.damaged import UndecodableError
from medjax.data.pictures import dicom_header as header
from medjax.data.pictures import dicom_window
from medjax.data.pictures.picture import Picture, full_range
from medjax.errors import UserError

SUFFIXES = (".dcm", ".dicom")
_FRAMES = ("first", "middle", "last", "all")
_PALETTES = [
    f"{kind}{colour}PaletteColorLookupTable{part}"
    for colour in ("Red", "Green", "Blue")
    for kind, part in (("", "Descriptor"), ("", "Data"), ("Segmented", "Data"))
]
_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
# pydicom parses these and skips all others, such as names, dates and numbers of patients.
_TAGS = [
    *("Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "PhotometricInterpretation"),
    *("PlanarConfiguration", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
    *("RescaleSlope", "RescaleIntercept", "ModalityLUTSequence"),
    *("PixelPaddingValue", "PixelPaddingRangeLimit"),
    *("WindowCenter", "WindowWidth", "VOILUTFunction", "VOILUTSequence"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
    *("ExtendedOffsetTable", "ExtendedOffsetTableLengths", *_PALETTES, *_PIXELS),
]
_GREY = ("MONOCHROME1", "MONOCHROME2")
_COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT", "PALETTE COLOR")
_MOST_PIXELS = 2**27  # of one frame; a damaged header may ask for more than the memory holds


class DicomOptions(NamedTuple):
    """How DICOM files are read.

    Attributes:
      frames: which of several frames: ``"first"``, ``"middle"``, ``"last"``, a number from ``"0"``,
        or ``"all"``: each frame is an image with the label and in the split of its file.
    """

    frames: str = "middle"


def check(options: DicomOptions) -> None:
    """Raises ``UserError`` for an unknown choice of frames."""
    if options.frames not in _FRAMES and not options.frames.isdecimal():
        raise UserError(
            f"unknown dicom frames {options.frames!r}; choose from: {', '.join(_FRAMES)}, a number"
        )


def channels(file: pathlib.Path) -> int:
    """Returns the number of channels of a file's pictures, 1 or 3, without reading pixels.

    Raises:
      UndecodableError: for a file that pydicom cannot read, or without pixels.
      OSError: if the disk fails.
    """
    return 1 if _photometric(_open(file, stop_before_pixels=True)) in _GREY else 3


def read(file: pathlib.Path, options: DicomOptions) -> list[Picture]:
    """Decodes the chosen frames of a file, each to a picture.

    The rescale slope and intercept or the modality look-up table are applied to stored values,
    MONOCHROME1 is inverted, and YBR and palettes become RGB. In grey pictures a window sets black
    and white and changes no value; a VOI look-up table or a sigmoid window changes values.

    Raises:
      UndecodableError: for a file without pixels, without that frame, or that pydicom cannot read.
      OSError: if the disk fails.
    """
    from pydicom.pixels import pixel_array
    from pydicom.uid import RLELossless

    dataset = _open(file)
    count = header.number(dataset, "NumberOfFrames") or 1
    if count < 1:
        raise UndecodableError("has fewer than one frame by its header")
    _check_decodable(dataset)
    # The RLE plugin of pylibjpeg panics on damaged files, past any ``except Exception``.
    is_rle = dataset.file_meta.TransferSyntaxUID == RLELossless
    plugin, pictures = "pydicom" if is_rle else "", []
    for frame in _chosen(options.frames, count):
        with header.decoding():
            pixels = pixel_array(dataset, index=frame, decoding_plugin=plugin)
        pixels = pixels.astype(pixels.dtype.newbyteorder("="))
        picture = _grey if _photometric(dataset) in _GREY else _colour
        pictures.append(picture(pixels, dataset, frame))
    return pictures


def _open(file: pathlib.Path, **how: bool):
    """Returns the tags of a file that are read, as a pydicom dataset."""
    try:
        import pydicom
    except ImportError as error:
        raise UserError(
            f"{file} is a DICOM file, and pydicom is missing: pip install 'medjax[dicom]'"
        ) from error
    try:
        with header.decoding():
            dataset = pydicom.dcmread(file, specific_tags=_TAGS, **how)
    except pydicom.errors.InvalidDicomError as error:
        raise UndecodableError("is no DICOM file: it has no 'DICM' after 128 bytes") from error
    if "PhotometricInterpretation" not in dataset:
        raise UndecodableError("holds no pixels")
    return dataset


def _check_decodable(dataset) -> None:
    """Raises what pydicom would raise with a text that quotes the header."""
    from pydicom.pixels import get_decoder
    from pydicom.pixels.utils import get_expected_length

    stored = [name for name in _PIXELS if name in dataset]
    if len(stored) != 1:
        raise UndecodableError("holds pixels in several elements" if stored else "holds no pixels")
    area = (header.number(dataset, "Rows") or 0) * (header.number(dataset, "Columns") or 0)
    if not 0 < area <= _MOST_PIXELS:
        raise UndecodableError(f"has frames without pixels, or with more than {_MOST_PIXELS}")
    with header.decoding():
        syntax = dataset.file_meta.TransferSyntaxUID
        try:
            decoder = get_decoder(syntax)
        except NotImplementedError as error:
            raise UndecodableError("is compressed in a way that pydicom does not know") from error
        expected = 0 if syntax.is_encapsulated else get_expected_length(dataset)
    if not decoder.is_available:
        raise UndecodableError(
            f"is stored as {syntax.name}, which no installed package decodes: "
            "pip install 'medjax[dicom]'"
        )
    content = header.element(dataset, stored[0])
    if expected > (len(content) if isinstance(content, bytes) else 0):
        raise UndecodableError("holds fewer bytes of pixels than its header says")


def _photometric(dataset) -> str:
    found = header.element(dataset, "PhotometricInterpretation")
    if found not in _GREY + _COLOUR:
        raise UndecodableError(f"has colours other than {', '.join(_GREY + _COLOUR)}")
    return found


def _chosen(frames: str, count: int) -> range:
    """Returns the positions of the wanted frames."""
    if frames == "all":
        return range(count)
    named = {"first": 0, "middle": count // 2, "last": count - 1}
    frame = named[frames] if frames in named else int(frames)
    if frame >= count:
        raise UndecodableError(f"has no frame {frame}")
    return range(frame, frame + 1)


def _colour(pixels: np.ndarray, dataset, _frame: int) -> Picture:
    """Returns a picture in red, green and blue; pydicom has converted YBR before."""
    from pydicom.pixels import apply_color_lut

    if _photometric(dataset) == "PALETTE COLOR":
        with header.decoding():
            pixels = apply_color_lut(pixels, dataset)[..., :3]
        bits = 8 * pixels.dtype.itemsize
    else:
        bits = header.number(dataset, "BitsStored")
    return Picture(pixels, 0, 2**bits - 1)


def _grey(pixels: np.ndarray, dataset, frame: int) -> Picture:
    """Returns a picture in the units of its modality."""
    from pydicom.pixels import apply_modality_lut

    padding = _padding(pixels, dataset)
    transform = header.group(dataset, frame, "PixelValueTransformationSequence")
    with header.decoding():
        pixels = apply_modality_lut(pixels, transform)
    pixels = pixels.astype(np.float32) if pixels.dtype.kind == "f" else pixels
    if not np.isfinite(pixels).all():
        raise UndecodableError("holds pixels that are not finite")
    picture = dicom_window.windowed(pixels, header.group(dataset, frame, "FrameVOILUTSequence"))
    picture = picture or full_range(pixels, padding=padding)
    negative = _photometric(dataset) == "MONOCHROME1"
    return picture._replace(values=pixels, inverted=negative, padding=padding)


def _padding(stored: np.ndarray, dataset) -> np.ndarray | None:
    """Returns where the frame holds padding: one stored value, or a range (PS3.3 C.7.5.1)."""
    value, limit = (header.number(dataset, f"PixelPadding{x}") for x in ("Value", "RangeLimit"))
    if value is None:
        return None
    ends = [value, value if limit is None else limit]
    # Some files write a negative value as if it had no sign: only the bits are the same.
    low, high = np.sort(np.array(ends, np.int64).astype(stored.dtype))
    return (low <= stored) & (stored <= high)
