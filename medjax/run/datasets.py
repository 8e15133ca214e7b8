"""The data set of a run: loaded by its settings, and checked before anything is distilled."""

import logging
import math
from collections.abc import Mapping
from typing import Any

from medjax import data, planning
from medjax.data.inspect.check_cache import check_once
from medjax.data.inspect.unscored import why_unscored
from medjax.data.inspect.wording import NOT_PUBLISHED
from medjax.errors import UserError
from medjax.run.settings import DataSettings

_log = logging.getLogger("medjax")
_FLOAT, _GIB = 4, 2**30
# Share of the memory that a computation may use, which is itself three quarters of the device's.
_DATA_SHARE = 1 / 6


def load_dataset(settings: DataSettings) -> tuple[data.Dataset, data.Streaming]:
    """Loads the data set of a run.

    Returns:
      ``(dataset, streaming)``: the data set, not whitened, and which of its images stay on disk.

    Raises:
      UserError: as ``data.load``.

    Example:
      >>> dataset, _ = load_dataset(DataSettings("phantom"))
      >>> dataset.num_classes
      4
    """
    limit = settings.stream_above_gib
    above = planning.device_budget() * _DATA_SHARE if limit is None else limit * _GIB
    streaming = data.Streaming(above=int(above), cache=settings.cache or None)
    dataset = data.load(
        settings.name,
        size=settings.size,
        root=settings.root or None,
        download=settings.download,
        streaming=streaming,
        sources=settings.sources,
        preparation=settings.prepare,
    )
    return dataset, streaming


def check_images(dataset: data.Dataset, *, cache: str = "") -> dict[str, Any]:
    """Looks for what is wrong with a data set, and logs a line for each warning.

    Args:
      dataset: the data set, from ``load_dataset``.
      cache: folder of the cache, which keeps what is found; empty for the default.

    Returns:
      What ``data.check`` found.

    Example:
      >>> dataset, _ = load_dataset(DataSettings("phantom"))
      >>> check_images(dataset)["warnings"]
      []
    """
    found = check_once(dataset, cache=cache or None)
    said = {*dataset.info.warnings, NOT_PUBLISHED}  # when the set was listed or read
    for line in found["warnings"]:
        if line not in said:
            _log.warning("warning: %s", line)
    return found


def digest(settings: DataSettings) -> str | None:
    """Returns the digest that the data set of a run has now; None if the set is not there.

    Nothing is computed with JAX.

    Raises:
      UserError: as ``data.digest``.

    Example:
      >>> digest(DataSettings("gone/mine.npz")) is None
      True
    """
    return data.digest(
        settings.name,
        size=settings.size,
        root=settings.root or None,
        cache=settings.cache or None,
        sources=settings.sources,
        preparation=settings.prepare,
    )


def scored_splits(dataset: data.Dataset) -> dict[str, data.Split]:
    """Returns the splits that networks are scored on: ``val``, if there is one, and ``test``."""
    return {name: split for name, split in dataset.splits.items() if name != "train"}


def strategy(augment: str, dataset: data.Dataset) -> str:
    """Returns a DSA strategy, in which ``auto`` stands for the strategy of the data set."""
    return dataset.info.augment if augment == "auto" else augment


def check_whitened(splits: Mapping[str, data.Split], *, above: int) -> None:
    """Raises ``UserError`` for a split that would exceed the memory for images once whitened.

    Args:
      splits: the splits by name, before whitening.
      above: bytes that the images of one split may take; whitened images cannot stream.
    """
    for name, split in splits.items():
        size = _FLOAT * math.prod(split.images.shape)
        if size > above:
            raise UserError(
                f"zca makes floats of pixels, which cannot stream: {name} would take "
                f"{size / _GIB:.3g} GiB of the {above / _GIB:.3g} GiB allowed; "
                "raise data.stream_above_gib, or resize to a smaller size before it"
            )


def check_scored(name: str, dataset: data.Dataset) -> None:
    """Raises ``UserError`` for a split of the data set on which networks cannot be scored."""
    for split, content in scored_splits(dataset).items():
        if reason := why_unscored(dataset.info, split, content.labels):
            raise UserError(f"{name} cannot be scored on {split}: {reason}")
