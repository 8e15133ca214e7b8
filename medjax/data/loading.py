"""``load``: from a name or a path to a checked data set."""

import dataclasses
import os
import pathlib
import re
import warnings
from typing import NamedTuple

import numpy as np

from medjax import store
from medjax.data.dataset import Dataset, DatasetInfo, Split
from medjax.data.medmnist import download as published
from medjax.data.medmnist import npz, registry
from medjax.data.phantoms import phantom
from medjax.data.pictures import sources as own
from medjax.data.prepare.parsing import parse_preparation
from medjax.data.prepare.preparation import Preparation, apply_preparation
from medjax.data.stream import cache
from medjax.errors import UserError, unknown
from medjax.types import BINARY_CLASS, MULTI_CLASS, MULTI_LABEL

_DIGITS = ("mnist",)
"""Local sets of digits, which are never mirrored."""


def names() -> tuple[str, ...]:
    """Returns the names that ``load`` always knows: the registered sets and the embedded ones.

    Returns:
      The names, MedMNIST's first and in its order.

    Example:
      >>> "pneumoniamnist" in names() and "phantom" in names()
      True
    """
    return (*registry.REGISTRY, *phantom.NAMES)


def is_path(word: str) -> bool:
    """Returns whether a word can only name a set of the user's own.

    Args:
      word: any text.

    Returns:
      True for ``folder:PATH``, ``tfds:NAME`` and paths of npz files.

    Example:
      >>> is_path("folder:scans"), is_path("scans")
      (True, False)
    """
    return word.startswith(own.PREFIXES) or word.endswith(".npz")


class Streaming(NamedTuple):
    """Which images stay on disk, and where.

    Attributes:
      above: a split whose images take more bytes than this stays on disk.
      cache: folder of the uncompressed files; None for ``$MEDJAX_CACHE_DIR``, or else ``medjax``
        in the user's cache.
    """

    above: int
    cache: str | os.PathLike | None = None


def load(
    name: str | os.PathLike,
    *,
    size: int = 28,
    root: str | os.PathLike | None = None,
    download: bool = True,
    streaming: Streaming | None = None,
    sources: own.Sources | None = None,
    preparation: str | Preparation = "",
) -> Dataset:
    """Loads a data set, checks it and prepares its images.

    Args:
      name: one of
        a registered MedMNIST set (``data.REGISTRY``);
        ``"phantom"``, ``"phantom_cells"`` or ``"phantom_findings"`` (multi-label), which are
        generated and need no file;
        ``"folder:PATH"``, images or DICOM files in ``{train,val,test}/CLASS`` or ``CLASS``;
        ``"tfds:NAME"``, a set of TensorFlow Datasets;
        the path of a local ``.npz`` of MedMNIST's layout, with or without a val split;
        or the bare name of such a file in the data root (``"mnist"`` for ``root/mnist.npz``).
        A file that has the name of a registered set is read as that set.
      size: side length in pixels: which of a set's files to read (``name.npz`` for 28, else
        ``name_size.npz``). The images of a local file must have any size other than 28, and at 28
        keep the size they have; pictures in folders are resized to it.
      root: the data root; None for ``$MEDJAX_DATA_DIR``, else ``~/.medmnist``.
      download: whether a missing registered file is downloaded, and its MD5 checked.
      streaming: which images stay on disk; None for none. It changes no number.
      sources: how folders, DICOM files and TFDS are read; None for the defaults.
      preparation: what is done to the images, or its text, which ``parse_preparation`` reads.

    Returns:
      The data set, with uint8 images ``[n, h, w, c]`` (``np.memmap`` where they are on disk) and
      int32 labels ``[n]`` or, multi-label, ``[n, L]``.

    Raises:
      UserError: for an unknown name or size, a missing or unreadable file, a failed or altered
        download, contents unfit for training, or steps that do not fit them; one line that says
        what to change.

    Warns:
      UserWarning: if the file of a registered set is not the published one, or the label rows of a
        local one look like classes written one-hot.

    Example:
      >>> ds = load("phantom", preparation="resize(16)")
      >>> ds.train.images.shape, ds.num_classes
      ((2000, 16, 16, 1), 4)
    """
    how = {"size": size, "download": download, "streaming": streaming, "sources": sources}
    if isinstance(preparation, str):
        preparation = parse_preparation(preparation)
    if os.fspath(name).startswith(own.PREFIXES):
        # The first steps see these pictures as they were decoded.
        info, splits, done = _own(os.fspath(name), preparation=preparation, **how)
        dataset = apply_preparation(info, splits, preparation=Preparation(last=done.last))
        return dataclasses.replace(dataset, preparation=str(done))
    return apply_preparation(*read(name, root=root, **how), preparation=preparation)


