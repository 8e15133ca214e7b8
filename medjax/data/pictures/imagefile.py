"""Reads image files, such as PNG, JPEG and TIFF, as pictures."""

import io
import pathlib
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from medjax.data.damaged import UndecodableError, decoding_errors
from medjax.data.npz import kinds
from medjax.data.pictures import dicom, pixel_limit, png_chunks, sixteen_bits
from medjax.data.pictures.picture import Picture, full_range

SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".bmp", ".gif", ".webp"),
    *(".jp2", ".j2k", ".pgm", ".ppm", ".pbm", ".pnm"),
)
_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP", "JPEG2000", "PPM")
_GREY = ("1", "L", "LA", "I", "F")
_BITS, _PHOTOMETRIC = 258, 262  # tags of TIFF
_WHITE_IS_ZERO = 0
_PREVIEW = 512  # pixels of the shorter side, at least
OWN_RANGE = (
    "of 32 bits are stretched from black to white each by its own range, so that files do not "
    "differ in brightness"
)
"""A remark on pictures whose brightness is lost."""
_Result = TypeVar("_Result")


def channels(file: pathlib.Path) -> int:
    """Returns the number of channels of a file's picture, 1 or 3, without decoding its pixels.

    Raises:
      UndecodableError: for a file that Pillow cannot read.
      OSError: if the disk fails.
    """
    return _attempt(file, lambda image: 1 if _is_grey(image) else 3)


def deep(file: pathlib.Path) -> bool:
    """Returns whether a file holds values of 16 bits, without decoding its pixels.

    It raises what ``channels`` raises.
    """
    return _attempt(file, lambda image: _bits(image) == 16)


def read(file: pathlib.Path) -> list[Picture]:
    """Decodes the one picture of a file, and turns it by its EXIF orientation.

    Pictures of 16 bits keep their range 0–65535, and grey TIFFs of 12 bits 0–4095. The range of
    pictures of 32 bits or floats is that of their values. Transparency is dropped.

    Raises:
      UndecodableError: for a file that Pillow cannot read, that has several pages, or whose pixels
        are not finite.
      OSError: if the disk fails.
    """
    return _attempt(file, _read)


def preview(file: pathlib.Path) -> list[Picture]:
    """Decodes a picture as ``read`` does, but large JPEGs at a half to an eighth of their size.

    The shorter side keeps at least 512 pixels. It raises what ``read`` raises.
    """

    def reduced(image: Image.Image) -> list[Picture]:
        with decoding_errors():
            image.draft(None, (_PREVIEW, _PREVIEW))
        return _read(image)

    return _attempt(file, reduced)


def _attempt(file: pathlib.Path, then: Callable[[Image.Image], _Result]) -> _Result:
    """Applies a function to an opened file; a PNG that fails is tried again without its texts."""
    try:
        with _open(file) as image:
            return then(image)
    except UndecodableError:
        pixels = png_chunks.without_texts(file)
        if pixels is None:
            raise
    with _open(pixels) as image:
        return then(image)


def _open(file: pathlib.Path | io.BytesIO) -> Image.Image:
    try:
        with decoding_errors():
            return Image.open(file, formats=_FORMATS)
    except UnidentifiedImageError as error:
        formats = f"{', '.join(_FORMATS[:-1])} or {_FORMATS[-1]}"
        found = isinstance(file, pathlib.Path) and _other_kind(file)
        what = f": it is {found}" if found else ""
        raise UndecodableError(f"is not a {formats} file that Pillow can read{what}") from error
    except Image.DecompressionBombError as error:
        raise pixel_limit.exceeded() from error


def _other_kind(file: pathlib.Path) -> str | None:
    """Says what a file is that is no image, by its content; None if that is unknown."""
    if dicom.is_dicom(file):
        return "a DICOM file, which needs the suffix .dcm or none"
    found = kinds.kind_of(file)
    return None if found in kinds.IMAGES else found  # it is damaged


def _read(image: Image.Image) -> list[Picture]:
    with decoding_errors():
        pages = getattr(image, "n_frames", 1)
        photometric = image.tag_v2.get(_PHOTOMETRIC) if image.format == "TIFF" else None
    if pages > 1 and image.format in _FORMATS:  # a camera's JPEG with a preview is an MPO
        raise UndecodableError("holds several pages; needs one")
    bits, negative = _bits(image), photometric == _WHITE_IS_ZERO  # Pillow inverts bytes itself
    if bits == 8:
        return [Picture(_pixels(image, "L" if _is_grey(image) else "RGB"), 0, 255)]
    halved = sixteen_bits.is_halved(image)
    pixels = sixteen_bits.read(image, _pixels) if halved else _pixels(image)
    if not np.isfinite(pixels).all():
        raise UndecodableError("holds pixels that are not finite")
    if bits > 16:
        picture = full_range(pixels)
        kept = (picture.black, picture.white) == (0, 1)
        return [picture._replace(inverted=negative, remarks=() if kept else (OWN_RANGE,))]
    how = {"inverted": negative, "depth_unknown": bits == 16}
    return [Picture(pixels.astype(np.uint16), 0, 2**bits - 1, **how)]


def _bits(image: Image.Image) -> int:
    """Returns how many bits the file gives a value; 32 for floats.

    Raises:
      UndecodableError: if Pillow multiplies the values by a factor that it does not tell.
    """
    if sixteen_bits.is_halved(image):
        return 16
    sixteen = image.mode.startswith("I;16")
    if not sixteen and image.mode not in ("I", "F"):
        return 8
    if image.format == "JPEG2000" or (image.format == "PPM" and image.tile[0][0] != "raw"):
        raise UndecodableError("holds more than 8 bits a value, for which PNG or TIFF is needed")
    if image.format == "TIFF" and sixteen:
        with decoding_errors():
            return image.tag_v2.get(_BITS, (16,))[0]
    return 16 if sixteen or (image.mode == "I" and image.format in ("PNG", "PPM")) else 32


def _pixels(image: Image.Image, mode: str | None = None) -> np.ndarray:
    """Returns the upright pixels in a mode of Pillow, or in the file's own for None."""
    try:
        with decoding_errors():
            image.load()
    except OSError as error:
        if error.strerror:  # from the disk
            raise
        raise UndecodableError(
            "is cut short, damaged, or compressed in a way that Pillow cannot read"
        ) from error
    with decoding_errors():
        image = ImageOps.exif_transpose(image)
        return np.asarray(image if mode is None else image.convert(mode))


def _is_grey(image: Image.Image) -> bool:
    if image.mode in ("P", "PA"):
        with decoding_errors():
            # The palette is known before the pixels, in the file's order; putpalette turns it.
            order, packed = image.palette.getdata()
            own = Image.new("P", (1, 1))
            own.putpalette(packed, order)
            table = np.reshape(own.getpalette("RGB"), (-1, 3))
        return bool((table == table[:, :1]).all())
    return image.mode in _GREY or image.mode.startswith("I;16") or sixteen_bits.is_grey(image)
