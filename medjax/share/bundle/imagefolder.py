"""Pictures by class, with a table of their labels: the layout ``imagefolder`` of Hugging Face."""

import csv
import io
from collections.abc import Sequence

import numpy as np

from medjax import data
from medjax.errors import UserError
from medjax.share.archive import names
from medjax.share.bundle import png

_TABLE = "metadata.csv"
_UNSORTED = "images"  # of a set whose images have several labels
_FORMULA = ("=", "+", "-", "@")  # what a spreadsheet computes instead of showing it


def entries(
    images: np.ndarray, labels: np.ndarray, *, classes: Sequence[str], multi_label: bool
) -> dict[str, bytes]:
    """Returns the files of a set.

    ``CLASS/NNNN.png`` are the images, and ``metadata.csv`` has a row for each in the order of the
    set: ``file_name``; ``label``, the number of the class, and ``class``, its name, after an
    apostrophe where a spreadsheet would take it for a formula; for rows of labels ``label: NAME``
    for each class. The folders are called as the classes, or by their
    numbers if a file system could refuse a name. Multi-label images lie in one folder.

    Args:
      images: float ``[n, h, w, c]`` in pixel units.
      labels: int ``[n]``; or rows ``[n, L]`` of a multi-label set, or of probabilities.
      classes: the names of the classes in label order.
      multi_label: whether an image may have several classes.

    Returns:
      The bytes of each file by its path.

    Example:
      >>> images, names = np.zeros((2, 4, 4, 1)), ["benign", "malignant"]
      >>> files = entries(images, np.array([1, 0]), classes=names, multi_label=False)
      >>> [*files]
      ['malignant/0000.png', 'benign/0000.png', 'metadata.csv']
      >>> print(files["metadata.csv"].decode())
      file_name,label,class
      malignant/0000.png,1,malignant
      benign/0000.png,0,benign
      <BLANKLINE>
    """
    numbers = None if multi_label else class_of_each(labels)
    folders = [_UNSORTED] if numbers is None else folder_names(classes)
    places = np.zeros(len(images), int) if numbers is None else numbers
    counts, files, rows = dict.fromkeys(folders, 0), {}, []
    for image, place, row in zip(data.to_uint8(images), places, labels, strict=True):
        folder = folders[place]
        name = f"{folder}/{counts[folder]:04d}.png"
        counts[folder] += 1
        files[name] = png.encode(image)
        named = [] if numbers is None else [int(place), _cell(classes[place])]
        rows.append([name, *named, *(map(_number, row) if labels.ndim == 2 else [])])
    title = ["file_name", *([] if numbers is None else ["label", "class"])]
    title += [f"label: {name}" for name in classes] if labels.ndim == 2 else []
    return files | {_TABLE: _csv([title, *rows])}


def folder_names(classes: Sequence[str]) -> list[str]:
    """Returns a folder for each class: its name, or, if one is no name of a folder, its number.

    Args:
      classes: the names of the classes in label order.

    Example:
      >>> folder_names(["benign", "malignant"]), folder_names(["left/right", "none"])
      (['benign', 'malignant'], ['0', '1'])
    """
    try:
        for name in classes:
            if "/" in name or name.startswith(_FORMULA):
                raise UserError(f"{name!r} is no name of a folder")
            names.decoded(f"train/{name}/0000.png".encode())
        names.check_together(sorted([_TABLE, *(f"{name}/0000.png" for name in classes)]))
    except UserError:
        return [str(number) for number in range(len(classes))]
    return list(classes)


def class_of_each(labels: np.ndarray) -> np.ndarray:
    """Returns the class of each image, of rows of probabilities the most probable one.

    Args:
      labels: int ``[n]``, or rows ``[n, L]`` of probabilities.
    """
    return labels if labels.ndim == 1 else labels.argmax(axis=1)


def _cell(name: str) -> str:
    return f"'{name}" if name.startswith(_FORMULA) else name


def _number(value: np.floating) -> str:
    """Writes 1.0 as 1, and other numbers so that float32 reads them back."""
    return f"{value:.9g}"


def _csv(rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
