"""An ``.npz`` file as a data set: a published MedMNIST set, or a local one of the same layout."""

import pathlib
import re
import warnings
from collections.abc import Mapping

import numpy as np

from medjax import store
from medjax.data.dataset import DatasetInfo, Split
from medjax.data.medmnist import checksums, npz, registry
from medjax.data.medmnist import download as published
from medjax.data.npz import images as npz_images
from medjax.data.npz.archive import UnreadableError
from medjax.data.prepare import given_steps
from medjax.data.prepare.preparation import Preparation
from medjax.data.stream import npz_cache
from medjax.data.stream.npz_cache import Streaming
from medjax.errors import UserError
from medjax.types import BINARY_CLASS, MULTI_CLASS, MULTI_LABEL

_DIGITS = ("mnist",)
"""Local sets of digits, which are never mirrored."""


def read(
    path: pathlib.Path,
    *,
    size: int,
    streaming: Streaming | None,
    preparation: Preparation | None,
) -> tuple[DatasetInfo, dict[str, Split]]:
    """Reads a file as a registered set if it has the name of one, else as a local set.

    The arguments, results, errors and warnings are those of ``data.load`` and ``data.read``, which
    call it. Images stay raw if a step of the preparation sets black and white.
    """
    base, suffix = re.fullmatch(r"(.+?)(?:_(\d+))?", path.stem).groups()
    digest, steps, default = checksums.md5(path), preparation or Preparation(), registry.SIZES[0]
    info, own_size = None, None
    if base in registry.REGISTRY:
        own_size = int(suffix or default)
        info = _registered_info(base, own_size, path, digest)
        if digest != info.official_digest:
            expected = info.official_digest or "that of any published size"
            _warn(f"{path} is not the published {base}: its MD5 is {digest}, not {expected}")
    try:
        contents = npz.read_splits(
            path,
            facts=registry.REGISTRY.get(base),
            size=own_size if size == default else size,
            mapped=_mapped(path, digest, streaming),
            raw=given_steps.sets_black_and_white(steps),
        )
    except UnreadableError as error:
        if own_size not in registry.SIZES:
            raise
        address = published.url(base, size=own_size)
        again = f"delete it to download {base} again, or put {address} in its place"
        raise UserError(f"{error}; {again}") from error
    lines = contents.notes
    if info is None:
        info = _local_info(base if base in _DIGITS else path.stem, contents, path, digest)
        lines = [*lines, *_doubts(contents.splits, steps)]
    for line in lines:
        _warn(f"{path}: {line}")
    return info, contents.splits


def _warn(message: str) -> None:
    warnings.warn(message, UserWarning, stacklevel=5)  # the caller of load


def _doubts(splits: Mapping[str, Split], preparation: Preparation) -> list[str]:
    """Returns a line for each thing in a local set that is probably meant otherwise."""
    lines, train = [], splits["train"]
    if all(_one_hot(split.labels) for split in splits.values()):
        lines.append(
            f"each row of its labels has a single 1 of {train.labels.shape[1]}, as one-hot classes "
            "have; they are read as findings (multi-label): save labels.argmax(axis=1) if they are "
            "classes"
        )
    some = (part for split in splits.values() for part in npz_images.parts(split.images))
    if not given_steps.sets_black_and_white(preparation) and npz_images.is_dim(some):
        greatest = max(int(split.images.max()) for split in splits.values())
        lines.append(
            f"its images are nearly black, with no value above {greatest} of 255: if 0–1 was "
            "saved, the factor 255 is missing; percentile_clip in data.prepare sets other limits"
        )
    given = given_steps.sets_channels(preparation)
    if not given and all(npz_images.is_grey(split.images) for split in splits.values()):
        lines.append(
            "the three channels of its images are the same, or nearly: data.prepare=grayscale "
            "makes them one"
        )
    return lines


def _one_hot(labels: np.ndarray) -> bool:
    return labels.ndim == 2 and bool((labels.sum(axis=1) == 1).all())


def _mapped(path: pathlib.Path, digest: str, streaming: Streaming | None) -> dict[str, np.ndarray]:
    """Returns the image arrays that stay on disk, by name."""
    if streaming is None:
        return {}
    folder, large = store.cache_root(streaming.cache), npz.large_images(path, limit=streaming.above)
    return {name: npz_cache.open_array(path, name, digest=digest, root=folder) for name in large}


def _registered_info(name: str, size: int, path: pathlib.Path, digest: str) -> DatasetInfo:
    """Describes the file of a registered set."""
    official = checksums.official_md5(name, size=size) if size in registry.SIZES else None
    facts = registry.REGISTRY[name]
    return DatasetInfo(
        name=name,
        task=facts.task,
        classes=facts.classes,
        licence=facts.licence,
        source=published.url(name, size=size) if digest == official else str(path),
        digest=digest,
        official_digest=official,
        augment=facts.augment,
    )


def _local_info(name: str, contents: npz.Contents, path: pathlib.Path, digest: str) -> DatasetInfo:
    """Describes a set by its labels and its name."""
    multi_label = contents.splits["train"].labels.ndim == 2
    single = BINARY_CLASS if len(contents.classes) == 2 else MULTI_CLASS
    return DatasetInfo(
        name=name,
        task=MULTI_LABEL if multi_label else single,
        classes=contents.classes,
        licence="unknown",
        source=str(path),
        digest=digest,
        official_digest=None,
        augment=registry.NO_FLIP_AUGMENT if name in _DIGITS else registry.FULL_AUGMENT,
    )
