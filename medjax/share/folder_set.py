"""Sets in a folder with a folder of pictures for each class."""

import pathlib
from collections.abc import Sequence

import numpy as np

from medjax.data import Unreadable, decode_all, file_source
from medjax.data.pictures.listing.names import is_leftover, same_form
from medjax.errors import UserError, printable, unknown

_PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")


def read(path: pathlib.Path, classes: Sequence[str]) -> dict[str, np.ndarray]:
    """Reads the pictures of each class in the order of their names.

    Hidden folders and files, and what systems leave there, are passed over.

    Args:
      path: the folder.
      classes: the names of the classes in label order.

    Returns:
      ``images``, uint8 or float32 0–1, ``[n, h, w, c]``, and ``labels``, ``[n]``.

    Raises:
      UserError: if a folder is no class, or a picture cannot be read or has another shape.
    """
    images, labels = [], []
    folders = sorted(x for x in path.iterdir() if x.is_dir() and not is_leftover(x.name))
    names = [folder.name for folder in folders]
    for folder, label in zip(folders, class_numbers(str(path), names, classes), strict=True):
        for file in sorted(folder.iterdir()):
            if file.suffix.lower() in _PICTURES and not is_leftover(file.name):
                images.append(_read_picture(file))
                labels.append(label)
                if images[-1].shape != images[0].shape:
                    shapes = [list(x.shape) for x in (images[-1], images[0])]
                    raise UserError(f"{file} is {shapes[0]}, but the first picture is {shapes[1]}")
    if not images:
        raise UserError(f"{path} has no folders of pictures by class, such as {path}/0/a.png")
    return {"images": np.stack(images), "labels": np.array(labels)}


def class_numbers(where: str, names: Sequence[str], classes: Sequence[str]) -> list[int]:
    """Returns the class of each name; they are all names of classes, or all numbers.

    Args:
      where: the set in messages.
      names: what the set calls the classes.
      classes: the names of the classes in label order.

    Raises:
      UserError: for any other name.

    Example:
      >>> class_numbers("a.npz", ["cat", "eel"], ["cat", "dog", "eel"])
      [0, 2]
      >>> class_numbers("a.npz", ["0", "2"], ["cat", "dog", "eel"])
      [0, 2]
    """
    # The names of the classes are printable.
    known = {printable(same_form(name)): number for number, name in enumerate(classes)}
    found = [known.get(printable(same_form(name))) for name in names]
    if None not in found:
        return found
    named = found != [None] * len(found)
    numbers = [] if named else [str(number) for number in range(len(classes))]
    for name, number in zip(names, found, strict=True):
        if number is None and name not in numbers:
            choices = [*classes] if named else [*classes, f"0–{len(classes) - 1}"]
            raise unknown(f"class of {where}", name, choices)
    return [int(name) for name in names]


def _read_picture(file: pathlib.Path) -> np.ndarray:
    """Returns a picture ``[h, w, c]``, uint8 or float32 0–1."""
    (result,) = decode_all([file_source(file, file.name)])
    if isinstance(result, Unreadable):
        raise UserError(f"cannot read the picture {file}: {result.reason}")
    pixels: np.ndarray = result[0].shown()
    return pixels[..., None] if pixels.ndim == 2 else pixels
