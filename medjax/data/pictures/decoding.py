"""Many files decoded at once, in their order, each to what a caller makes of its pictures."""

import collections
import concurrent.futures
import contextlib
import errno
import logging
import os
import pathlib
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from medjax.data.damaged import UndecodableError
from medjax.data.pictures import dicom, imagefile
from medjax.data.pictures.picture import Picture
from medjax.errors import UserError

_log = logging.getLogger("medjax")
_LISTED = 5
_MOST_THREADS = 32
_PER_THREAD = 4
SUFFIXES = imagefile.SUFFIXES + dicom.SUFFIXES


class Source(NamedTuple):
    """Something to decode.

    Attributes:
      name: how messages call it.
      channels: gives 1 or 3 without decoding pixels.
      read: gives the pictures.
    """

    name: str
    channels: Callable[[], int]
    read: Callable[[], list[Picture]]


class Unreadable(NamedTuple):
    """Something that could not be decoded.

    Attributes:
      name: of the source.
      reason: one line, to follow the name.
    """

    name: str
    reason: str


def file_source(
    path: pathlib.Path, name: str, *, options: dicom.DicomOptions | None = None
) -> Source:
    """An image or DICOM file to decode.

    Args:
      path: the file; its suffix says what it is.
      name: how messages call it.
      options: how DICOM is read; None for its defaults.

    Returns:
      The source.

    Example:
      >>> import pathlib
      >>> file_source(pathlib.Path("scans/a.dcm"), "a.dcm").name
      'a.dcm'
    """
    if path.suffix.lower() in dicom.SUFFIXES:
        chosen = options or dicom.DicomOptions()
        return Source(name, lambda: dicom.channels(path), lambda: dicom.read(path, chosen))
    return Source(name, lambda: imagefile.channels(path), lambda: imagefile.read(path))


def decode_all(
    sources: Sequence[Source],
    *,
    then: Callable[[Picture], Any] | None = None,
    threads: int = 0,
) -> Iterator[list[Any] | Unreadable]:
    """Decodes sources in several threads; a bar is drawn on a terminal.

    No more than a few results per thread wait to be taken.

    Args:
      sources: what to decode.
      then: applied to each picture in the thread that decoded it; None to leave it as it is.
      threads: how many; 0 for as many as there are processors to use.

    Yields:
      For each source in order, one result for each of its pictures; or why there is none.

    Raises:
      UserError: for what no file is to blame for, as a missing package.

    Example:
      >>> import pathlib
      >>> next(decode_all([file_source(pathlib.Path("gone.png"), "gone.png")]))
      Unreadable(name='gone.png', reason='No such file or directory')
    """

    def read(source: Source) -> list[Any]:
        pictures = source.read()
        if not pictures:  # or the source would vanish without a line
            raise UndecodableError("holds no pictures")
        return pictures if then is None else [then(picture) for picture in pictures]

    return _in_order(sources, read, threads, "decoding")


def set_channels(sources: Sequence[Source], *, threads: int = 0) -> tuple[int, str]:
    """How many channels suit all: three where any picture has colours.

    Those that cannot be read have no say.

    Args:
      sources: what will be decoded.
      threads: as for ``decode_all``.

    Returns:
      1 or 3, and the counts it was decided by, in words.
    """
    found = list(_in_order(sources, lambda source: [source.channels()], threads, "looking"))
    counts = collections.Counter(x[0] for x in found if not isinstance(x, Unreadable))
    return 3 if counts[3] else 1, f"{counts[1]} grey and {counts[3]} colour files"


def refuse(unreadable: Sequence[Unreadable], *, total: int, setting: str) -> None:
    """Refuses what cannot be read, after listing all of it in the log.

    Args:
      unreadable: in order.
      total: how many sources there were.
      setting: what leaves them out instead, for the message.

    Raises:
      UserError: if there are any.
    """
    for name, reason in unreadable:
        _log.warning("data: cannot read %s: %s", name, reason)
    if unreadable:
        some = "; ".join(f"{name} ({reason})" for name, reason in unreadable[:_LISTED])
        more = f"; and {len(unreadable) - _LISTED} more" if len(unreadable) > _LISTED else ""
        raise UserError(
            f"{len(unreadable)} of {total} files cannot be read: {some}{more}; mend or remove "
            f"them, or leave them out with {setting}"
        )


def _in_order(
    sources: Sequence[Source], read: Callable[[Source], Any], threads: int, what: str
) -> Iterator[Any]:
    """Results of ``read`` or reasons why there are none, a few for each thread at once."""
    threads = threads or min(_processors(), _MOST_THREADS)

    def attempt(source: Source) -> Any:
        try:
            with np.errstate(all="ignore"):  # which each thread has for itself
                return read(source)
        except UserError:
            raise
        except MemoryError as error:
            raise UserError(f"not enough memory to decode {source.name}") from error
        except OSError as error:
            # What another try may read must not be taken for a file that is damaged.
            if error.errno not in (None, errno.ENOENT):
                raise UserError(f"cannot read {source.name}: {error.strerror}") from error
            # A library's text may quote a header, a name in it; the system's may not.
            reason = error.strerror or f"cannot be decoded ({type(error).__name__})"
            return Unreadable(source.name, reason)
        except UndecodableError as error:
            return Unreadable(source.name, str(error))

    bar = tqdm(total=len(sources), desc=what, unit="file", disable=not sys.stderr.isatty())
    at_once = _PER_THREAD * threads
    with bar, concurrent.futures.ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(sources), at_once):
            # Filters of warnings are the whole process's: nothing runs on while a caller has them.
            with _quiet():
                results = list(pool.map(attempt, sources[start : start + at_once]))
            bar.update(len(results))
            yield from results


def _processors() -> int:
    """How many this process may use, where the system says."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the libraries' remarks on odd files, which may hold what stands in the header."""
    # pydicom logs a traceback for each decoder that it tries in vain.
    logs = [logging.getLogger(name) for name in ("pydicom", "PIL")]
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
