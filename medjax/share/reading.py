"""Sets of images from any source: an npz like ``synthetic.npz``, or a folder of pictures."""

import os
import pathlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from medjax.data import (
    Preparation,
    Unreadable,
    Whitening,
    decode_all,
    file_source,
    parse_preparation,
)
from medjax.data.synthetic_npz import read_arrays
from medjax.errors import UserError, printable, unknown

_BRIGHTEST = 32  # in pixel units; distilled images exceed 0–1, but by less than bytes do
_NUMBERS = "fiu"  # kinds of dtypes
_PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")


class ImageSet(NamedTuple):
    """Labelled images to train on.

    Attributes:
      images: float32 ``[n, h, w, c]`` in pixel units, 0–1 nominal.
      labels: int32 ``[n]``; or float32 ``[n, L]``, rows of a multi-label set.
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


def read_set(
    path: str | os.PathLike[str], *, classes: Sequence[str], multi_label: bool = False
) -> ImageSet:
    """Reads a set of images from medjax or another source.

    Args:
      path: an npz file with ``images`` (uint8, or floats in pixel units; ``[n, h, w, c]`` or
        ``[n, h, w]``), ``labels`` (whole numbers ``[n]`` or ``[n, 1]``; multi-label, rows
        ``[n, L]`` in 0–1) and optionally ``mean`` and ``std`` (``[c]``), ``zca`` with its arrays
        and ``step_size``, as in ``SharedSet``; or a folder with a folder of pictures for each
        class, named by the class or its number.
      classes: names of the classes in label order.
      multi_label: whether an image may have several classes, which needs an npz file.

    Returns:
      The set.

    Raises:
      UserError: if networks cannot train on the set.

    Example:
      >>> import tempfile
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     np.savez(f"{folder}/mine.npz", images=np.zeros((2, 4, 4), np.uint8), labels=[0, 1])
      ...     read_set(f"{folder}/mine.npz", classes=["a", "b"]).images.shape
      (2, 4, 4, 1)
    """
    path = pathlib.Path(path)
    if path.is_dir() and multi_label:
        raise UserError(
            f"{path} is a folder, which gives each image one class; a multi-label set needs an npz"
        )
    if not path.is_dir() and not path.is_file():
        raise UserError(f"there is no file or folder {path}")
    arrays = _read_folder(path, classes) if path.is_dir() else _read_npz(path)
    images, labels = arrays["images"], arrays["labels"]
    images = images[..., None] if images.ndim == 3 else images
    if not multi_label and labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    problem_of_labels = _problem_rows if multi_label else _problem_labels
    problem = (
        _problem(images, arrays)
        or problem_of_labels(labels, len(images), len(classes))
        or _problem_learned(images, arrays)
    )
    if problem:
        raise UserError(f"cannot train on {path}: {problem}")
    if images.dtype == np.uint8:
        images = images / np.float32(255)
    images = images.astype(np.float32)
    labels = labels.astype(np.float32 if multi_label else np.int32)
    stats = whitening = step_size = None
    if "mean" in arrays:
        stats = (arrays["mean"].astype(np.float32), arrays["std"].astype(np.float32))
    if "zca" in arrays:
        whitening = Whitening(str(arrays["zca"]), arrays["zca_mean"], arrays["zca_matrix"])
    if "step_size" in arrays:
        step_size = float(arrays["step_size"])
    return ImageSet(images, labels, stats, whitening, step_size)


def read_preparation(path: str | os.PathLike[str]) -> Preparation:
    """Reads how the real images behind a set were prepared, so that others can be prepared alike.

    Args:
      path: an npz file or a folder, as for ``read_set``.

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
    arrays = read_arrays(path, names=("preparation",)) if path.is_file() else {}
    text = str(arrays.get("preparation", ""))
    try:
        return parse_preparation(text)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def _read_npz(path: pathlib.Path) -> dict[str, np.ndarray]:
    arrays = read_arrays(path)
    missing = [name for name in ("images", "labels") if name not in arrays]
    if missing:
        found = ", ".join(arrays) or "none"
        raise UserError(f"cannot train on {path}: it has no {missing[0]}; its arrays: {found}")
    if ("mean" in arrays) != ("std" in arrays):
        raise UserError(f"cannot train on {path}: it has only one of mean and std")
    return arrays


