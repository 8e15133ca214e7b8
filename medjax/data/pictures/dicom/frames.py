"""Decodes frames of DICOM files to stored values and colours."""

import numpy as np

from medjax.data.pictures.dicom import header, jpeg
from medjax.data.pictures.dicom.layout import Layout


def decode(dataset, layout: Layout, frame: int) -> np.ndarray:
    """Returns the stored values of a frame, ``[h, w]``, or its red, green and blue, ``[h, w, 3]``.

    Bits that hold no part of a value, such as those of old overlays, are cut.
    """
    from pydicom.pixels import get_decoder
    from pydicom.pixels.processing import convert_color_space
    from pydicom.uid import JPEGBaseline8Bit, JPEGExtended12Bit, RLELossless

    syntax, coded = header.transfer_syntax(dataset), None
    decoder = get_decoder(syntax)
    if layout.samples == 3 and syntax in (JPEGBaseline8Bit, JPEGExtended12Bit):
        coded = _coded(dataset, layout, frame)
        if decoder.available_plugins == ("pillow",) and jpeg.is_turned_by_pillow(coded):
            return jpeg.decode(coded)
    # The RLE plugin of pylibjpeg panics on damaged files, past any ``except Exception``.
    plugin = "pydicom" if syntax == RLELossless else ""
    with header.decoding():
        pixels, found = decoder.as_array(
            dataset,
            index=frame,
            raw=True,
            decoding_plugin=plugin,
            correct_unused_bits=False,
            **layout.options(compressed=syntax.is_encapsulated),
        )
    pixels = pixels.astype(pixels.dtype.newbyteorder("="))
    if layout.stored is not None:
        pixels = _values(pixels, layout.stored, layout.high)
    is_ycbcr = found["photometric_interpretation"] in ("YBR_FULL", "YBR_FULL_422")
    if coded and (layout.photometric is None or jpeg.is_ycbcr(coded) not in (None, is_ycbcr)):
        return jpeg.decode(coded)
    with header.decoding():
        return convert_color_space(pixels, "YBR_FULL", "RGB") if is_ycbcr else pixels


def _values(pixels: np.ndarray, stored: int, high: int) -> np.ndarray:
    """Returns the values of samples: ``stored`` bits, of which ``high`` is the highest."""
    plain = _cut(pixels, stored, stored - 1)
    unused = (1 << (high + 1 - stored)) - 1
    # Values that fit below, and use the bits that they should not, belie the highest bit.
    if not unused or ((pixels & unused).any() and np.array_equal(plain, pixels)):
        return plain
    return _cut(pixels, stored, high)


def _cut(pixels: np.ndarray, stored: int, high: int) -> np.ndarray:
    bits = 8 * pixels.itemsize
    if stored >= bits:
        return pixels
    # A shift to the right repeats the sign of signed types.
    return (pixels << (bits - 1 - high)) >> (bits - stored)


def _coded(dataset, layout: Layout, frame: int) -> bytes:
    """Returns the JPEG of a frame."""
    from pydicom.encaps import get_frame

    offsets = tuple(header.element(dataset, name) for name in header.OFFSETS)
    with header.decoding():
        return get_frame(
            dataset.PixelData,
            frame,
            number_of_frames=layout.frames,
            extended_offsets=None if None in offsets else offsets,
        )
