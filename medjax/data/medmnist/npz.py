"""Reads ``.npz`` files in MedMNIST's layout into splits, and checks everything training relies on.

The layout: ``{train,val,test}_images`` uint8 ``[n, h, w]`` or ``[n, h, w, c]``, and
``{train,val,test}_labels`` integers ``[n]``, ``[n, 1]`` or, multi-label, ``[n, L]``; ``val`` may be
missing. Other arrays of users' own files are read where they can mean one thing. Pickled objects
are refused.
"""

import pathlib
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from medjax.data import splitting
from medjax.data.dataset import Split
from medjax.data.medmnist.registry import SPLITS, Facts
from medjax.data.npz import images as npz_images
from medjax.data.npz import labels as npz_labels
from medjax.data.npz.archive import Archive
from medjax.errors import UserError
from medjax.types import MULTI_LABEL

_GIB = 2**30


class Contents(NamedTuple):
    """What a file contains.

    Attributes:
      splits: ``train``, ``test`` and, if the file has it, ``val`` by name.
      classes: the names of the classes, or the numbers of the findings.
      notes: sentences about what was done to arrays of another form.
    """

    splits: dict[str, Split]
    classes: tuple[str, ...]
    notes: list[str]


def read_splits(
    path: pathlib.Path,
    *,
    facts: Facts | None = None,
    size: int | None = None,
    mapped: Mapping[str, np.ndarray] | None = None,
    raw: bool = False,
) -> Contents:
    """Reads and checks every split of a file.

    Args:
      path: the file.
      facts: the channels, classes and task that the file must match; None for an unknown set.
      size: required side length of the images in pixels; None for any.
      mapped: arrays of the file that are already open, by name; they are not read again.
      raw: whether images may have any real dtype and range, because the preparation sets black and
        white.

    Returns:
      The splits, with uint8 images, or raw ones as they are.

    Raises:
      UserError: if the file is unreadable or has unsuitable contents; the message names the file,
        what was found and what is needed.
    """
    arrays = _read_arrays(path, mapped or {})
    names = [name for name in SPLITS if f"{name}_images" in arrays]
    images, notes = _images(
        path, {f"{name}_images": arrays[f"{name}_images"] for name in names}, raw
    )
    labels = {
        name: npz_labels.flatten(f"{path}: {name}_labels", arrays[f"{name}_labels"])
        for name in names
    }
    for name in names:
        counts = len(images[f"{name}_images"]), len(labels[name])
        if counts[0] != counts[1]:
            raise UserError(f"{path}: {name} has {counts[0]} images but {counts[1]} labels")
    splits = {name: Split(images[f"{name}_images"], labels[name]) for name in names}
    _check_agreement(path, splits, facts, size)
    numbers, classes = _labels(path, labels, facts)
    return Contents(
        {name: Split(s.images, numbers[name]) for name, s in splits.items()}, classes, notes
    )


def large_images(path: pathlib.Path, *, limit: int) -> list[str]:
    """Returns the names of the image arrays that take more bytes than ``limit``, unpacking none.

    Raises:
      UserError: if the file is unreadable, or a large array is not what streams row by row: uint8
        in C order, whose channels are last.
    """
    large = []
    with Archive(path) as archive:
        for name in (f"{split}_images" for split in SPLITS):
            if name not in archive.names or (header := archive.header(name)).nbytes <= limit:
                continue
            axes = npz_images.axes_of(f"{path}: {name}", header.shape)
            if header.dtype != np.uint8 or header.fortran or axes != npz_images.Axes():
                order = " stored by columns" if header.fortran else ""
                raise UserError(
                    f"{path}: {name} is {header.dtype} {header.shape}{order} of "
                    f"{header.nbytes / _GIB:.3g} GiB, above data.stream_above_gib, and only uint8 "
                    "(n, h, w) or (n, h, w, c) streams from disk: save np.ascontiguousarray of "
                    "such images, or raise data.stream_above_gib"
                )
            large.append(name)
    return large


def _read_arrays(path: pathlib.Path, mapped: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Reads the six arrays of a file, or four without ``val``."""
    wanted = [f"{split}_{part}" for split in SPLITS for part in ("images", "labels")]
    with Archive(path) as archive:
        found = sorted(archive.names)
        arrays = {
            key: mapped[key] if key in mapped else archive.read(key)
            for key in wanted
            if key in found
        }
    has_val = "val_images" in arrays or "val_labels" in arrays
    other = [name for name in found if splitting.split_named(name.split("_")[0]) == "val"]
    if other and not has_val:
        raise UserError(f"{path} holds {', '.join(other)}: call them val_images, val_labels")
    missing = [k for k in wanted if k not in arrays and (has_val or not k.startswith("val"))]
    if missing:
        held = ", ".join(found) or "nothing"
        raise UserError(f"{path} lacks {', '.join(missing)}; it holds: {held}")
    return arrays


def _images(
    path: pathlib.Path, arrays: Mapping[str, np.ndarray], raw: bool
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Returns images ``[n, h, w, c]`` by name, and what was done to them."""
    images, notes = {}, []
    for name, array in arrays.items():
        images[name], more = npz_images.arrange(f"{path}: {name}", array)
        notes += more
    if raw:
        for name, array in images.items():
            npz_images.check_real(f"{path}: {name}", array)
    else:
        images, more = npz_images.to_bytes(path, images)
        notes += more
    return images, list(dict.fromkeys(notes))


def _labels(
    path: pathlib.Path, labels: Mapping[str, np.ndarray], facts: Facts | None
) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Returns labels as int32, and the names of the classes, each of which ``train`` has."""
    what = {name: f"{path}: {name}_labels" for name in labels}
    if labels["train"].ndim == 2:
        numbers = {name: npz_labels.read_rows(what[name], rows) for name, rows in labels.items()}
        found = numbers["train"].any(axis=0)
        classes = facts.classes if facts else tuple(map(str, range(len(found))))
    elif facts is None:
        return npz_labels.read_classes(str(path), labels)
    else:
        classes = facts.classes
        numbers = {
            name: npz_labels.read_numbers(what[name], array, classes=classes)
            for name, array in labels.items()
        }
        found = np.bincount(numbers["train"], minlength=len(classes)) > 0
    if not found.all():
        empty = int(np.argmin(found))
        name = f" ({classes[empty]})" if facts else ""
        raise UserError(f"{path}: class {empty}{name} has no image in train")
    return numbers, classes


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
