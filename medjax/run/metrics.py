"""The measurements of a run: JSON Lines that survive a kill, and JSON files."""

import json
import math
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from medjax import store
from medjax.errors import UserError


def jsonable(value: Any) -> Any:
    """Converts arrays, NumPy scalars, tuples and paths to types that JSON has.

    Args:
      value: nested dicts, lists and tuples of numbers, strings, paths, NumPy or JAX arrays.

    Returns:
      The same nesting of dicts (insertion order kept), lists and plain scalars. NaN and
      infinities, which JSON lacks, become ``None``.

    Raises:
      TypeError: if a value has no JSON form.

    Example:
      >>> jsonable({"auroc": np.float64(0.5), "confusion": np.eye(2, dtype=int), "ior": math.nan})
      {'auroc': 0.5, 'confusion': [[1, 0], [0, 1]], 'ior': None}
    """
    if isinstance(value, Mapping):
        return {str(name): jsonable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "__array__"):
        return jsonable(np.asarray(value).tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | bool | int):
        return value
    raise TypeError(f"no JSON form for {value!r} of type {type(value).__name__}")


def write_json(path: str | os.PathLike, content: Any) -> None:
    """Writes an indented JSON file atomically.

    Args:
      path: the file; an existing one is replaced.
      content: anything ``jsonable`` takes; the order of keys is kept.

    Raises:
      UserError: if the file cannot be written.

    Example:
      >>> import tempfile
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     file = pathlib.Path(folder, "summary.json")
      ...     write_json(file, {"ipc": np.int32(10)})
      ...     print(json.loads(file.read_text()))
      {'ipc': 10}
    """
    text = json.dumps(jsonable(content), indent=2, allow_nan=False, ensure_ascii=False)
    # Bytes of a path that are not UTF-8 become JSON's escapes, from which they can be read back.
    store.write_bytes(path, f"{text}\n".encode(errors="backslashreplace"))


def read_metrics(path: str | os.PathLike) -> list[dict[str, Any]]:
    """Reads the lines that a ``MetricsWriter`` wrote.

    Args:
      path: the file; a missing file has no lines.

    Returns:
      One dict per line, in the order written. A line that a kill cut short is skipped.

    Raises:
      UserError: if the file exists but cannot be read.

    Example:
      >>> read_metrics("no-such-run/metrics.jsonl")
      []
    """
    return [json.loads(line) for line in _whole_lines(pathlib.Path(path))]


class MetricsWriter:
    """A JSON Lines file that gets one line per call, on disk when the call returns.

    A resumed run calls ``truncate_after`` with the step it restored. Its file is then identical,
    byte for byte, to that of a run that was never stopped.

    Args:
      path: the file, such as ``metrics.jsonl``; it and its folder are created if missing.

    Raises:
      UserError: if the file cannot be written.

    Example:
      >>> import tempfile
      >>> with tempfile.TemporaryDirectory() as folder:
      ...     with MetricsWriter(f"{folder}/metrics.jsonl") as writer:
      ...         writer.write(100, {"loss": 2.5})
      ...         writer.write(200, {"loss": np.float32(1.5)})
      ...         writer.truncate_after(100)
      ...     print(read_metrics(f"{folder}/metrics.jsonl"))
      [{'step': 100, 'loss': 2.5}]
    """

    def __init__(self, path: str | os.PathLike):
        self._path = pathlib.Path(path)
        self._stream = self._open()

    def write(self, step: int, metrics: Mapping[str, Any]) -> None:
        """Appends ``{"step": step, **metrics}``; the values are anything that ``jsonable`` takes.

        Raises:
          UserError: if the line cannot be written.
        """
        line = json.dumps(jsonable({"step": step, **metrics}), allow_nan=False)
        # One write call per line: a kill leaves complete lines and at most one torn tail.
        try:
            self._stream.write(f"{line}\n".encode())
        except OSError as error:
            raise _cannot_write(self._path, error) from error

    def truncate_after(self, step: int) -> None:
        """Drops every line after a step (-1 drops all), and a line that a kill cut short."""
        lines = [line for line in _whole_lines(self._path) if json.loads(line)["step"] <= step]
        self._stream.close()
        store.write_bytes(self._path, b"".join(lines))
        self._stream = self._open()

    def close(self) -> None:
        """Closes the file; every line is already on disk."""
        self._stream.close()

    def __enter__(self) -> "MetricsWriter":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _open(self):
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # Unbuffered, so that closing does not retry a line that a full disk refused.
            return open(self._path, "ab", buffering=0)
        except OSError as error:
            raise _cannot_write(self._path, error) from error


def _cannot_write(path: pathlib.Path, error: OSError) -> UserError:
    return UserError(f"cannot write {path}: {error.strerror or error}")


def _whole_lines(path: pathlib.Path) -> list[bytes]:
    """Returns the complete lines, with their line ends."""
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
    return [line for line in lines if _is_record(line)]


def _is_record(line: bytes) -> bool:
    if not line.endswith(b"\n"):
        return False
    try:
        return isinstance(json.loads(line)["step"], int)
    except (ValueError, KeyError, TypeError):
        return False
