"""Reads a bundle, packed or unpacked, or a ``synthetic.npz`` alone."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from medjax import data
from medjax.errors import UserError
from medjax.share import archive
from medjax.share.archive.contents import check_entry
from medjax.share.archive.refused import RefusedError
from medjax.share.bundle import card as cards
from medjax.store import expand_user
from medjax.types import SyntheticSet

SET = "synthetic.npz"
"""The entry of a bundle that holds its images."""
_ALWAYS = (cards.NAME, SET)


class Bundle(NamedTuple):
    """What a receiver needs of a bundle.

    Attributes:
      card: the content of ``card.json``, which follows its schema.
      shared: the set in pixel units.
    """

    card: Mapping[str, Any]
    shared: data.SharedSet

    @property
    def classes(self) -> list[str]:
        """The names of the classes in label order."""
        return list(self.card["data"]["classes"])

    @property
    def multi_label(self) -> bool:
        """Whether an image may have several classes."""
        return bool(self.card["images"]["labels"] == "rows")


def load(path: str | os.PathLike[str]) -> SyntheticSet:
    """Reads a distilled set, normalised, as networks train on it.

    Args:
      path: a bundle, the folder that one was unpacked to, or a ``synthetic.npz``.

    Returns:
      The set: images float32 ``[n, h, w, c]``, and labels int32 ``[n]`` or rows ``[n, L]``.

    Raises:
      UserError: if it cannot be read. A bundle is checked to the last byte; who made it is not
        asked, see ``verify``.

    Example:
      >>> load("no-such-bundle.zip")
      Traceback (most recent call last):
      medjax.errors.UserError: there is no file or folder no-such-bundle.zip
    """
    found = expand_user(path)
    if found.is_file() and not is_bundle(found):
        return data.load_synthetic(found).normalised()
    return read_bundle(found).shared.normalised()


def is_bundle(path: str | os.PathLike[str]) -> bool:
    """Tells whether a path looks like a bundle, or like the folder that one was unpacked to.

    Args:
      path: any path.

    Returns:
      Whether it is a folder or a zip file with an entry that every bundle has.

    Example:
      >>> is_bundle("no-such-bundle.zip")
      False
    """
    path = Path(path)
    if path.is_dir():
        return any((path / name).is_file() for name in _ALWAYS)
    return path.is_file() and archive.lists(path, _ALWAYS)


def read_bundle(path: str | os.PathLike[str]) -> Bundle:
    """Reads the card and the images of a bundle, and checks that they belong together.

    Args:
      path: the bundle, or the folder that it was unpacked to.

    Returns:
      The card and the images.

    Raises:
      UserError: if it is no bundle, or a damaged one.

    Example:
      >>> read_bundle("no-such-bundle.zip")
      Traceback (most recent call last):
      medjax.errors.UserError: there is no file or folder no-such-bundle.zip
    """
    path = expand_user(path)
    if not path.exists():
        raise UserError(f"there is no file or folder {path}")
    entries = _unpacked(path) if path.is_dir() else archive.read(path)
    if missing := [name for name in _ALWAYS if name not in entries]:
        raise UserError(f"{path} is not a bundle of medjax: it has no {' and no '.join(missing)}")
    card = cards.read_card(entries[cards.NAME], where=str(path))
    shared = data.load_synthetic(path / SET, content=entries[SET])
    if problem := difference(card, shared):
        raise UserError(f"{path} is not a bundle of medjax: {problem}")
    return Bundle(card, shared)


def _unpacked(path: Path) -> dict[str, bytes]:
    """Returns what is read of an unpacked bundle, checked as its entries are in the file."""
    try:
        found = {name: (path / name).read_bytes() for name in _ALWAYS if (path / name).is_file()}
        for name, content in found.items():
            check_entry(name, content)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
    except RefusedError as error:
        raise UserError(f"{path} is not a bundle of medjax: {error}") from error
    return found


def difference(card: Mapping[str, Any], shared: data.SharedSet) -> str | None:
    """Returns how a set differs from what its card says, in words; ``None`` if it does not.

    Args:
      card: the content of ``card.json``, which follows its schema.
      shared: the set.
    """
    multi_label = card["data"]["task"] == data.MULTI_LABEL
    described = cards.describe_images(shared, multi_label=multi_label)
    for name, value in described.items():
        if card["images"][name] != value:
            return f"its card says {card['images'][name]} for {name}, but its images have {value}"
    labels, most = shared.labels, len(card["data"]["classes"])
    if labels.ndim == 1 and not 0 <= labels.min() <= labels.max() < most:
        return f"its labels go from {labels.min()} to {labels.max()}, but it has {most} classes"
    if labels.ndim == 2:
        if labels.shape[1] != most:
            return f"its labels have {labels.shape[1]} columns, but it has {most} classes"
        if not np.logical_and(labels >= 0, labels <= 1).all():
            return "its label rows are not within 0 and 1"
        if not multi_label and not data.are_probabilities(labels):
            return "its label rows are no probabilities"
    steps = [str(shared.preparation or ""), card["data"]["preparation"]]
    if len({str(data.parse_preparation(text)) for text in steps}) > 1:
        return "its card and its images name different preparations"
    return None
