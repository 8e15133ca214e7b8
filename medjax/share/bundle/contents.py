"""The entries of a bundle, from a set and its card."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from medjax import data
from medjax.run.report import image_grid
from medjax.share.bundle import card as cards
from medjax.share.bundle import croissant, imagefolder, medmnist, png, readme
from medjax.share.bundle.reading import SET

_ROWS, _COLUMNS = 10, 10  # of the preview


def entries(shared: data.SharedSet, card: Mapping[str, Any]) -> dict[str, bytes]:
    """Returns the entries of a bundle; the same set and card give the same bytes.

    Args:
      shared: the set.
      card: what it is, see ``describing.make_card``.

    Returns:
      The bytes of each entry by its name.

    Raises:
      UserError: if the card does not follow its schema, or the set has no pixels of a picture.
    """
    kept: dict[str, Any] = {"classes": card["data"]["classes"]}
    kept["multi_label"] = card["images"]["labels"] == "rows"
    files = imagefolder.entries(shared.images, shared.labels, **kept)
    made = {
        cards.NAME: cards.text_of(card),
        SET: data.synthetic_bytes(shared),
        **{f"train/{name}": content for name, content in files.items()},
        "medmnist.npz": medmnist.content(
            shared.images, shared.labels, multi_label=kept["multi_label"]
        ),
        "preview.png": _preview(shared, multi_label=kept["multi_label"]),
        "README.md": readme.render(card),
    }
    return made | {"croissant.json": croissant.render(card, made)}


def _preview(shared: data.SharedSet, *, multi_label: bool) -> bytes:
    """Returns a picture of the first images, a row for each of the first classes."""
    labels = np.zeros(len(shared.labels), int)
    if not multi_label:
        labels = imagefolder.class_of_each(shared.labels)
    shown = np.unique(labels)[:_ROWS]
    rows = np.concatenate([np.flatnonzero(labels == label)[:_COLUMNS] for label in shown])
    grid = image_grid(shared.images[rows], labels[rows], columns=_COLUMNS, legible=1)
    return png.encode(grid[..., None] if grid.ndim == 2 else grid)
