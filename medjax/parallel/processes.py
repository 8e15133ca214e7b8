"""Processes of one run: which one reports, and how they agree."""

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import jax
import numpy as np
from jax.experimental import multihost_utils


def is_first() -> bool:
    """Returns whether this process is the first, which writes the reports, or the only one.

    Returns:
      True for process 0.

    Example:
      >>> is_first()
      True
    """
    return jax.process_index() == 0


@contextlib.contextmanager
def reports_folder(workdir: Path) -> Iterator[Path]:
    """Yields the folder of this process's reports, so that all processes run the same code.

    Args:
      workdir: the folder of the run.

    Yields:
      The workdir in the first process, a temporary folder in the others.

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
    """Gathers numbers from all processes, and waits for the last one.

    Args:
      numbers: a few int32, equally many in each process.

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
