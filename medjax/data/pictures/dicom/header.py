"""Reads elements of DICOM headers, which may be damaged."""

import contextlib
import pathlib

from medjax.data.damaged import PARSER_ERRORS, UndecodableError, decoding_errors
from medjax.data.npz import kinds
from medjax.data.pictures.dicom import content
from medjax.errors import UserError

PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
OFFSETS = ("ExtendedOffsetTable", "ExtendedOffsetTableLengths")
_PALETTES = [
    f"{kind}{colour}PaletteColorLookupTable{part}"
    for colour in ("Red", "Green", "Blue")
    for kind, part in (("", "Descriptor"), ("", "Data"), ("Segmented", "Data"))
]
# pydicom parses these and skips all others, such as names, dates and numbers of patients.
_TAGS = [
    *("Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "PhotometricInterpretation"),
    *("PlanarConfiguration", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
    *("RescaleSlope", "RescaleIntercept", "ModalityLUTSequence"),
    *("PixelPaddingValue", "PixelPaddingRangeLimit"),
    *("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing", "PixelAspectRatio"),
    *("PresentationLUTShape", "ImageType", "SOPClassUID", "Modality"),
    *("WindowCenter", "WindowWidth", "VOILUTFunction", "VOILUTSequence"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
    *(*OFFSETS, *_PALETTES, *PIXELS),
]


def opened(file: pathlib.Path, **how: bool):
    """Returns the tags of a file that are read, as a pydicom dataset without empty elements."""
    try:
        import pydicom
    except ImportError as error:
        raise UserError(
            f"{file} is a DICOM file, and pydicom is missing: pip install -e '.[dicom]'"
        ) from error
    force = content.is_dicom(file)  # it may lack the preamble
    try:
        with decoding():
            dataset = pydicom.dcmread(file, specific_tags=_TAGS, force=force, **how)
            _tidy(dataset)
    except pydicom.errors.InvalidDicomError as error:
        kind = kinds.kind_of(file)
        what = f"; it is {kind}" if kind else ""
        reason = f"is no DICOM file: it has no 'DICM' after 128 bytes{what}"
        raise UndecodableError(reason) from error
    return dataset


def _tidy(dataset) -> None:
    """Removes what pydicom would stumble over, and can be done without."""
    for tag in list(dataset.keys()):
        if not dataset.get_item(tag).value:
            del dataset[tag]
    if len({len(dataset[name].value) if name in dataset else 0 for name in OFFSETS}) > 1:
        for name in OFFSETS:
            dataset.pop(name, None)
    if "PixelRepresentation" not in dataset:
        dataset.PixelRepresentation = 0  # it says the sign of other elements too


def decoding() -> contextlib.AbstractContextManager[None]:
    """Returns ``decoding_errors`` for calls of pydicom, which must be installed."""
    from pydicom.errors import BytesLengthException

    return decoding_errors(*PARSER_ERRORS, BytesLengthException)


def transfer_syntax(dataset):
    """Returns what a file says of its encoding, else the plain one in which its elements are."""
    from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian

    if found := element(dataset.file_meta, "TransferSyntaxUID"):
        return found
    little_endian = dataset.original_encoding[1]
    return ExplicitVRLittleEndian if little_endian else ExplicitVRBigEndian


def element(dataset, name: str):
    """Returns a value of the header, or None if it is absent or empty; pydicom parses it here."""
    with decoding():
        value = dataset.get(name)
    text = value.strip("\0 ") if isinstance(value, str) else value
    return None if hasattr(text, "__len__") and not len(text) else value


def number(dataset, name: str, kind: type = int):
    """Returns the number in an element, the first of several, or None."""
    value = element(dataset, name)
    if value is None:
        return None
    try:
        single = isinstance(value, str | bytes) or not hasattr(value, "__len__")
        first = value if single else value[0]
        return None if first in (None, "") else kind(first)
    except (OverflowError, TypeError, ValueError) as error:  # in a damaged header
        raise UndecodableError(f"has no number for its {name}") from error


def pair(dataset, name: str) -> tuple[float, float] | None:
    """Returns the two numbers in an element, or None if it is absent."""
    value = element(dataset, name)
    if value is None:
        return None
    try:
        first, second = (float(x) for x in value)
    except (OverflowError, TypeError, ValueError) as error:
        raise UndecodableError(f"has no two numbers for its {name}") from error
    return first, second


def needed(dataset, name: str) -> int:
    """Returns the number in an element that has no usual value."""
    value = number(dataset, name)
    if value is None:
        raise UndecodableError(f"has no {name} in its header")
    return value


def items(dataset, name: str):
    """Returns the items of a sequence; an absent one has none."""
    from pydicom import Sequence

    value = element(dataset, name)
    if value is not None and not isinstance(value, Sequence):
        raise UndecodableError(f"has no sequence for its {name}")
    return value or ()


def group(dataset, frame: int, name: str):
    """Returns the transform of a frame of an enhanced multi-frame file, else the whole file."""
    for groups, place in (
        (items(dataset, "PerFrameFunctionalGroupsSequence"), frame),
        (items(dataset, "SharedFunctionalGroupsSequence"), 0),
    ):
        if place < len(groups) and (found := items(groups[place], name)):
            return found[0]
    return dataset
