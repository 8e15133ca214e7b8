"""What may be wrong with DICOM pictures that can be read."""

import numpy as np

from medjax.data.damaged import UndecodableError
from medjax.data.pictures.dicom import header
from medjax.data.pictures.dicom.layout import Layout

LOCALIZER = "are localizers, as their ImageType says; remove them if the others are slices"
WRAPPED = (
    "of CT hold values that no CT has: the negative ones seem to have wrapped to the top of their "
    "bits, with a RescaleIntercept of 0; repair or remove them"
)
_CT = "1.2.840.10008.5.1.4.1.1.2"
_LEAST_INTERCEPT = -100  # below, unsigned values hold air without wrapping
_AIR, _LEAST_BITS = 1024, 12
_LEAST_SHARE = 1 / 100


def of(dataset) -> tuple[str, ...]:
    """Returns what a header says of a file's pictures."""
    kinds = _text(dataset, "ImageType").upper().split("\\")
    return (LOCALIZER,) * ("LOCALIZER" in kinds)


def of_values(
    stored: np.ndarray, dataset, transform, stored_as: Layout, padding: np.ndarray | None
) -> tuple[str, ...]:
    """Returns what the stored values of a grey frame say of its picture."""
    of_ct = f"{_text(dataset, 'SOPClassUID')}.".startswith(f"{_CT}.")
    if not (of_ct or _text(dataset, "Modality") == "CT") or stored.dtype.kind != "u":
        return ()
    bits, inside = stored_as.stored or 0, stored if padding is None else stored[~padding]
    if bits < _LEAST_BITS or not inside.size or _intercept(transform) <= _LEAST_INTERCEPT:
        return ()
    share = float(np.mean(inside >= 2**bits - _AIR))
    return (WRAPPED,) * (share > _LEAST_SHARE)


def is_inverse(dataset) -> bool:
    """Returns whether a file says that its least value is shown as white."""
    return _text(dataset, "PresentationLUTShape").upper() == "INVERSE"


def _intercept(transform) -> float:
    try:
        return header.number(transform, "RescaleIntercept", float) or 0.0
    except UndecodableError:  # a look-up table stands in its place
        return 0.0


def _text(dataset, name: str) -> str:
    """Returns the text of an element, with a backslash between several; nothing if it is none."""
    try:
        value = header.element(dataset, name)
    except UndecodableError:  # the pixels are none the worse for it
        return ""
    several = [value] if isinstance(value, str) or not hasattr(value, "__iter__") else value
    return "\\".join(x.strip("\0 ") for x in several if isinstance(x, str))
