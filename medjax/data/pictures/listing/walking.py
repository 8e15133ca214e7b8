"""Lists the files below a folder."""

import os
import pathlib

from medjax.data.pictures.listing.file_names import is_leftover
from medjax.errors import UserError


def walk(folder: pathlib.Path) -> list[str]:
    """Lists all files below a folder, without leftovers.

    Links to folders are followed, unless they lead back to a folder that holds them.

    Args:
      folder: the folder.

    Returns:
      The paths relative to the folder, with forward slashes, in order.

    Raises:
      UserError: if a folder cannot be read.
    """
    found = []
    left = [("", os.path.realpath(folder), ())]
    while left:
        prefix, real, above = left.pop()
        above = (*above, real)
        try:
            with os.scandir(folder / prefix) as entries:
                children = [entry for entry in entries if not is_leftover(entry.name)]
        except OSError as error:
            raise UserError(f"cannot read {error.filename}: {error.strerror}") from error
        for entry in children:
            if not _is_folder(entry):
                found.append(prefix + entry.name)
                continue
            target = os.path.join(real, entry.name)
            if entry.is_symlink():
                target = os.path.realpath(target)
                if any(_holds(target, place) for place in above):
                    continue
            left.append((f"{prefix}{entry.name}/", target, above))
    return sorted(found)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _holds(folder: str, place: str) -> bool:
    return place == folder or place.startswith(folder.rstrip(os.sep) + os.sep)
