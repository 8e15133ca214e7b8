"""Orbax as a run uses it: sealed, and silent. This module loads Orbax: import it late.

Orbax's array data carries no checksum of its own: a flipped bit restores as another number, and
no error. The seal is written while Orbax finalises a part, before it commits the checkpoint, so a
checkpoint is either absent or sealed.
"""

import contextlib
import logging
import pathlib
from collections.abc import Iterator

from orbax import checkpoint as ocp

from medjax.run.checkpoint import checksum


class SealedArrays(ocp.StandardCheckpointHandler):
    """Orbax's handler for a pytree of arrays, sealed."""

    def finalize(self, directory) -> None:
        super().finalize(directory)
        checksum.write_seal(pathlib.Path(directory))


class SealedJson(ocp.JsonCheckpointHandler):
    """Orbax's handler for a JSON object, sealed."""

    def finalize(self, directory) -> None:
        super().finalize(directory)
        checksum.write_seal(pathlib.Path(directory))


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keeps Orbax out of the log: its errors, which it logs from its threads, are raised too."""

    def passes(record: logging.LogRecord) -> bool:
        return "orbax" not in pathlib.Path(record.pathname).parts

    logger = logging.getLogger("absl")
    logger.addFilter(passes)
    try:
        yield
    finally:
        logger.removeFilter(passes)
