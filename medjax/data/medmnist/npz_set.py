"""An ``.npz`` file as a data set: a published MedMNIST set, or a local one of the same layout."""

import pathlib
import re
import warnings

import numpy as np

from medjax import store
from medjax.data.dataset import DatasetInfo, Split
from medjax.data.medmnist import checksums, npz, registry
from medjax.data.medmnist import download as published
from medjax.data.stream import npz_cache
from medjax.data.stream.npz_cache import Streaming
from medjax.types import BINARY_CLASS, MULTI_CLASS, MULTI_LABEL

_DIGITS = ("mnist",)
"""Local sets of digits, which are never mirrored."""


def read(
    path: pathlib.Path, *, size: int, streaming: Streaming | None
) -> tuple[DatasetInfo, dict[str, Split]]:
    """Reads a file as a registered set if it has the name of one, else as a local set.

    The arguments, results, errors and warnings are those of ``data.load`` and ``data.read``, which
    call it.
    """
    base, suffix = re.fullmatch(r"(.+?)(?:_(\d+))?", path.stem).groups()
    default = registry.SIZES[0]
    digest = checksums.md5(path)
    mapped = _mapped(path, digest, streaming)
    if base not in registry.REGISTRY:
        name = base if base in _DIGITS else path.stem
        splits = npz.read_splits(path, size=None if size == default else size, mapped=mapped)
        if all(_one_hot(split.labels) for split in splits.values()):
            _warn(
                f"{path}: each row of its labels has a single 1 of "
                f"{splits['train'].labels.shape[1]}, as one-hot classes have; they are read as "
                "findings (multi-label): save labels.argmax(axis=1) if they are classes"
            )
        return _local_info(name, splits["train"], path, digest), splits
    file_size = int(suffix or default)
    info = _registered_info(base, file_size, path, digest)
    if digest != info.official_digest:
        expected = info.official_digest or "that of any published size"
        _warn(f"{path} is not the published {base}: its MD5 is {digest}, not {expected}")
    wanted = file_size if size == default else size
    splits = npz.read_splits(path, facts=registry.REGISTRY[base], size=wanted, mapped=mapped)
    return info, splits


def _warn(message: str) -> None:
    warnings.warn(message, UserWarning, stacklevel=5)  # the caller of load


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


def _local_info(name: str, train: Split, path: pathlib.Path, digest: str) -> DatasetInfo:
    """Describes a set by its training labels and its name."""
    multi_label = train.labels.ndim == 2
    num_classes = train.labels.shape[1] if multi_label else int(train.labels.max()) + 1
    single = BINARY_CLASS if num_classes == 2 else MULTI_CLASS
    return DatasetInfo(
        name=name,
        task=MULTI_LABEL if multi_label else single,
        classes=tuple(str(number) for number in range(num_classes)),
        licence="unknown",
        source=str(path),
        digest=digest,
        official_digest=None,
        augment=registry.NO_FLIP_AUGMENT if name in _DIGITS else registry.FULL_AUGMENT,
    )
