"""Sets of images from anywhere: an npz as ``synthetic.npz`` is one, or a folder of pictures."""

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
from medjax.data.synthetic import read_arrays
from medjax.errors import UserError, unknown

_BRIGHTEST = 32  # in pixel units; distilled images go beyond 0–1, but not as far as bytes do
_NUMBERS = "fiu"  # kinds of dtypes
_PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")


class ImageSet(NamedTuple):
    """Labelled images to train on.

    Attributes:
      images: float32 ``[n, h, w, c]`` in pixel units, 0–1 nominal.
      labels: int32 ``[n]``; or float32 ``[n, L]``, rows of a multi-label set.
      stats: ``(mean, std)``, each float32 ``[c]``, with which they are to be normalised; ``None``
        where the set does not say.
      whitening: what they are to be taken through instead; ``None`` for nothing.
      step_size: the learning rate learned with them; ``None`` where none was.
    """

    images: np.ndarray
    labels: np.ndarray
    stats: tuple[np.ndarray, np.ndarray] | None
    whitening: Whitening | None = None
    step_size: float | None = None


def read_set(
    path: str | os.PathLike, *, classes: Sequence[str], multi_label: bool = False
) -> ImageSet:
    """Reads a set of images, made here or elsewhere.

    Args:
      path: an npz file with ``images`` (uint8, or floats in pixel units; ``[n, h, w, c]`` or
        ``[n, h, w]``), ``labels`` (whole numbers ``[n]`` or ``[n, 1]``; multi-label, rows
        ``[n, L]`` in 0–1) and perhaps ``mean`` and ``std`` (``[c]``), ``zca`` with its arrays and
        ``step_size`` as ``SharedSet`` has them; or a folder of a folder of pictures for each
        class, named by its number or as in ``classes``.
      classes: names of the classes in label order.
      multi_label: whether an image may have any number of them; then no folder will do.

    Returns:
      The set.

    Raises:
      UserError: for whatever keeps it from being trained on, in one line.

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
            f"{path} is a folder, which names one class an image; give an npz with rows"
        )
    if path.is_dir():
        images, labels = _read_folder(path, classes)
        arrays = {"images": images, "labels": labels}
    elif path.is_file():
        arrays = _read_npz(path)
    else:
        raise UserError(f"there is no file or folder {path}")
    images, labels = arrays["images"], arrays["labels"]
    images = images[..., None] if images.ndim == 3 else images
    if not multi_label and labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    stats = (arrays["mean"], arrays["std"]) if {"mean", "std"} <= set(arrays) else None
    problem_of_labels = _problem_rows if multi_label else _problem_labels
    problem = (
        _problem(images, stats)
        or problem_of_labels(labels, len(images), len(classes))
        or _problem_learned(images, arrays)
    )
    if problem:
        raise UserError(f"{path} is not a set to train on: {problem}")
    if images.dtype == np.uint8:
        images = images / np.float32(255)
    if stats is not None:
        stats = tuple(x.astype(np.float32) for x in stats)
    whitening = step_size = None
    if "zca" in arrays:
        whitening = Whitening(str(arrays["zca"]), arrays["zca_mean"], arrays["zca_matrix"])
    if "step_size" in arrays:
        step_size = float(arrays["step_size"])
    images, labels = (
        images.astype(np.float32),
        labels.astype(np.float32 if multi_label else np.int32),
    )
    return ImageSet(images, labels, stats, whitening, step_size)


def read_preparation(path: str | os.PathLike) -> Preparation:
    """Reads what was done to the real images behind a set, so that it can be done to others.

    Args:
      path: as ``read_set`` takes it.

    Returns:
      The preparation; one without steps for a folder, or where the set does not say.

    Raises:
      UserError: for an npz that cannot be read, or for unknown steps.

    Example:
      >>> import tempfile
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     images = {"images": np.zeros((2, 8, 8), np.uint8), "labels": [0, 1]}
      ...     np.savez(f"{folder}/mine.npz", **images, preparation="resize(8)|rgb")
      ...     print(read_preparation(f"{folder}/mine.npz"))
      resize(size=8, keep_aspect=pad)|rgb|normalize(mode=per_channel)
    """
    path = pathlib.Path(path)
    text = str(_read_npz(path).get("preparation", "")) if path.is_file() else ""
    try:
        return parse_preparation(text)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def _read_npz(path: pathlib.Path) -> dict[str, np.ndarray]:
    arrays = read_arrays(path)
    missing = [name for name in ("images", "labels") if name not in arrays]
    if missing:
        held = ", ".join(arrays) or "nothing"
        raise UserError(f"{path} is not a set to train on: no {missing[0]}, it holds {held}")
    if ("mean" in arrays) != ("std" in arrays):
        raise UserError(f"{path} is not a set to train on: it has one of mean and std, not both")
    return arrays


def _problem(images, stats) -> str | None:
    """Says what is wrong with a set, if anything is."""
    if images.ndim != 4 or not images.size:
        return f"images must be [n, h, w, c] with n > 0, got {list(images.shape)}"
    if images.dtype != np.uint8 and not np.issubdtype(images.dtype, np.floating):
        return f"images must be uint8 or floating, got {images.dtype}"
    if not np.isfinite(images).all():
        return "images have values that are not finite"
    if images.dtype != np.uint8 and np.abs(images).max() > _BRIGHTEST:
        return f"floating images are in 0–1, these reach {np.abs(images).max():g}: divide by 255"
    for name, values in zip(("mean", "std"), stats or (), strict=False):
        if values.shape != images.shape[3:]:
            return f"{name} must be [{images.shape[3]}], got {list(values.shape)}"
        if values.dtype.kind not in _NUMBERS:
            return f"{name} must be numbers, got {values.dtype}"
        if not np.isfinite(values).all() or (name == "std" and not (values > 0).all()):
            return f"{name} must be finite{' and positive' if name == 'std' else ''}"
    return None


def _problem_labels(labels, count: int, num_classes: int) -> str | None:
    if labels.shape != (count,):
        return f"labels must be [n] with n = {count}, got {list(labels.shape)}"
    if not np.issubdtype(labels.dtype, np.integer):
        return f"labels must be whole numbers, got {labels.dtype}"
    if labels.min() < 0 or labels.max() >= num_classes:
        return f"labels must lie in 0–{num_classes - 1}, got {labels.min()}–{labels.max()}"
    return None


def _problem_rows(labels, count: int, num_labels: int) -> str | None:
    if labels.shape != (count, num_labels):
        return f"labels must be rows, {[count, num_labels]}, got {list(labels.shape)}"
    if labels.dtype.kind not in "iubf" or not ((labels >= 0) & (labels <= 1)).all():
        return "label rows must lie in 0–1"
    return None


def _problem_learned(images, arrays: dict[str, np.ndarray]) -> str | None:
    """Says what is wrong with what comes with the images, if anything is."""
    size = int(np.prod(images.shape[1:]))
    if "zca" in arrays:
        for name, shape in {"zca_mean": (size,), "zca_matrix": (size, size)}.items():
            array = arrays.get(name, np.zeros(0))
            wrong = array.shape != shape or array.dtype.kind not in _NUMBERS
            if wrong or not np.isfinite(array).all():
                return f"{name} must be finite, {list(shape)}"
    step_size = arrays.get("step_size", np.ones(()))
    number = not step_size.shape and step_size.dtype.kind in _NUMBERS
    if not number or not 0 < step_size < np.inf:
        return f"step_size must be a positive number, got {step_size.tolist()!r}"
    return None


def _read_folder(path: pathlib.Path, classes: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Pictures by class; each class's in the order of their names."""
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
        raise UserError(f"{path} has no pictures in folders by class, as in {path}/0/a.png")
    return np.stack(images), np.array(labels)


def _labels(folders: Sequence[pathlib.Path], classes: Sequence[str]) -> list[int]:
    """The class of each folder: all are names, or all are numbers."""
    names = [folder.name for folder in folders]
    if all(name in classes for name in names):
        return [list(classes).index(name) for name in names]
    named = any(name in classes for name in names)
    numbers = [] if named else [str(number) for number in range(len(classes))]
    for folder in folders:
        if folder.name not in (classes if named else numbers):
            choices = [*classes] if named else [*classes, f"0–{len(classes) - 1}"]
            raise unknown(f"class of {folder.parent}", folder.name, choices)
    return [int(name) for name in names]


def _read_picture(file: pathlib.Path) -> np.ndarray:
    """uint8 or float32 0–1, ``[h, w, c]``."""
    (result,) = decode_all([file_source(file, file.name)])
    if isinstance(result, Unreadable):
        raise UserError(f"cannot read the picture {file}: {result.reason}")
    pixels = result[0].shown()
    return pixels[..., None] if pixels.ndim == 2 else pixels
