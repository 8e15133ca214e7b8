"""Sets in a folder with a folder of pictures for each class."""

import pathlib
from collections.abc import Sequence

import numpy as np

from medjax.data import Unreadable, decode_all, file_source
from medjax.data.class_names import same_form
from medjax.data.pictures import decoding
from medjax.data.pictures.listing.file_names import counted, is_leftover, kind
from medjax.data.pictures.listing.walking import walk
from medjax.data.pictures.picture import Picture
from medjax.errors import UserError, printable, unknown


def read(path: pathlib.Path, classes: Sequence[str]) -> tuple[dict[str, np.ndarray], list[str]]:
    """Reads the pictures of each class in the order of their names.

    Hidden folders and files, and what systems leave there, are passed over.

    Args:
      path: the folder.
      classes: the names of the classes in label order.

    Returns:
      ``(arrays, notes)``: ``images``, uint8 or float32 0–1, ``[n, h, w, c]``, and ``labels``,
      ``[n]``; and a sentence about the files that are not read, if there are any.

    Raises:
      UserError: if a folder is no class, or a picture cannot be read or has another shape.
    """
    folders = sorted(x.name for x in path.iterdir() if x.is_dir() and not is_leftover(x.name))
    label = dict(zip(folders, class_numbers(str(path), folders, classes), strict=True))
    # A licence or a table beside the folders is no part of the set.
    below = walk(path)
    pictures = set(decoding.pictures_among(path, [x for x in below if x.count("/") < 2]))
    files = [x for x in below if "/" in x or x in pictures]
    found = sorted(x.split("/") for x in pictures if x.count("/") == 1)
    if not found:
        raise UserError(f"{path} has no folders of pictures by class, such as {path}/0/a.png")
    images = _decoded([path.joinpath(*parts) for parts in found])
    unread = sorted({*files} - {*map("/".join, found)})
    notes = [f"{len(unread)} of its files are not read: {counted(map(kind, unread))}"] * bool(
        unread
    )
    return {"images": images, "labels": np.array([label[top] for top, _ in found])}, notes


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


def _decoded(files: Sequence[pathlib.Path]) -> np.ndarray:
    """Returns pictures of one shape, ``[n, h, w, c]``, uint8, or float32 0–1 if any is deeper."""
    images: list[np.ndarray] = []
    sources = [file_source(file, str(file)) for file in files]
    for file, result in zip(files, decode_all(sources, then=Picture.shown), strict=True):
        if isinstance(result, Unreadable):
            raise UserError(f"cannot read the picture {file}: {result.reason}")
        if len(result) > 1:
            raise UserError(f"{file} holds {len(result)} pictures; needs one")
        images.append(result[0][..., None] if result[0].ndim == 2 else result[0])
        if images[-1].shape != images[0].shape:
            shapes = [list(x.shape) for x in (images[-1], images[0])]
            raise UserError(f"{file} is {shapes[0]}, but the first picture is {shapes[1]}")
    if any(image.dtype != np.uint8 for image in images):
        white = np.float32(255)
        images = [x / white if x.dtype == np.uint8 else x for x in images]
    return np.stack(images)
