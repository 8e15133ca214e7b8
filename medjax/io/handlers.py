"""Orbax handlers that seal what they write. This module loads Orbax: import it late.

Orbax's array data carries no checksum of its own: a flipped bit restores as another number, and
no error. The seal is written while Orbax finalises a part, before it commits the checkpoint, so a
checkpoint is either absent or sealed.
"""

import pathlib

from orbax import checkpoint as ocp

from medjax.io import seal


class SealedArrays(ocp.StandardCheckpointHandler):
    """Orbax's handler for a pytree of arrays, sealed."""

    def finalize(self, directory) -> None:
        super().finalize(directory)
        seal.write_seal(pathlib.Path(directory))


class SealedJson(ocp.JsonCheckpointHandler):
    """Orbax's handler for a JSON object, sealed."""

    def finalize(self, directory) -> None:
        super().finalize(directory)
        seal.write_seal(pathlib.Path(directory))
