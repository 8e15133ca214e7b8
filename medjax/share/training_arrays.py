"""Arrays of a set that networks train on: pixels, labels, and what was learned with them."""

from collections.abc import Mapping, Sequence

import numpy as np

from medjax.data import Whitening, are_probabilities
from medjax.data.npz import images as npz_images
from medjax.data.npz import labels as npz_labels
from medjax.errors import UserError
from medjax.share.folder_set import class_numbers

_BRIGHTEST = 32  # in pixel units; distilled images exceed 0–1, but by less than bytes do
_NUMBERS = "fiu"  # kinds of dtypes
_SOFT = (
    "its labels are rows of probabilities, on which networks train by soft cross entropy; learners "
    "of scikit-learn take labels.argmax(axis=1)"
)


def pixels(arrays: Mapping[str, np.ndarray]) -> tuple[np.ndarray, list[str]]:
    """Returns the images in pixel units.

    Args:
      arrays: ``images``, and perhaps ``mean`` and ``std``.

    Returns:
      ``(images, notes)``: float32 ``[n, h, w, c]``, and sentences about how they were taken.

    Raises:
      UserError: if networks cannot train on them, or the statistics do not fit.

    Example:
      >>> images, notes = pixels({"images": np.full((1, 2, 2), 255, np.uint8)})
      >>> images.shape, float(images.max()), notes
      ((1, 2, 2, 1), 1.0, [])
    """
    images, notes = arrays["images"], []
    # The statistics of a distilled set say where its channels are, in images of any size.
    stats = arrays.get("mean", np.zeros(()))
    if images.ndim != 4 or not images.size or images.shape[3:] != stats.shape:
        images, notes = npz_images.arrange("images", images)
    npz_images.check_real("images", images)
    _check_stats(arrays, images.shape[3:])
    low, high = float(images.min()), float(images.max())
    if images.dtype == np.uint8:
        return images / np.float32(255), notes
    if images.dtype.kind != "f":
        if not 0 <= low <= high <= 255:
            raise UserError(f"whole numbers must be in 0–255, but go from {low:g} to {high:g}")
        white = 1 if high <= 1 else 255
        notes.append(f"its images are {images.dtype}, and are read as 0–{white}")
        return images.astype(np.float32) / np.float32(white), notes
    if max(-low, high) > _BRIGHTEST:
        raise UserError(f"floats must be in 0–1, but reach {max(-low, high):g}; divide by 255")
    half = 0.5 / 255
    if "mean" not in arrays and not (-half <= low and high <= 1 + half):
        notes.append(
            f"its images go from {low:.3g} to {high:.3g} and have no mean and std: they are taken "
            "as pixels, of which 0 is black and 1 is white; if they are normalised, save "
            "images * std + mean, or mean and std beside such pixels"
        )
    return images.astype(np.float32), notes


def training_labels(
    labels: np.ndarray,
    count: int,
    *,
    classes: Sequence[str],
    multi_label: bool,
    numbered: bool = False,
) -> tuple[np.ndarray, list[str]]:
    """Returns the labels as networks take them.

    Args:
      labels: as for ``share.read_set``.
      count: the number of images.
      classes: names of the classes in label order.
      multi_label: whether an image may have several classes.
      numbered: whether numbers are known to count the classes from 0, and are no names of them.

    Returns:
      ``(labels, notes)``: int32 ``[n]``, or float32 rows ``[n, L]``, of a multi-label set or of
      probabilities; and sentences about how they were taken.

    Raises:
      UserError: for other labels, or numbers that may be names of other classes.

    Example:
      >>> training_labels(np.eye(2), 2, classes=["a", "b"], multi_label=False)[0].tolist()
      [0, 1]
    """
    if multi_label:
        if labels.shape != (count, len(classes)):
            shape = [count, len(classes)]
            raise UserError(f"labels must be rows of shape {shape}, got {list(labels.shape)}")
        if labels.dtype.kind not in "iubf" or not ((labels >= 0) & (labels <= 1)).all():
            raise UserError("label rows must lie in 0–1")
        return labels.astype(np.float32), []
    if labels.size == count:  # also [n, 1], and a row for each class
        labels = labels.ravel()
    labels = npz_labels.flatten("labels", labels)
    if len(labels) != count:
        raise UserError(f"labels must be [n] with n = {count}, got {list(labels.shape)}")
    notes = []
    if labels.ndim == 2:
        rows, numbered = _checked_rows(labels, len(classes)), True
        if not ((rows == 0) | (rows == 1)).all():
            return rows.astype(np.float32), [_SOFT]
        labels = rows.argmax(axis=1)
        notes.append("its labels are one-hot rows, and are read as labels.argmax(axis=1)")
    names, places = npz_labels.distinct("labels", labels)
    if labels.dtype.kind in "US":
        numbers = class_numbers("labels", names, classes)
    else:
        numbers = [int(name) for name in names]
        if not 0 <= min(numbers) <= max(numbers) < len(classes):
            if not set(names) <= set(classes):
                ends = f"{min(numbers)}–{max(numbers)}"
                raise UserError(f"labels must lie in 0–{len(classes) - 1}, got {ends}")
            numbers = class_numbers("labels", names, classes)
            notes.append("its labels are read as names of classes")
        elif not numbered and set(names) <= set(classes):
            _check_one_meaning(names, numbers, classes)
    return np.array(numbers, np.int32)[places], notes


