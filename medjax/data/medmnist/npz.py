"""Reads ``.npz`` files in MedMNIST's layout into splits, and checks everything training relies on.

The layout: ``{train,val,test}_images`` uint8 ``[n, h, w]`` or ``[n, h, w, c]``, and
``{train,val,test}_labels`` integers ``[n]``, ``[n, 1]`` or, multi-label, ``[n, L]``; ``val`` may be
missing. Pickled objects are refused.
"""

import contextlib
import math
import pathlib
import zipfile
from collections.abc import Iterator, Mapping

import numpy as np

from medjax.data.damaged import NPZ_ERRORS
from medjax.data.dataset import Split
from medjax.data.medmnist.registry import SPLITS, Facts
from medjax.errors import UserError
from medjax.types import MULTI_LABEL


def read_splits(
    path: pathlib.Path,
    *,
    facts: Facts | None = None,
    size: int | None = None,
    mapped: Mapping[str, np.ndarray] | None = None,
) -> dict[str, Split]:
    """Reads and checks every split of a file.

    Args:
      path: the file.
      facts: the channels, classes and task that the file must match; None for an unknown set.
      size: required side length of the images in pixels; None for any.
      mapped: arrays of the file that are already open, by name; they are not read again.

    Returns:
      ``train``, ``test`` and, if the file has it, ``val`` by name.

    Raises:
      UserError: if the file is unreadable or has unsuitable contents; the message names the file,
        what was found and what is needed.
    """
    arrays = _read_arrays(path, mapped or {})
    splits = {}
    for name in [s for s in SPLITS if f"{s}_images" in arrays]:
        images = _images(f"{path}: {name}_images", arrays[f"{name}_images"])
        labels = _labels(f"{path}: {name}_labels", arrays[f"{name}_labels"])
        if len(images) != len(labels):
            raise UserError(f"{path}: {name} has {len(images)} images but {len(labels)} labels")
        splits[name] = Split(images, labels)
    _check_agreement(path, splits, facts, size)
    _check_classes(path, splits, facts)
    return splits


def large_images(path: pathlib.Path, *, limit: int) -> list[str]:
    """Returns the names of the image arrays that take more bytes than ``limit``, unpacking none.

    Raises:
      UserError: if the file is unreadable, or a large array is not uint8 or not in C order and so
        cannot be read row by row.
    """
    large = []
    with _open(path) as archive:
        present = set(archive.namelist())
        for name in (f"{split}_images" for split in SPLITS):
            if f"{name}.npy" not in present:
                continue
            shape, fortran, dtype = _header(path, archive, f"{name}.npy")
            if math.prod(shape) * dtype.itemsize <= limit:
                continue
            if dtype != np.uint8:
                raise UserError(f"{path}: {name} is {dtype}; needs uint8, 0–255")
            if fortran:
                fix = "too large for memory and stored by columns; save np.ascontiguousarray of it"
                raise UserError(f"{path}: {name} is {fix}")
            large.append(name)
    return large


@contextlib.contextmanager
def _reading(path: pathlib.Path) -> Iterator[None]:
    """Turns what zipfile, the decompressors and numpy raise for a damaged file into one line."""
    try:
        yield
    except NPZ_ERRORS as error:
        raise _unreadable(path, " ".join(str(error).split()) or type(error).__name__) from error


def _unreadable(path: pathlib.Path, reason: str) -> UserError:
    return UserError(f"{path} is not a readable .npz file ({reason})")


def _open(path: pathlib.Path) -> zipfile.ZipFile:
    with _reading(path):
        return zipfile.ZipFile(path)


def _header(
    path: pathlib.Path, archive: zipfile.ZipFile, name: str
) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Returns the shape, Fortran order and dtype of an array after checking its length.

    Every array is checked here, whether it is read or stays on disk.
    """
    with _reading(path), archive.open(name) as stream:
        one = np.lib.format.read_magic(stream) == (1, 0)
        read = np.lib.format.read_array_header_1_0 if one else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read(stream)
        start = stream.tell()
    length = start + math.prod(shape) * dtype.itemsize
    # Objects have no length; numpy refuses to unpickle them.
    if not dtype.hasobject and length != archive.getinfo(name).file_size:
        raise _unreadable(path, f"the length of {name} differs from its header")
    return shape, fortran, dtype


def _read_arrays(path: pathlib.Path, mapped: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Reads the six arrays of a file, or four without ``val``."""
    wanted = [f"{split}_{part}" for split in SPLITS for part in ("images", "labels")]
    with _open(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".npy")]
        found = sorted(name.removesuffix(".npy") for name in names)
        arrays = {
            key: mapped[key] if key in mapped else _member(path, archive, f"{key}.npy")
            for key in wanted
            if key in found
        }
    has_val = "val_images" in arrays or "val_labels" in arrays
    missing = [k for k in wanted if k not in arrays and (has_val or not k.startswith("val"))]
    if missing:
        held = ", ".join(found) or "nothing"
        raise UserError(f"{path} lacks {', '.join(missing)}; it holds: {held}")
    return arrays


