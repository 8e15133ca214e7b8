"""Experts on disk: the parameters of each after each epoch, in one file, made once for many runs.

Snapshots are checkpoints: training goes on from the last that is whole. The file is mapped, so
that rows can be read from it one by one, and has room for all of them from the start. A file of
more or fewer experts or epochs lies beside it, and what one has the others take from it.
"""

import contextlib
import errno
import hashlib
import json
import logging
import os
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from medjax import store
from medjax.errors import UserError
from medjax.run.metrics import jsonable

_log = logging.getLogger("medjax")


class ExpertFile:
    """The snapshots of experts, in a folder of their own; see ``open_experts``.

    Attributes:
      snapshots: of each expert.
    """

    def __init__(self, folder: pathlib.Path, *, experts: int, snapshots: int, size: int):
        """Opens the file, or makes an empty one.

        Args:
          folder: the folder; it exists.
          experts: how many there are.
          snapshots: of each expert.
          size: numbers in a snapshot.
        """
        name = f"experts_{experts}x{snapshots}"
        self._file, self._record = folder / f"{name}.npy", folder / f"{name}.json"
        self.snapshots = snapshots
        shape = (experts * snapshots, size)
        try:
            self._rows, self._digests = _opened(self._file)
            if self._rows.shape != shape or self._rows.dtype != np.float32:
                raise ValueError
        except FileNotFoundError:
            self._rows, self._digests = self._make(shape), {}
        except OSError as error:  # which may pass: hours of training are not to be thrown away
            raise UserError(f"cannot open {self._file}: {error.strerror or error}") from error
        except (ValueError, TypeError, EOFError):
            _log.warning("experts: %s is damaged, and made anew", self._file)
            self._rows, self._digests = self._make(shape), {}

    def __len__(self) -> int:
        """Number of experts."""
        return len(self._rows) // self.snapshots

    def whole(self, experts: range) -> int:
        """How many snapshots of some experts are there, one after the other, as they were written.

        Args:
          experts: which.

        Returns:
          A number up to ``snapshots``.
        """
        for snapshot in range(self.snapshots):
            digest = self._digests.get(_name(experts, snapshot))
            if digest is None and not self._take(experts, snapshot):
                return snapshot
            if digest is not None and digest != _digest(self.read(experts, snapshot)):
                _log.warning("experts: snapshot %d in %s is damaged", snapshot, self._file)
                return snapshot
        return self.snapshots

    def read(self, experts: range, snapshot: int) -> np.ndarray:
        """One snapshot of some experts.

        Args:
          experts: which.
          snapshot: 0 is before the first epoch.

        Returns:
          Float32 ``[len(experts), p]``.
        """
        return np.array(self._of(experts, snapshot))

    def write(self, experts: range, snapshot: int, vectors: np.ndarray) -> None:
        """Keeps one snapshot of some experts; it is on disk when this returns.

        Args:
          experts: which.
          snapshot: 0 is before the first epoch.
          vectors: float32 ``[len(experts), p]``.

        Raises:
          UserError: if it cannot be written.
        """
        if not self._rows.flags.writeable:
            raise UserError(
                f"{self._file} lacks {_name(experts, snapshot)}, and cannot be written to"
            )
        self._of(experts, snapshot)[...] = vectors
        try:
            self._rows.flush()
        except OSError as error:
            raise UserError(f"cannot write {self._file}: {error.strerror or error}") from error
        self._digests[_name(experts, snapshot)] = _digest(vectors)
        # After the snapshot, so that one without a record is known to be unfinished.
        store.write_bytes(self._record, json.dumps(self._digests, indent=0).encode())

    def rows(self) -> np.memmap:
        """All snapshots, those of expert 0 first: float32 ``[experts · snapshots, p]``, mapped."""
        return np.load(self._file, mmap_mode="r")

    def _take(self, experts: range, snapshot: int) -> bool:
        """Copies a snapshot from a file beside this one, if one has it whole."""
        name = _name(experts, snapshot)
        for file in sorted(self._file.parent.glob("experts_*.npy")):
            try:
                rows, digests = _opened(file, mode="r")
            except (OSError, ValueError, TypeError, EOFError):
                continue
            each = int(file.stem.rpartition("x")[2])
            vectors = np.array(rows[snapshot::each][experts.start : experts.stop])
            if digests.get(name) == _digest(vectors):
                self.write(experts, snapshot, vectors)
                return True
        return False

    def _of(self, experts: range, snapshot: int) -> np.ndarray:
        return self._rows[snapshot :: self.snapshots][experts.start : experts.stop]

    def _make(self, shape: tuple[int, int]) -> np.memmap:
        temporary = self._file.with_suffix(".tmp")
        self._record.unlink(missing_ok=True)
        try:
            with store.replacing(self._file, temporary):
                rows = np.lib.format.open_memmap(temporary, "w+", np.float32, shape)
                # A mapped file that finds the disk full when it is written to ends the process.
                with open(temporary, "rb+") as stream:
                    if hasattr(os, "posix_fallocate"):
                        os.posix_fallocate(stream.fileno(), 0, rows.offset + rows.nbytes)
        except OSError as error:
            raise UserError(
                f"cannot make {self._file} of {4 * shape[0] * shape[1] / 2**30:.2f} GiB: "
                f"{error.strerror or error}"
            ) from error
        return np.load(self._file, mmap_mode="r+")


@contextlib.contextmanager
def open_experts(
    root: str | os.PathLike,
    settings: Mapping[str, Any],
    *,
    experts: int,
    snapshots: int,
    size: int,
) -> Iterator[ExpertFile]:
    """Opens the file of the experts that some settings make; others wait until it is closed.

    Args:
      root: the folder of all such files.
      settings: all that an expert depends on, anything that has a JSON form.
      experts: how many there are.
      snapshots: of each expert.
      size: numbers in a snapshot.

    Yields:
      The file, with what is already in it.

    Raises:
      UserError: if the folder or the file cannot be written and lacks anything.

    Example:
      >>> import tempfile
      >>> with tempfile.TemporaryDirectory() as root:
      ...     knobs = dict(experts=4, snapshots=2, size=3)
      ...     with open_experts(root, {"seed": 0}, **knobs) as file:
      ...         file.write(range(0, 2), 0, np.ones((2, 3), np.float32))
      ...     with open_experts(root, {"seed": 0}, **knobs) as file:
      ...         print(file.whole(range(0, 2)), file.whole(range(2, 4)), file.rows().shape)
      1 0 (8, 3)
    """
    settings = jsonable(settings)
    folder = pathlib.Path(root) / store.key_of(settings)
    text = json.dumps(settings, sort_keys=True, indent=1)
    if not (folder / "settings.json").exists():  # a folder that is complete may be read-only
        store.write_bytes(folder / "settings.json", text.encode())
    with store.locked(folder / "lock"):
        yield ExpertFile(folder, experts=experts, snapshots=snapshots, size=size)


def _opened(file: pathlib.Path, *, mode: str = "r+") -> tuple[np.memmap, dict[str, str]]:
    """A file's rows, mapped, and the digests of those that are whole."""
    try:
        rows = np.load(file, mmap_mode=mode)
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EROFS):
            raise
        rows = np.load(file, mmap_mode="r")
    return rows, dict(json.loads(file.with_suffix(".json").read_bytes()))


def _name(experts: range, snapshot: int) -> str:
    return f"experts {experts.start} to {experts.stop - 1}, snapshot {snapshot}"


def _digest(vectors: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(vectors, np.float32).tobytes()).hexdigest()