def learned(
    images: np.ndarray, arrays: Mapping[str, np.ndarray]
) -> tuple[Whitening | None, float | None]:
    """Returns the whitening and the step size that were learned with images, if there are any.

    Args:
      images: ``[n, h, w, c]``.
      arrays: perhaps ``zca`` with ``zca_mean`` and ``zca_matrix``, and ``step_size``.

    Raises:
      UserError: if they do not fit the images.

    Example:
      >>> learned(np.zeros((1, 2, 2, 1)), {"step_size": np.array(0.5)})
      (None, 0.5)
    """
    size, whitening = int(np.prod(images.shape[1:])), None
    if "zca" in arrays:
        for name, shape in {"zca_mean": (size,), "zca_matrix": (size, size)}.items():
            array = arrays.get(name, np.zeros(0))
            wrong = array.shape != shape or array.dtype.kind not in _NUMBERS
            if wrong or not np.isfinite(array).all():
                raise UserError(f"{name} must be finite numbers {list(shape)}")
        whitening = Whitening(str(arrays["zca"]), arrays["zca_mean"], arrays["zca_matrix"])
    step_size = arrays.get("step_size", np.ones(()))
    number = not step_size.shape and step_size.dtype.kind in _NUMBERS
    if not number or not 0 < step_size < np.inf:
        raise UserError(f"step_size must be a positive number, got {step_size.tolist()!r}")
    return whitening, float(step_size) if "step_size" in arrays else None


def _check_one_meaning(
    names: Sequence[str], numbers: Sequence[int], classes: Sequence[str]
) -> None:
    """Refuses numbers that are names of other classes than of those that they count."""
    counted = [classes[number] for number in numbers]
    if counted != list(names):
        raise UserError(
            f"labels {', '.join(names)} may be the classes of these names, or count the classes "
            f"from 0, which makes them {', '.join(counted)}: save labels.astype(str) for names, "
            f"or numpy.eye({len(classes)})[labels] for numbers from 0"
        )


def _check_stats(arrays: Mapping[str, np.ndarray], channels: tuple[int, ...]) -> None:
    """Checks the mean and the standard deviation of each channel."""
    for name, values in ((name, arrays[name]) for name in ("mean", "std") if name in arrays):
        if values.shape != channels:
            raise UserError(f"{name} must be {list(channels)}, got {list(values.shape)}")
        if values.dtype.kind not in _NUMBERS:
            raise UserError(f"{name} must be numbers, got {values.dtype}")
        if not np.isfinite(values).all() or (name == "std" and not (values > 0).all()):
            raise UserError(f"{name} must be finite{' and positive' if name == 'std' else ''}")


def _checked_rows(labels: np.ndarray, num_classes: int) -> np.ndarray:
    """Returns rows of probabilities, such as rows with a single 1, after checking them."""
    if labels.shape[1] != num_classes or labels.dtype.kind not in "iubf":
        found = f"rows of {labels.shape[1]}, {labels.dtype}"
        raise UserError(f"labels must be numbers [n] of {num_classes} classes, got {found}")
    if not are_probabilities(labels):
        raise UserError(
            "labels are rows of scores or findings, which are no probabilities of classes: a row "
            "has to be 0 or more, with a sum of 1; save labels.argmax(axis=1), or softmax(labels)"
        )
    return labels
