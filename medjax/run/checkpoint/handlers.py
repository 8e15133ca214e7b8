"""Orbax with checksums and without its log. This module loads Orbax: import it late.

Orbax's array data has no checksum: a flipped bit restores as another number, without an error. The
checksums are written when Orbax finalises a part, before it commits the checkpoint, so that every
checkpoint has them.
"""

import contextlib
import logging
import pathlib
from collections.abc import Iterator

from orbax import checkpoint as ocp

from medjax.run.checkpoint import checksum


class _Checked:
    def finalize(self, directory) -> None:
        super().finalize(directory)
        checksum.write(pathlib.Path(directory))


class CheckedArrays(_Checked, ocp.StandardCheckpointHandler):
    """Orbax's handler for a pytree of arrays, with checksums."""


class CheckedJson(_Checked, ocp.JsonCheckpointHandler):
    """Orbax's handler for a JSON object, with checksums."""


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keeps Orbax out of the log; errors that its threads log are also raised."""

    def passes(record: logging.LogRecord) -> bool:
        return "orbax" not in pathlib.Path(record.pathname).parts

    logger = logging.getLogger("absl")
    logger.addFilter(passes)
    try:
        yield
    finally:
        logger.removeFilter(passes)
