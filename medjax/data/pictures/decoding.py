"""Decodes many files at once, in order, and applies a function to each picture."""

import concurrent.futures
import contextlib
import errno
import functools
import logging
import os
import pathlib
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
from tqdm import tqdm

from medjax.data.damaged import LISTED, UndecodableError, by_reason
from medjax.data.pictures import dicom, imagefile, nifti
from medjax.data.pictures.picture import Picture
from medjax.errors import UserError, some

_REASONS = 5
_MOST_THREADS = 32
_PER_THREAD = 4
_PER_TASK = 32
_Item, _Result = TypeVar("_Item"), TypeVar("_Result")
SUFFIXES = imagefile.SUFFIXES + dicom.SUFFIXES + nifti.SUFFIXES
_BY_SUFFIX = imagefile.SUFFIXES + nifti.SUFFIXES
# Files of these kinds are not opened to see whether they are DICOM.
_OTHER_SUFFIXES = frozenset(
    (
        *(".csv", ".tsv", ".txt", ".md", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".toml"),
        *(".ini", ".cfg", ".log", ".html", ".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ods"),
        *(".py", ".ipynb", ".npy", ".npz", ".h5", ".mat", ".pkl", ".pt", ".db", ".zip", ".gz"),
        *(".bz2", ".xz", ".7z", ".tar", ".mha", ".mhd", ".nrrd", ".heic", ".avif"),
    )
)


class Source(NamedTuple):
    """Something to decode.

    Attributes:
      name: the name in messages.
      channels: returns 1 or 3 without decoding pixels; 3 if only the pixels tell.
      read: returns the pictures.
      preview: returns pictures with the same colours that may be smaller; None for those of
        ``read``.
      deep: returns, without decoding pixels, whether the pictures have values of 16 bits, of which
        they may use fewer.
    """

    name: str
    channels: Callable[[], int]
    read: Callable[[], list[Picture]]
    preview: Callable[[], list[Picture]] | None = None
    deep: Callable[[], bool] = lambda: False


class Unreadable(NamedTuple):
    """A source that cannot be decoded.

    Attributes:
      name: the name of the source.
      reason: the reason in one line.
    """

    name: str
    reason: str


def is_picture(path: pathlib.Path) -> bool:
    """Returns whether a file is read as a picture.

    The suffix of an image or NIfTI file decides, and the first bytes where they are those of DICOM.
    """
    by_suffix = named_as_picture(path.name)
    return dicom.is_image(path) if by_suffix is None else by_suffix


def pictures_among(folder: pathlib.Path, files: Sequence[str]) -> list[str]:
    """Returns the files of a folder that are read as pictures, in order; see ``is_picture``.

    Those that must be opened are opened in several threads, because a network answers many
    requests at once.

    Args:
      folder: the folder.
      files: paths relative to it.

    Example:
      >>> pictures_among(pathlib.Path("scans"), ["a/1.png", "a/notes.txt", "b/2.nii.gz"])
      ['a/1.png', 'b/2.nii.gz']
    """
    known = {file: named_as_picture(file) for file in files}
    opened = [file for file in files if known[file] is None]
    images = at_once(lambda file: dicom.is_image(folder / file), opened)
    known.update(zip(opened, images, strict=True))
    return [file for file in files if known[file]]


def at_once(look: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result]:
    """Applies a function that waits for a disk to items in several threads; results in order.

    Example:
      >>> at_once(len, ["a", "to", ""])
      [1, 2, 0]
    """
    # A task for each item would cost more than opening a file on a local disk.
    tasks = [items[i : i + _PER_TASK] for i in range(0, len(items), _PER_TASK)]
    if len(tasks) < 2:
        return list(map(look, items))
    with concurrent.futures.ThreadPoolExecutor(_MOST_THREADS) as pool:
        done = pool.map(lambda task: list(map(look, task)), tasks)
        return [result for results in done for result in results]


def named_as_picture(name: str) -> bool | None:
    """Returns whether a file is a picture by its name, or None if its content must tell.

    Example:
      >>> named_as_picture("1.PNG"), named_as_picture("notes.txt"), named_as_picture("IM0001")
      (True, False, None)
    """
    if name.lower().endswith(_BY_SUFFIX):
        return True
    return False if pathlib.PurePath(name).suffix.lower() in _OTHER_SUFFIXES else None


def object_kind(path: pathlib.Path) -> str:
    """Returns what a file is that is not read, if it is DICOM; nothing for others and images."""
    suffix = path.suffix.lower()
    opened = suffix == ".gz" or suffix not in _OTHER_SUFFIXES
    return dicom.object_kind(path) if opened and path.is_file() else ""


