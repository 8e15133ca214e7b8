"""Kinds of DICOM objects that are no images, by their classes (PS3.4 B.5)."""

_STORAGE = "1.2.840.10008.5.1.4.1.1."
INDEX = "1.2.840.10008.1.3.10"
_RAW_DATA = f"{_STORAGE}66"
# A number stands for the class below storage, and all classes below that one.
_BY_KIND = {
    "segmentation": ("66.4", "66.5", "66.7", "66.8"),
    "parametric map": ("30",),
    "dose": ("481.2",),
    "structure set": ("481.3",),
    "plan or record of radiotherapy": tuple(f"481.{number}" for number in (*range(4, 23), 25)),
    "presentation state": ("11",),
    "report": ("88",),
    "document": ("104",),
    "waveform": ("9",),
    "registration": ("66.1", "66.2", "66.3"),
    "object": (
        *("4.2", "8", "10", "129", "131"),  # spectra, overlays, curves and displays
        *("66.6", "67", "68", "77.1.5.3", "78", "79", "80.1", "90", "91", "200", "201"),
    ),
}
_KINDS = {f"{_STORAGE}{x}.": kind for kind, numbers in _BY_KIND.items() for x in numbers}
_KINDS |= {f"1.2.840.10008.5.1.4.{number}.": "object" for number in (34, 38, 39, 43, 44, 45)}
_KINDS["1.3.12.2.1107.5.9.1."] = "object"  # Siemens' raw data and protocols


def kind_of(name: str) -> str:
    """Returns the kind of a class that is none of images, or nothing for one of images.

    Example:
      >>> kind_of("1.2.840.10008.5.1.4.1.1.66.4"), kind_of("1.2.840.10008.5.1.4.1.1.2")
      ('segmentation', '')
    """
    if name in (INDEX, _RAW_DATA):
        return "index" if name == INDEX else "raw data"
    below = (kind for start, kind in _KINDS.items() if f"{name}.".startswith(start))
    return next(below, "")
