"""Sets of images from any source: a bundle, an npz, a file of torch, a folder."""

import os
import pathlib
import warnings
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from medjax.data import Preparation, Whitening, parse_preparation, to_uint8
from medjax.data.npz.archive import Archive, read_arrays
from medjax.data.npz.kinds import is_torch
from medjax.errors import UserError, some
from medjax.share import folder_set, torch_file
from medjax.share.bundle.reading import is_bundle, read_bundle
from medjax.share.training_arrays import learned, pixels, training_labels

# What others call the two arrays; the first of the names that a file has is read.
_IMAGES = ("images", "image_syn", "images_train", "train_images", "x_train", "x", "data", "arr_0")
_LABELS = ("labels", "label_syn", "labels_train", "train_labels", "y_train", "y", "targets")
_LABELS += ("arr_1",)
_LISTED = 10
_OURS = {"mean", "std", "images_uint8"}  # a file with all of them is written by medjax
_LEARNED = ("mean", "std", "zca", "zca_mean", "zca_matrix", "step_size")


class ImageSet(NamedTuple):
    """Labelled images to train on.

    Attributes:
      images: float32 ``[n, h, w, c]`` in pixel units, 0–1 nominal.
      labels: int32 ``[n]``; or float32 ``[n, L]``, rows of a multi-label set, or probabilities of
        classes that exclude each other.
      stats: ``(mean, std)``, each float32 ``[c]``, which normalise the images; ``None`` if the set
        does not contain them.
      whitening: the whitening that replaces this normalisation, or ``None``.
      step_size: the learning rate that was learned with the images, or ``None``.
    """

    images: np.ndarray
    labels: np.ndarray
    stats: tuple[np.ndarray, np.ndarray] | None
    whitening: Whitening | None = None
    step_size: float | None = None

    def rounded(self) -> "ImageSet":
        """Returns the set with images of 8 bits, as PNG files hold them: clipped to 0–1."""
        return self._replace(images=to_uint8(self.images) / np.float32(255))


def read_set(
    path: str | os.PathLike[str], *, classes: Sequence[str], multi_label: bool = False
) -> ImageSet:
    """Reads a set of images from medjax or another source.

    Args:
      path: a bundle, or the folder that one was unpacked to; an npz file, or a file of torch with a
        dict of tensors, with ``images`` (uint8, or floats in pixel units; ``[n, h, w, c]``,
        ``[n, c, h, w]`` or ``[n, h, w]``), ``labels`` (whole numbers or class names ``[n]`` or
        ``[n, 1]``, or rows of probabilities, such as one-hot ones; multi-label, rows ``[n, L]`` in
        0–1) and optionally ``mean`` and ``std`` (``[c]``), ``zca`` with its arrays and
        ``step_size``, as in ``SharedSet``; or a folder with a folder of pictures for each class,
        named by the class or its number.
      classes: names of the classes in label order.
      multi_label: whether an image may have several classes, which needs a file.

    Returns:
      The set.

    Raises:
      UserError: if networks cannot train on the set.

    Warns:
      UserWarning: if something was taken in a way that may not be meant, such as floats outside
        0–1 without ``mean`` and ``std``.

    Example:
      >>> import tempfile
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     np.savez(f"{folder}/mine.npz", images=np.zeros((2, 4, 4), np.uint8), labels=[0, 1])
      ...     read_set(f"{folder}/mine.npz", classes=["a", "b"]).images.shape
      (2, 4, 4, 1)
    """
    path = pathlib.Path(path)
    arrays, notes, numbered = _arrays(path, classes, multi_label)
    try:
        images, more = pixels(arrays)
        labels, others = training_labels(
            arrays["labels"],
            len(images),
            classes=classes,
            multi_label=multi_label,
            numbered=numbered,
        )
        whitening, step_size = learned(images, arrays)
    except UserError as error:
        raise UserError(f"cannot train on {path}: {error}") from error
    for note in (*notes, *more, *others):
        warnings.warn(f"{path}: {note}", UserWarning, stacklevel=2)
    stats = None
    if "mean" in arrays:
        stats = (arrays["mean"].astype(np.float32), arrays["std"].astype(np.float32))
    return ImageSet(images, labels, stats, whitening, step_size)


def read_preparation(path: str | os.PathLike[str]) -> Preparation:
    """Reads how the real images behind a set were prepared, so that others can be prepared alike.

    Args:
      path: a file or a folder, as for ``read_set``.

    Returns:
      The preparation; it has no steps for a folder, or if the set does not contain it.

    Raises:
      UserError: for an npz that cannot be read, or unknown steps.

    Example:
      >>> import tempfile
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     images = {"images": np.zeros((2, 8, 8), np.uint8), "labels": [0, 1]}
      ...     np.savez(f"{folder}/mine.npz", **images, preparation="resize(8)|rgb")
      ...     print(read_preparation(f"{folder}/mine.npz"))
      resize(size=8, keep_aspect=pad)|rgb|normalize(mode=per_channel)
    """
    path = pathlib.Path(path)
    if is_bundle(path):
        return parse_preparation(read_bundle(path).card["data"]["preparation"])
    is_npz = path.is_file() and not is_torch(path)
    arrays = read_arrays(path, names=("preparation",)) if is_npz else {}
    text = str(arrays.get("preparation", ""))
    try:
        return parse_preparation(text)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def _arrays(
    path: pathlib.Path, classes: Sequence[str], multi_label: bool
) -> tuple[dict[str, np.ndarray], list[str], bool]:
    """Returns the arrays of a set by the names in ``SharedSet``, and what is to be said of them.

    The last result is whether the labels are known to count the classes from 0.
    """
    if is_bundle(path):
        arrays = read_bundle(path).shared._asdict()
        known = ("images", "labels", *_LEARNED)
        return {x: np.asarray(arrays[x]) for x in known if arrays[x] is not None}, [], True
    if path.is_dir() and multi_label:
        raise UserError(
            f"{path} is a folder, which gives each image one class; a multi-label set needs an npz"
        )
    if path.is_dir():
        return (*folder_set.read(path, classes), True)
    if not path.is_file():
        raise UserError(f"there is no file or folder {path}")
    if is_torch(path):
        found, notes = torch_file.read(path)
        held = list(found)
        names = _names(path, held)
    else:
        with Archive(path) as archive:
            held, notes = archive.names, []
            names = _names(path, held)
            found = {name: archive.read(name) for name in names.values()}
    if (names["images"], names["labels"]) != ("images", "labels"):
        notes.append(f"its images and labels are read from {names['images']}, {names['labels']}")
    if ("mean" in names) != ("std" in names):
        raise UserError(f"cannot train on {path}: it has only one of mean and std")
    return {key: found[name] for key, name in names.items()}, notes, set(held) >= _OURS


def _names(path: pathlib.Path, held: Sequence[str]) -> Mapping[str, str]:
    """Returns the names in a file of the arrays that are read."""
    names = {}
    by_lower = {name.lower(): name for name in held}
    for key, choices in {"images": _IMAGES, "labels": _LABELS}.items():
        name = next((by_lower[choice] for choice in choices if choice in by_lower), None)
        if name is None:
            found = some(held, most=_LISTED) or "none"
            raise UserError(f"cannot train on {path}: it has no {key}; its arrays: {found}")
        names[key] = name
    return names | {name: name for name in _LEARNED if name in held}