def file_source(
    path: pathlib.Path,
    name: str,
    *,
    options: dicom.DicomOptions | None = None,
    slices: nifti.NiftiOptions | None = None,
) -> Source:
    """Returns the source of an image, DICOM or NIfTI file.

    Args:
      path: the file; it is DICOM unless it has the suffix of an image or NIfTI file.
      name: the name in messages.
      options: how DICOM is read; None for the defaults.
      slices: how NIfTI is read; None for the defaults.

    Returns:
      The source.

    Example:
      >>> file_source(pathlib.Path("scans/a.dcm"), "a.dcm").name
      'a.dcm'
    """
    if path.name.lower().endswith(nifti.SUFFIXES):
        return Source(name, lambda: 1, lambda: nifti.read(path, slices or nifti.NiftiOptions()))
    if path.suffix.lower() in imagefile.SUFFIXES:
        kinds = (imagefile.channels, imagefile.read, imagefile.preview, imagefile.deep)
        return Source(name, *(functools.partial(kind, path) for kind in kinds))
    chosen = options or dicom.DicomOptions()
    return Source(name, lambda: dicom.channels(path), lambda: dicom.read(path, chosen))


def decode_all(
    sources: Sequence[Source],
    *,
    then: Callable[[Picture], Any] | None = None,
    threads: int = 0,
) -> Iterator[list[Any] | Unreadable]:
    """Decodes sources in several threads, with a progress bar on a terminal.

    It decodes only a few sources per thread ahead of the caller.

    Args:
      sources: what to decode.
      then: applied to each picture in the thread that decoded it; None to leave it as it is.
      threads: number of threads; 0 for the number of available processors.

    Yields:
      For each source in order, one result for each of its pictures, or an ``Unreadable``.

    Raises:
      UserError: for causes other than a damaged file, such as a missing package.

    Example:
      >>> next(decode_all([file_source(pathlib.Path("gone.png"), "gone.png")]))
      Unreadable(name='gone.png', reason='No such file or directory')
    """

    def read(source: Source) -> list[Any]:
        pictures = source.read()
        if not pictures:  # otherwise the source would vanish without a line
            raise UndecodableError("holds no pictures")
        return pictures if then is None else [then(picture) for picture in pictures]

    return in_order(sources, read, threads=threads, what="decoding")


def refuse(unreadable: Sequence[Unreadable], *, total: int, setting: str) -> None:
    """Raises ``UserError`` if sources are unreadable.

    The message gives their number of ``total`` sources, the first of each reason, and the
    ``setting`` that skips them.
    """
    if unreadable:
        same = by_reason(unreadable).items()
        reasons = (f"{some(names, most=LISTED)} ({reason})" for reason, names in same)
        raise UserError(
            f"{len(unreadable)} of {total} files cannot be read: "
            f"{some(reasons, most=_REASONS, between='; ')}; fix or remove them, or skip them with "
            f"{setting}"
        )


def in_order(
    sources: Sequence[Source], read: Callable[[Source], Any], *, threads: int, what: str
) -> Iterator[Any]:
    """Applies a function to sources in several threads, a few sources for each thread at once.

    Args:
      sources: what to read.
      read: returns a result; it may raise ``UndecodableError``.
      threads: number of threads; 0 for the number of available processors.
      what: the name of the progress bar.

    Yields:
      For each source in order, the result, or an ``Unreadable``.

    Raises:
      UserError: for causes other than a damaged file, such as a missing package.
    """
    threads = threads or min(_processors(), _MOST_THREADS)

    def attempt(source: Source) -> Any:
        try:
            with np.errstate(all="ignore"):  # a setting of each thread
                return read(source)
        except UserError:
            raise
        except MemoryError as error:
            raise UserError(f"not enough memory to decode {source.name}") from error
        except OSError as error:
            # A file that another try may read is not a damaged file.
            if error.errno not in (None, errno.ENOENT, errno.ELOOP):
                raise UserError(f"cannot read {source.name}: {error.strerror}") from error
            # A library's text may quote a header with a name; the system's text does not.
            reason = error.strerror or f"cannot be decoded ({type(error).__name__})"
            return Unreadable(source.name, reason)
        except UndecodableError as error:
            return Unreadable(source.name, str(error))

    bar = tqdm(total=len(sources), desc=what, unit="file", disable=not sys.stderr.isatty())
    at_once = _PER_THREAD * threads
    with bar, concurrent.futures.ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(sources), at_once):
            # Warning filters belong to the process: no thread runs while the caller has control.
            with _quiet():
                results = list(pool.map(attempt, sources[start : start + at_once]))
            bar.update(len(results))
            yield from results


def _processors() -> int:
    """Returns how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silences the libraries' remarks on odd files, which may quote a header."""
    # pydicom logs a traceback for each decoder that fails.
    logs = [logging.getLogger(name) for name in ("pydicom", "PIL", "nibabel.global")]
    levels = [log.level for log in logs]
    try:
        for log in logs:
            log.setLevel(logging.CRITICAL + 1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for log, level in zip(logs, levels, strict=True):
            log.setLevel(level)