def _member(path: pathlib.Path, archive: zipfile.ZipFile, name: str) -> np.ndarray:
    """Reads one array to its end, where zipfile compares the checksum."""
    _header(path, archive, name)
    with _reading(path), archive.open(name) as stream:
        array = np.lib.format.read_array(stream, allow_pickle=False)
        stream.read()
    return array


def _images(what: str, images: np.ndarray) -> np.ndarray:
    """Returns images as uint8 ``[n, h, w, c]``."""
    if np.issubdtype(images.dtype, np.floating) and np.isnan(images).any():
        count = int(np.isnan(images).sum())
        raise UserError(f"{what} holds {count} NaN pixels ({images.dtype}); needs uint8, 0–255")
    if images.dtype != np.uint8:
        raise UserError(f"{what} is {images.dtype}; needs uint8, 0–255")
    grey, shape = images.ndim == 3, images.shape
    if not (grey or (images.ndim == 4 and shape[-1] in (1, 3))):
        raise UserError(f"{what} has shape {shape}; needs (n, h, w), (n, h, w, 1) or (n, h, w, 3)")
    if images.size == 0:
        raise UserError(f"{what} is empty (shape {images.shape}); needs at least one image")
    return images[..., None] if grey else images


def _labels(what: str, labels: np.ndarray) -> np.ndarray:
    """Returns labels as int32 ``[n]``, or ``[n, L]`` of zeros and ones."""
    if labels.dtype.kind not in "iub":
        raise UserError(f"{what} is {labels.dtype}; needs integers")
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim not in (1, 2) or 0 in labels.shape[1:]:
        raise UserError(f"{what} has shape {labels.shape}; needs (n,), (n, 1) or (n, L)")
    if labels.size and labels.min() < 0:
        raise UserError(f"{what} holds the negative label {labels.min()}; labels start at 0")
    limit = 1 if labels.ndim == 2 else np.iinfo(np.int32).max
    if labels.size and labels.max() > limit:
        raise UserError(f"{what} holds {labels.max()}; choose labels in 0–{limit}")
    return labels.astype(np.int32)


def _check_agreement(
    path: pathlib.Path, splits: dict[str, Split], facts: Facts | None, size: int | None
) -> None:
    """Checks that the splits match each other in shape, and the facts and size if given."""
    shape = splits["train"].images.shape[1:]
    columns = splits["train"].labels.shape[1:]
    for name, split in splits.items():
        if split.images.shape[1:] != shape or split.labels.shape[1:] != columns:
            raise UserError(
                f"{path}: {name} has images {split.images.shape[1:]} and labels"
                f" {split.labels.shape[1:]} each, but train has {shape} and {columns}"
            )
    if size is not None and shape[:2] != (size, size):
        raise UserError(f"{path} holds {shape[0]}×{shape[1]} images, but size {size} was asked for")
    if facts is None:
        return
    if shape[2] != facts.channels:
        raise UserError(f"{path} holds images of {shape[2]} channels; needs {facts.channels}")
    needed = (len(facts.classes),) if facts.task == MULTI_LABEL else ()
    if columns != needed:
        raise UserError(f"{path} holds labels of shape {('n', *columns)}; needs {('n', *needed)}")


def _check_classes(path: pathlib.Path, splits: dict[str, Split], facts: Facts | None) -> None:
    """Checks that every label is a class, and that every class has a training image."""
    train = splits["train"].labels
    multi_label = train.ndim == 2
    present = np.flatnonzero(train.any(axis=0)) if multi_label else np.unique(train)
    inferred = train.shape[1] if multi_label else int(train.max()) + 1
    num_classes = len(facts.classes) if facts else inferred
    if num_classes < 2:
        raise UserError(f"{path}: train_labels holds only class 0; needs two classes or more")
    for name, split in splits.items():
        if not multi_label and (label := split.labels.max()) >= num_classes:
            choices = f"choose labels in 0–{num_classes - 1}"
            raise UserError(f"{path}: {name}_labels holds {label}; {choices}")
    if len(present) < num_classes:
        # The first position at which the sorted classes differ from 0, 1, 2, …
        empty = next((i for i, label in enumerate(present) if i != label), len(present))
        label = f" ({facts.classes[empty]})" if facts else ""
        raise UserError(f"{path}: class {empty}{label} has no image in train")
