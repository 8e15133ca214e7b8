"""Processes that run in step: who reports, and what all of them say."""

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import jax
import numpy as np
from jax.experimental import multihost_utils


def is_first() -> bool:
    """Whether this process writes the reports: the first of several, or the only one.

    Returns:
      True for process 0.

    Example:
      >>> is_first()
      True
    """
    return jax.process_index() == 0


@contextlib.contextmanager
def reports_folder(workdir: Path) -> Iterator[Path]:
    """Where this process writes its reports: the workdir if it is the first, else nowhere to stay.

    So every process does the same, and none must ask whether it may write.

    Args:
      workdir: the run's folder.

    Yields:
      The folder.

    Example:
      >>> with reports_folder(Path("runs/x")) as folder:
      ...     print(folder)
      runs/x
    """
    if is_first():
        yield workdir
    else:
        with tempfile.TemporaryDirectory(prefix="medjax-") as folder:
            yield Path(folder)


def of_all_processes(numbers: Sequence[int]) -> np.ndarray:
    """What each process says, so that all can act alike; waits for the last of them.

    Args:
      numbers: a few integers, as many in each process.

    Returns:
      Integers ``[processes, len(numbers)]``, the same in every process.

    Example:
      >>> of_all_processes([3, 1]).tolist()
      [[3, 1]]
    """
    own = np.asarray(numbers, np.int32)
    if jax.process_count() == 1:
        return own[None]
    return np.asarray(multihost_utils.process_allgather(own))
