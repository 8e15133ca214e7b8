"""``load``: from a name or a path to a checked data set."""

import dataclasses
import os
import pathlib

from medjax import store
from medjax.data.dataset import Dataset, DatasetInfo, Split
from medjax.data.medmnist import checksums, npz_set, registry
from medjax.data.medmnist import download as published
from medjax.data.mixtures import mixture
from medjax.data.mixtures.recipe import PREFIX as MIXTURE
from medjax.data.phantoms import phantom
from medjax.data.pictures import sources as own
from medjax.data.pictures import tfds
from medjax.data.pictures.options import Sources
from medjax.data.prepare.apply_to_splits import apply_preparation
from medjax.data.prepare.preparation import Preparation
from medjax.data.stream.npz_cache import Streaming
from medjax.errors import UserError, unknown

EMBEDDED = phantom.NAMES
"""Names of the sets that are generated, which are always there and the same."""


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
      True for ``folder:PATH``, ``tfds:NAME``, ``mix:RECIPE`` and paths of npz files.

    Example:
      >>> is_path("folder:scans"), is_path("scans")
      (True, False)
    """
    return word.startswith((*own.PREFIXES, MIXTURE)) or word.endswith(".npz")


def load(
    name: str | os.PathLike,
    *,
    size: int = 28,
    root: str | os.PathLike | None = None,
    download: bool = True,
    streaming: Streaming | None = None,
    sources: Sources | None = None,
    preparation: Preparation | None = None,
) -> Dataset:
    """Loads a data set, checks it and prepares its images.

    Args:
      name: one of
        a registered MedMNIST set (``data.REGISTRY``);
        ``"phantom"``, ``"phantom_cells"`` or ``"phantom_findings"`` (multi-label), which are
        generated and need no file;
        ``"folder:PATH"``, image, DICOM or NIfTI files in ``{train,val,test}/CLASS`` or ``CLASS``;
        ``"tfds:NAME"``, a set of TensorFlow Datasets;
        ``"mix:NAME/CLASS+NAME/CLASS|step"``, classes of other sets, see docs/DATA.md;
        the path of a local ``.npz`` of MedMNIST's layout, with or without a val split;
        or the bare name of such a file in the data root (``"mnist"`` for ``root/mnist.npz``).
        A file that has the name of a registered set is read as that set.
      size: side length in pixels: which of a set's files to read (``name.npz`` for 28, else
        ``name_size.npz``). At 28, a local file may hold images of any size, which they keep; at any
        other size, its images must have that size. Pictures in folders are resized to it.
      root: the data root; None for ``$MEDJAX_DATA_DIR``, else ``~/.medmnist``.
      download: whether a missing registered file is downloaded, and its MD5 checked.
      streaming: which images stay on disk; None for none. It changes no number.
      sources: how folders, DICOM files and TFDS are read; None for the defaults.
      preparation: the steps applied to the images, from ``parse_preparation``; None for none.

    Returns:
      The data set, with uint8 images ``[n, h, w, c]`` (``np.memmap`` where they are on disk) and
      int32 labels ``[n]`` or, multi-label, ``[n, L]``.

    Raises:
      UserError: for an unknown name or size, a missing or unreadable file, a failed or altered
        download, contents unfit for training, or steps that do not fit them; one line that says
        what to change.

    Warns:
      UserWarning: if the file of a registered set is not the published one; if arrays of a local
        one have another form, with how they are read; if its label rows look like classes written
        one-hot, or its three channels are the same.

    Example:
      >>> from medjax.data import parse_preparation
      >>> ds = load("phantom", preparation=parse_preparation("resize(16)"))
      >>> ds.train.images.shape, ds.num_classes
      ((2000, 16, 16, 1), 4)
    """
    if not isinstance(preparation, Preparation | None):
        raise UserError(f"preparation must be parse_preparation(text), got {preparation!r}")
    if os.fspath(name).startswith(own.PREFIXES):
        # The first steps see these pictures as they were decoded.
        request = _request(size, download, streaming, preparation)
        info, splits, done = own.read(os.fspath(name), sources or Sources(), request)
        dataset = apply_preparation(info, splits, preparation=Preparation(last=done.last))
        return dataclasses.replace(dataset, preparation=done)
    found = _arrays(os.fspath(name), size, root, download, streaming, preparation)
    return apply_preparation(*found, preparation=preparation or Preparation())


def read(
    name: str | os.PathLike,
    *,
    size: int = 28,
    root: str | os.PathLike | None = None,
    download: bool = True,
    streaming: Streaming | None = None,
    sources: Sources | None = None,
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
    if text.startswith(own.PREFIXES):
        request = _request(size, download, streaming, None)
        return own.read(text, sources or Sources(), request)[:2]
    return _arrays(text, size, root, download, streaming, None)


def _arrays(
    text: str,
    size: int,
    root: str | os.PathLike | None,
    download: bool,
    streaming: Streaming | None,
    preparation: Preparation | None,
) -> tuple[DatasetInfo, dict[str, Split]]:
    """Generates a phantom or a mixture, or reads the npz file that a name or a path stands for."""
    if text in phantom.NAMES:
        made = phantom.generate(text, size=size)
        return made.info, made.splits
    if text.startswith(MIXTURE):
        where = size, root, download, None, None
        return mixture.read(text, lambda source: _arrays(source, *where))
    path = _file(text, size, root)
    if text in registry.REGISTRY:
        _provide(text, size, path, download)
    elif not path.is_file() and _is_bare(text):
        raise _missing(text, size, path.parent)
    if not path.is_file():
        raise _folder(text) or UserError(f"no data file {path}")
    return npz_set.read(path, size=size, streaming=streaming, preparation=preparation)


def digest(
    name: str | os.PathLike,
    *,
    size: int = 28,
    root: str | os.PathLike | None = None,
    cache: str | os.PathLike | None = None,
    sources: Sources | None = None,
    preparation: Preparation | None = None,
) -> str | None:
    """Returns the digest that ``load`` would give a data set, without reading its images.

    Pictures are converted first if the cache lacks them.

    Args:
      name, size, root, sources, preparation: see ``load``; the set is none of ``EMBEDDED``.
      cache: folder of the cache; None for the default.

    Returns:
      ``DatasetInfo.digest``; None if the set is not there. Nothing is downloaded.

    Raises:
      UserError: if the set is there and ``load`` would refuse it or the settings.

    Example:
      >>> digest("folder:nowhere") is None
      True
    """
    text = os.fspath(name)
    if text.startswith(MIXTURE):
        files = [s for s in mixture.sources_of(text) if s not in EMBEDDED]
        if any(digest(source, size=size, root=root) is None for source in files):
            return None
        return _arrays(text, size, root, False, None, None)[0].digest
    if not text.startswith(own.PREFIXES):
        path = _file(text, size, root)
        return checksums.md5(path) if path.is_file() else None
    request = _request(size, False, Streaming(above=0, cache=cache), preparation)
    folder = store.expand_user(text.removeprefix(own.FOLDER))
    if text.startswith(own.FOLDER) and not folder.exists():
        return None
    try:
        return own.read(text, sources or Sources(), request)[0].digest
    except tfds.NotThereError:
        return None


def _is_bare(name: str) -> bool:
    return not name.endswith(".npz") and pathlib.Path(name).name == name


def _file(name: str, size: int, root: str | os.PathLike | None) -> pathlib.Path:
    """Returns the file of a registered set or of an npz, which may not be there."""
    if not _is_bare(name):
        return store.expand_user(name)
    return published.data_root(root) / published.file_name(name, size=size)


def _request(
    size: int, download: bool, streaming: Streaming | None, preparation: Preparation | None
) -> own.Request:
    return own.Request(
        size=size,
        download=download,
        cache=store.cache_root(streaming.cache if streaming else None),
        limit=streaming.above if streaming else None,
        preparation=preparation or Preparation(),
    )


def _provide(name: str, size: int, path: pathlib.Path, download: bool) -> None:
    """Downloads the file of a registered set if it is not there."""
    registry.check_size(name, size)
    if path.is_file():
        return
    if not download:
        url = published.url(name, size=size)
        raise UserError(f"no data file {path}: put {url} there, or load with download=True")
    published.download(name, size=size, path=path)


def _missing(name: str, size: int, folder: pathlib.Path) -> UserError:
    """Returns the error for a name of neither a set nor a file in the root."""
    default = folder / published.file_name(name, size=registry.SIZES[0])
    if default.is_file():
        wanted = folder / published.file_name(name, size=size)
        return UserError(f"{name} has no size {size!r}: no data file {wanted}, only {default}")
    if as_folder := _folder(name):
        return as_folder
    local = sorted(p.stem for p in folder.glob("*.npz")) if folder.is_dir() else []
    return unknown("data set", name, dict.fromkeys([*names(), *local]))


def _folder(name: str) -> UserError | None:
    """Returns the error for the path of a folder, or None for anything else."""
    if not store.expand_user(name).is_dir():
        return None
    return UserError(f"{name} is a folder: its images are read as {own.FOLDER}{name}")