def _problem(images: np.ndarray, arrays: dict[str, np.ndarray]) -> str | None:
    """Returns a fault of the images or their statistics, if there is one."""
    if images.ndim != 4 or not images.size:
        return f"images must be [n, h, w, c] with n > 0, got {list(images.shape)}"
    if images.dtype != np.uint8 and not np.issubdtype(images.dtype, np.floating):
        return f"images must be uint8 or floating, got {images.dtype}"
    if not np.isfinite(images).all():
        return "images have values that are not finite"
    if images.dtype != np.uint8 and np.abs(images).max() > _BRIGHTEST:
        return f"floats must be in 0–1, but reach {np.abs(images).max():g}; divide by 255"
    for name, values in ((name, arrays[name]) for name in ("mean", "std") if name in arrays):
        if values.shape != images.shape[3:]:
            return f"{name} must be [{images.shape[3]}], got {list(values.shape)}"
        if values.dtype.kind not in _NUMBERS:
            return f"{name} must be numbers, got {values.dtype}"
        if not np.isfinite(values).all() or (name == "std" and not (values > 0).all()):
            return f"{name} must be finite{' and positive' if name == 'std' else ''}"
    return None


def _problem_labels(labels: np.ndarray, count: int, num_classes: int) -> str | None:
    if labels.shape != (count,):
        return f"labels must be [n] with n = {count}, got {list(labels.shape)}"
    if not np.issubdtype(labels.dtype, np.integer):
        return f"labels must be whole numbers, got {labels.dtype}"
    if labels.min() < 0 or labels.max() >= num_classes:
        return f"labels must lie in 0–{num_classes - 1}, got {labels.min()}–{labels.max()}"
    return None


def _problem_rows(labels: np.ndarray, count: int, num_labels: int) -> str | None:
    if labels.shape != (count, num_labels):
        return f"labels must be rows of shape {[count, num_labels]}, got {list(labels.shape)}"
    if labels.dtype.kind not in "iubf" or not ((labels >= 0) & (labels <= 1)).all():
        return "label rows must lie in 0–1"
    return None


def _problem_learned(images: np.ndarray, arrays: dict[str, np.ndarray]) -> str | None:
    """Returns a fault of the whitening or the step size, if there is one."""
    size = int(np.prod(images.shape[1:]))
    if "zca" in arrays:
        for name, shape in {"zca_mean": (size,), "zca_matrix": (size, size)}.items():
            array = arrays.get(name, np.zeros(0))
            wrong = array.shape != shape or array.dtype.kind not in _NUMBERS
            if wrong or not np.isfinite(array).all():
                return f"{name} must be finite numbers {list(shape)}"
    step_size = arrays.get("step_size", np.ones(()))
    number = not step_size.shape and step_size.dtype.kind in _NUMBERS
    if not number or not 0 < step_size < np.inf:
        return f"step_size must be a positive number, got {step_size.tolist()!r}"
    return None


def _read_folder(path: pathlib.Path, classes: Sequence[str]) -> dict[str, np.ndarray]:
    """Reads the pictures of each class in the order of their names."""
    images, labels = [], []
    folders = sorted(entry for entry in path.iterdir() if entry.is_dir())
    for folder, label in zip(folders, _labels(folders, classes), strict=True):
        for file in sorted(folder.iterdir()):
            if file.suffix.lower() in _PICTURES:
                images.append(_read_picture(file))
                labels.append(label)
                if images[-1].shape != images[0].shape:
                    shapes = [list(x.shape) for x in (images[-1], images[0])]
                    raise UserError(f"{file} is {shapes[0]}, but the first picture is {shapes[1]}")
    if not images:
        raise UserError(f"{path} has no folders of pictures by class, such as {path}/0/a.png")
    return {"images": np.stack(images), "labels": np.array(labels)}


def _labels(folders: Sequence[pathlib.Path], classes: Sequence[str]) -> list[int]:
    """Returns the class of each folder; the folders are all named, or all numbered."""
    names = [printable(folder.name) for folder in folders]
    if all(name in classes for name in names):
        return [list(classes).index(name) for name in names]
    named = any(name in classes for name in names)
    numbers = [] if named else [str(number) for number in range(len(classes))]
    for folder, name in zip(folders, names, strict=True):
        if name not in (classes if named else numbers):
            choices = [*classes] if named else [*classes, f"0–{len(classes) - 1}"]
            raise unknown(f"class of {folder.parent}", name, choices)
    return [int(name) for name in names]


def _read_picture(file: pathlib.Path) -> np.ndarray:
    """Returns a picture ``[h, w, c]``, uint8 or float32 0–1."""
    (result,) = decode_all([file_source(file, file.name)])
    if isinstance(result, Unreadable):
        raise UserError(f"cannot read the picture {file}: {result.reason}")
    pixels: np.ndarray = result[0].shown()
    return pixels[..., None] if pixels.ndim == 2 else pixels
