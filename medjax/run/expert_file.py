"""Experts on disk: the parameters of each after each epoch, in one file, made once for many runs.

Snapshots are checkpoints: training resumes from the last complete one. The file is mapped, so that
rows can be read one by one, and has its full size from the start. Files with other numbers of
experts or epochs are in the same folder, and share their snapshots by copying.
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
    """The snapshots of some experts, opened or made empty in a folder; see ``open_experts``.

    Attributes:
      snapshots: the number of snapshots of each expert.
    """

    def __init__(self, folder: pathlib.Path, *, experts: int, snapshots: int, size: int):
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
        except OSError as error:  # perhaps a passing one: keeps hours of training
            raise UserError(f"cannot open {self._file}: {error.strerror or error}") from error
        except (ValueError, TypeError, EOFError):
            _log.warning("experts: %s is damaged and is replaced", self._file)
            self._rows, self._digests = self._make(shape), {}

    def __len__(self) -> int:
        """Returns the number of experts."""
        return len(self._rows) // self.snapshots

    def whole(self, experts: range) -> int:
        """Counts the first snapshots of some experts that are complete and unchanged."""
        for snapshot in range(self.snapshots):
            digest = self._digests.get(_name(experts, snapshot))
            if digest is None and not self._copy(experts, snapshot):
                return snapshot
            if digest is not None and digest != _digest(self.read(experts, snapshot)):
                _log.warning("experts: snapshot %d in %s is damaged", snapshot, self._file)
                return snapshot
        return self.snapshots

    def read(self, experts: range, snapshot: int) -> np.ndarray:
        """Reads one snapshot of some experts: float32 ``[len(experts), p]``."""
        return np.array(self._of(experts, snapshot))

    def write(self, experts: range, snapshot: int, vectors: np.ndarray) -> None:
        """Writes one snapshot of some experts; it is on disk when this returns.

        Args:
          experts: the numbers of the experts.
          snapshot: the number of epochs trained.
          vectors: float32 ``[len(experts), p]``.

        Raises:
          UserError: if the file cannot be written.
        """
        if not self._rows.flags.writeable:
            raise UserError(f"{self._file} is read-only and lacks {_name(experts, snapshot)}")
        self._of(experts, snapshot)[...] = vectors
        try:
            self._rows.flush()
        except OSError as error:
            raise UserError(f"cannot write {self._file}: {error.strerror or error}") from error
        self._digests[_name(experts, snapshot)] = _digest(vectors)
        # After the snapshot, so that a snapshot without a record is known to be incomplete.
        store.write_bytes(self._record, json.dumps(self._digests, indent=0).encode())

    def rows(self) -> np.memmap:
        """Maps all snapshots, those of expert 0 first: float32 ``[experts · snapshots, p]``."""
        return np.load(self._file, mmap_mode="r")

    def _copy(self, experts: range, snapshot: int) -> bool:
        """Copies a snapshot from another file of the folder, if one has it complete."""
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
                size = rows.offset + rows.nbytes
                del rows  # Windows renames no mapped file
                # A full disk kills a process that writes to a mapped file.
                with open(temporary, "rb+") as stream:
                    store.reserve(stream, size)
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
    """Opens the file of the experts with some settings; other processes wait until it is closed.

    Args:
      root: the folder of all such files.
      settings: everything that an expert depends on, in any form that JSON can hold.
      experts: the number of experts.
      snapshots: the number of snapshots of each expert.
      size: the length of a snapshot.

    Yields:
      The file with its present content.

    Raises:
      UserError: if the folder or the file cannot be written but is incomplete.

    Example:
      >>> import tempfile
      >>> with tempfile.TemporaryDirectory() as root:
      ...     shape = dict(experts=4, snapshots=2, size=3)
      ...     with open_experts(root, {"seed": 0}, **shape) as file:
      ...         file.write(range(0, 2), 0, np.ones((2, 3), np.float32))
      ...     with open_experts(root, {"seed": 0}, **shape) as file:
      ...         print(file.whole(range(0, 2)), file.whole(range(2, 4)), file.rows().shape)
      1 0 (8, 3)
    """
    settings = jsonable(settings)
    folder = pathlib.Path(root) / store.key_of(settings)
    text = json.dumps(settings, sort_keys=True, indent=1)
    if not (folder / "settings.json").exists():  # a complete folder may be read-only
        store.write_bytes(folder / "settings.json", text.encode())
    with store.locked(folder / "lock"):
        yield ExpertFile(folder, experts=experts, snapshots=snapshots, size=size)


def _opened(file: pathlib.Path, *, mode: str = "r+") -> tuple[np.memmap, dict[str, str]]:
    """Maps a file's rows and reads the digests of its complete snapshots."""
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