def read(
    name: str | os.PathLike,
    *,
    size: int = 28,
    root: str | os.PathLike | None = None,
    download: bool = True,
    streaming: Streaming | None = None,
    sources: own.Sources | None = None,
) -> tuple[DatasetInfo, dict[str, Split]]:
    """Reads a data set as ``load`` does, without preparing its images.

    Images of folders, DICOM files and TFDS are resized.

    Args:
      name, size, root, download, streaming, sources: see ``load``.

    Returns:
      ``(info, splits)``; the splits by name: ``train``, ``test`` and perhaps ``val``.

    Raises:
      UserError: see ``load``.

    Example:
      >>> info, splits = read("phantom")
      >>> info.licence, len(splits["val"])
      ('Apache-2.0', 400)
    """
    text = os.fspath(name)
    if text in phantom.NAMES:
        made = phantom.generate(text, size=size)
        return made.info, {"train": made.train, "val": made.val, "test": made.test}
    if text.startswith(own.PREFIXES):
        how = {"size": size, "download": download, "streaming": streaming, "sources": sources}
        return _own(text, preparation=Preparation(), **how)[:2]
    if text.endswith(".npz") or pathlib.Path(text).name != text:
        path = pathlib.Path(text).expanduser()
    else:
        folder = published.data_root(root)
        path = folder / published.file_name(text, size=size)
        if text in registry.REGISTRY:
            _provide(text, size, path, download)
        elif not path.is_file():
            raise _missing(text, size, folder)
    if not path.is_file():
        raise UserError(f"no data file {path}")
    return _read(path, size, streaming)


def _own(
    name: str,
    *,
    size: int,
    download: bool,
    streaming: Streaming | None,
    sources: own.Sources | None,
    preparation: Preparation,
) -> own.Read:
    request = own.Request(
        size=size,
        download=download,
        cache=store.cache_root(streaming.cache if streaming else None),
        limit=streaming.above if streaming else None,
        preparation=preparation,
    )
    return own.read(name, sources or own.Sources(), request)


def _provide(name: str, size: int, path: pathlib.Path, download: bool) -> None:
    """Downloads the file of a registered set if it is not there."""
    registry.check_size(name, size)
    if path.is_file():
        return
    if not download:
        url = published.url(name, size=size)
        raise UserError(f"no data file {path}: put {url} there, or load with download=True")
    published.download(name, size=size, path=path)


def _read(
    path: pathlib.Path, size: int, streaming: Streaming | None
) -> tuple[DatasetInfo, dict[str, Split]]:
    """Reads a file as a registered set if it has the name of one, else as a local set."""
    base, suffix = re.fullmatch(r"(.+?)(?:_(\d+))?", path.stem).groups()
    default = registry.SIZES[0]
    digest = published.md5(path)
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
    return {name: cache.open_array(path, name, digest=digest, root=folder) for name in large}


def _registered_info(name: str, size: int, path: pathlib.Path, digest: str) -> DatasetInfo:
    """Describes the file of a registered set."""
    official = published.official_md5(name, size=size) if size in registry.SIZES else None
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


def _missing(name: str, size: int, folder: pathlib.Path) -> UserError:
    """Returns the error for a name that is no set and no file in the root."""
    default = folder / published.file_name(name, size=registry.SIZES[0])
    if default.is_file():
        wanted = folder / published.file_name(name, size=size)
        return UserError(f"{name} has no size {size!r}: no data file {wanted}, only {default}")
    local = sorted(p.stem for p in folder.glob("*.npz")) if folder.is_dir() else []
    return unknown("data set", name, dict.fromkeys([*names(), *local]))
