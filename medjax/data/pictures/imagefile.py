"""Reads image files (PNG, JPEG, TIFF, BMP) as pictures."""

import pathlib

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from medjax.data.damaged import UndecodableError, decoding_errors
from medjax.data.pictures.picture import Picture, full_range

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
_FORMATS = ("PNG", "JPEG", "TIFF", "BMP")
_GREY = ("1", "L", "LA", "I", "F")
_BITS, _PHOTOMETRIC = 258, 262  # tags of TIFF
_WHITE_IS_ZERO = 0


def channels(file: pathlib.Path) -> int:
    """Returns the number of channels of a file's picture, 1 or 3, without decoding its pixels.

    Raises:
      UndecodableError: for a file that Pillow cannot read.
      OSError: if the disk fails.
    """
    with _open(file) as image:
        return 1 if _is_grey(image) else 3


def read(file: pathlib.Path) -> list[Picture]:
    """Decodes the one picture of a file, and turns it by its EXIF orientation.

    Grey pictures of 16 bits keep their range 0–65535, and TIFFs of 12 bits 0–4095. The range of
    pictures of 32 bits or floats is that of their values. Transparency is dropped.

    Raises:
      UndecodableError: for a file that Pillow cannot read, that has several pages, or whose pixels
        are not finite.
      OSError: if the disk fails.
    """
    with _open(file) as image:
        with decoding_errors():
            pages = getattr(image, "n_frames", 1)
            tags = image.tag_v2 if image.format == "TIFF" else {}
            photometric, bits = tags.get(_PHOTOMETRIC), tags.get(_BITS, (16,))
        if pages > 1 and image.format in _FORMATS:  # a camera's JPEG with a preview is an MPO
            raise UndecodableError("holds several pages; needs one")
        negative = photometric == _WHITE_IS_ZERO  # Pillow inverts bytes itself
        grey, deep = _is_grey(image), image.mode in ("I", "F") or image.mode.startswith("I;16")
        sixteen = image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG")
        if not deep:
            return [Picture(_pixels(image, "L" if grey else "RGB"), 0, 255)]
        pixels = _pixels(image, None)
        if not np.isfinite(pixels).all():
            raise UndecodableError("holds pixels that are not finite")
        if not sixteen:
            return [full_range(pixels)._replace(inverted=negative)]
        return [Picture(pixels.astype(np.uint16), 0, 2 ** bits[0] - 1, inverted=negative)]


def _open(file: pathlib.Path) -> Image.Image:
    try:
        with decoding_errors():
            return Image.open(file, formats=_FORMATS)
    except UnidentifiedImageError as error:
        kinds = f"{', '.join(_FORMATS[:-1])} or {_FORMATS[-1]}"
        raise UndecodableError(f"is not a {kinds} file that Pillow can read") from error
    except Image.DecompressionBombError as error:
        raise UndecodableError("has more pixels than Pillow's limit") from error


def _pixels(image: Image.Image, mode: str | None) -> np.ndarray:
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
    return image.mode in _GREY or image.mode.startswith("I;16")
