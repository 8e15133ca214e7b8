"""Reads elements of DICOM headers, which may be damaged."""

import contextlib

from medjax.data.damaged import PARSER_ERRORS, UndecodableError, decoding_errors


def decoding() -> contextlib.AbstractContextManager[None]:
    """Returns ``decoding_errors`` for calls of pydicom, which must be installed."""
    from pydicom.errors import BytesLengthException

    return decoding_errors(*PARSER_ERRORS, BytesLengthException)


def element(dataset, name: str):
    """Returns a value of the header, or None; pydicom parses it only here."""
    with decoding():
        return dataset.get(name)


def number(dataset, name: str, kind: type = int):
    """Returns the number in an element, the first of several, or None."""
    value = element(dataset, name)
    if value is None:
        return None
    try:
        single = isinstance(value, str) or not hasattr(value, "__len__")
        return kind((value if single else value[0]) or 0)
    except (IndexError, OverflowError, TypeError, ValueError) as error:  # in a damaged header
        raise UndecodableError(f"has no number for its {name}") from error


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
