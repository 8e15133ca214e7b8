"""Reads slices of NIfTI files as pictures, upright as a radiologist looks at them."""

import contextlib
import math
import pathlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from medjax.data.damaged import PARSER_ERRORS, UndecodableError, decoding_errors
from medjax.data.pictures import frame_choice, pixel_shape
from medjax.data.pictures.picture import Picture, full_range
from medjax.errors import UserError

SUFFIXES = (".nii", ".nii.gz")
_AXES = (0, 1, 2)
_INFLATED = 1032  # at most, bytes that deflate makes of one byte


class NiftiOptions(NamedTuple):
    """Which slices of NIfTI files are read.

    Attributes:
      axis: the axis of the patient across which slices lie: 0 from left to right (sagittal slices),
        1 from back to front (coronal), 2 from feet to head (axial).
      slices: which slices along it: ``"first"``, ``"middle"``, ``"last"``, a number from ``"0"``,
        or ``"all"``: each slice is an image with the label and in the split of its file.
    """

    axis: int = 2
    slices: str = "middle"


def check(options: NiftiOptions) -> None:
    """Raises ``UserError`` for an unknown axis or choice of slices."""
    if options.axis not in _AXES:
        raise UserError(f"unknown nifti axis {options.axis}; choose from: 0, 1, 2")
    frame_choice.check("nifti slices", options.slices)


def read(file: pathlib.Path, options: NiftiOptions) -> list[Picture]:
    """Decodes the chosen slices of a volume, each to a picture; a file of one slice is that slice.

    Values are scaled by the slope and intercept of the file. Bytes are shown as they are; the range
    of other values is that of the slice. NaN is padding. The affine turns slices as they are shown
    in radiology: the patient's head or front is above, and the patient's right, or front in
    sagittal slices, is on the left. Its voxels say whether the pixels are square.

    Raises:
      UndecodableError: for a file that nibabel cannot read, without that slice, that holds other
        than a volume of numbers, or that does not say how it lies.
      OSError: if the disk fails.
    """
    nibabel = _nibabel(file)
    size = file.stat().st_size
    with _decoding():
        image = nibabel.load(file, mmap=False)
        shape, dtype, start = image.shape, image.get_data_dtype(), image.dataobj.offset
        orientation = nibabel.io_orientation(image.affine)
    shape = _volume(shape)
    if dtype.kind not in "iuf":
        raise UndecodableError("holds colours or complex numbers; needs one number a voxel")
    most = size * _INFLATED if file.suffix.lower() == ".gz" else size - start
    if math.prod(shape) * dtype.itemsize > most:
        raise UndecodableError("holds fewer bytes of voxels than its header says")
    if np.isnan(orientation).any():
        raise UndecodableError("has an affine that does not say where the patient's right is")
    stored = shape.index(1) if 1 in shape else int(np.argmax(orientation[:, 0] == options.axis))
    places = frame_choice.chosen(options.slices, shape[stored], what="slice")
    index = [slice(None)] * 3
    if len(places) == 1:  # others need not be read
        place = places[0] if orientation[stored, 1] > 0 else shape[stored] - 1 - places[0]
        index[stored] = slice(place, place + 1)
    with _decoding():
        voxels = image.dataobj.reshape(shape)[tuple(index)]
        turned = nibabel.apply_orientation(voxels, orientation)
    across = int(orientation[stored, 0])
    slices = np.moveaxis(turned, across, 0)[:, ::-1, ::-1]
    sides = np.linalg.norm(image.affine[:3, :3], axis=0)[np.argsort(orientation[:, 0])]
    width, height = np.delete(sides, across).tolist()
    square = pixel_shape.of_sides(height, width, pixels=slices[0].size)
    return [_picture(pixels.T)._replace(**square._asdict()) for pixels in slices]


def _nibabel(file: pathlib.Path):
    try:
        import nibabel
    except ImportError as error:
        raise UserError(
            f"{file} is a NIfTI file, and nibabel is missing: pip install -e '.[nifti]'"
        ) from error
    return nibabel


@contextlib.contextmanager
def _decoding() -> Iterator[None]:
    """Turns the exceptions of nibabel for a damaged file into an ``UndecodableError``."""
    from nibabel.filebasedimages import ImageFileError
    from nibabel.spatialimages import HeaderDataError
    from nibabel.wrapstruct import WrapStructError

    try:
        with decoding_errors(*PARSER_ERRORS, ImageFileError, HeaderDataError, WrapStructError):
            yield
    except OSError as error:
        if error.strerror:  # from the disk
            raise
        raise UndecodableError("is cut short or damaged") from error


def _volume(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Returns the shape of a file as three lengths."""
    lengths = [int(length) for length in shape]
    while len(lengths) > 3 and lengths[-1] == 1:
        lengths.pop()
    if len(lengths) > 3:
        raise UndecodableError(
            f"has {len(lengths)} dimensions; needs one volume of 3, of which data.nifti.axis and "
            "data.nifti.slices take slices"
        )
    if len(lengths) < 2 or min(lengths) < 1:
        raise UndecodableError("holds no slice")
    return (*lengths, 1)[:3]


def _picture(pixels: np.ndarray) -> Picture:
    if pixels.dtype == np.uint8:
        return Picture(pixels, 0, 255)
    if pixels.dtype.kind != "f":
        return full_range(pixels.astype(pixels.dtype.newbyteorder("=")))
    pixels = pixels.astype(np.float32)
    missing = np.isnan(pixels)
    pixels[missing] = 0
    if not np.isfinite(pixels).all():
        raise UndecodableError("holds pixels that are not finite")
    return full_range(pixels, padding=missing if missing.any() else None)
