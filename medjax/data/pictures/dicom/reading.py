"""Reads DICOM files as pictures; of a header, it reads only what gives the pixels a meaning."""

import pathlib
from typing import NamedTuple

import numpy as np

from medjax.data.damaged import UndecodableError
from medjax.data.pictures import frame_choice
from medjax.data.pictures.dicom import (
    doubts,
    frames,
    header,
    layout,
    lookup,
    modality,
    spacing,
    window,
)
from medjax.data.pictures.picture import Picture, full_range


class DicomOptions(NamedTuple):
    """How DICOM files are read.

    Attributes:
      frames: which of several frames: ``"first"``, ``"middle"``, ``"last"``, a number from ``"0"``,
        or ``"all"``: each frame is an image with the label and in the split of its file.
    """

    frames: str = "middle"


def check(options: DicomOptions) -> None:
    """Raises ``UserError`` for an unknown choice of frames."""
    frame_choice.check("dicom frames", options.frames)


def channels(file: pathlib.Path) -> int:
    """Returns the number of channels of a file's pictures, 1 or 3, without reading pixels.

    Raises:
      UndecodableError: for a file that pydicom cannot read, or without pixels.
      OSError: if the disk fails.
    """
    return layout.channels(header.opened(file, stop_before_pixels=True))


def read(file: pathlib.Path, options: DicomOptions) -> list[Picture]:
    """Decodes the chosen frames of a file, each to a picture.

    The modality look-up table or the rescale slope and intercept are applied to stored values,
    MONOCHROME1 and the presentation INVERSE are inverted, and YBR and palettes become RGB. In grey
    pictures a window sets black and white and changes no value; a VOI look-up table or a sigmoid
    window changes values.

    Raises:
      UndecodableError: for a file without pixels, without that frame, or that pydicom cannot read.
      OSError: if the disk fails.
    """
    dataset = header.opened(file)
    stored_as = layout.of(dataset)
    _check_decodable(dataset, stored_as)
    pictures = []
    for frame in frame_choice.chosen(options.frames, stored_as.frames, what="frame"):
        pixels = frames.decode(dataset, stored_as, frame)
        if stored_as.photometric in layout.GREY:
            picture = _grey(pixels, dataset, frame, stored_as)
        elif stored_as.photometric == layout.PALETTE:
            picture = _from_palette(pixels, dataset)
        else:
            picture = Picture(pixels, 0, 2**stored_as.stored - 1)
        shape = spacing.shape(dataset, frame, stored_as)
        remarks = (*doubts.of(dataset), *picture.remarks, *shape.remarks)
        pictures.append(picture._replace(aspect=shape.aspect, remarks=remarks))
    return pictures


def _check_decodable(dataset, stored_as: layout.Layout) -> None:
    """Raises ``UndecodableError`` with what keeps a file from being decoded.

    pydicom would raise it with a text that quotes the header.
    """
    from pydicom.pixels import get_decoder

    syntax, pixels = header.transfer_syntax(dataset), header.element(dataset, stored_as.element)
    with header.decoding():
        try:
            decoder = get_decoder(syntax)
        except NotImplementedError as error:
            raise UndecodableError("is compressed in a way that pydicom does not know") from error
    if not decoder.is_available:
        raise UndecodableError(
            f"is stored as {syntax.name}, which no installed package decodes: "
            "pip install -e '.[dicom]'"
        )
    if syntax.is_encapsulated:
        return
    if dataset[stored_as.element].is_undefined_length:
        raise UndecodableError("is compressed, and does not say how")
    if stored_as.size() > (len(pixels) if isinstance(pixels, bytes) else 0):
        raise UndecodableError("holds fewer bytes of pixels than its header says")


def _from_palette(pixels: np.ndarray, dataset) -> Picture:
    """Returns a picture in red, green and blue."""
    from pydicom.pixels import apply_color_lut

    signed = pixels.dtype.kind == "i"
    names = [f"{colour}PaletteColorLookupTable" for colour in ("Red", "Green", "Blue")]
    tables = [
        lookup.table(dataset, f"{name}Descriptor", f"{name}Data", signed=signed) for name in names
    ]
    if None in tables:
        with header.decoding():
            shown = apply_color_lut(pixels, dataset)[..., :3]  # a palette in segments
        return Picture(shown, 0, 2 ** (8 * shown.dtype.itemsize) - 1)
    shown = np.stack([table(pixels) for table in tables], axis=-1)
    return Picture(shown, 0, 2 ** max(table.bits for table in tables) - 1)


def _grey(stored: np.ndarray, dataset, frame: int, stored_as: layout.Layout) -> Picture:
    """Returns a picture in the units of its modality."""
    padding = _padding(stored, dataset)
    transform = header.group(dataset, frame, "PixelValueTransformationSequence")
    values = modality.applied(stored, transform)
    if not np.isfinite(values.pixels).all():
        raise UndecodableError("holds pixels that are not finite")
    picture = window.windowed(values, header.group(dataset, frame, "FrameVOILUTSequence"))
    picture = picture or full_range(values.pixels, padding=padding)
    return picture._replace(
        values=values.pixels,
        inverted=stored_as.photometric == "MONOCHROME1" or doubts.is_inverse(dataset),
        padding=padding,
        remarks=doubts.of_values(stored, dataset, transform, stored_as, padding),
    )


def _padding(stored: np.ndarray, dataset) -> np.ndarray | None:
    """Returns where the frame holds padding: one stored value, or a range (PS3.3 C.7.5.1)."""
    value, limit = (header.number(dataset, f"PixelPadding{x}") for x in ("Value", "RangeLimit"))
    if value is None:
        return None
    ends = [value, value if limit is None else limit]
    # Some files write a negative value as if it had no sign: only the bits are the same.
    low, high = np.sort(np.array(ends, np.int64).astype(stored.dtype))
    return (low <= stored) & (stored <= high)
