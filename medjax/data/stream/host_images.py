"""Images that stay on the host, indexed in compiled programs as if they were on the device."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from medjax.data.stream.prefetch import Prefetcher
from medjax.data.stream.rowfile import RowFile
from medjax.errors import UserError
from medjax.types import Array

_ROWS_PER_CALL = 2**14
"""JAX copies larger arguments (from 100 KiB) in threads that programs waiting for them may occupy:
on eight CPU devices a call with 50,000 rows never returned."""


@jax.tree_util.register_static
class HostImages:
    """A set of images too large for the device; a program fetches the rows that it needs.

    ``images[rows]`` is traced like the indexing of an array; when the program runs, it asks the
    host for those rows. The object is a static part of a compiled program, so one object must serve
    a whole run. Rows out of range are clamped, as on the device.

    Attributes:
      shape: ``(N, h, w, c)``.
      dtype: dtype of the pixels.
      folder: the folder of their file.
      direct_reads: batches that were not prefetched since the last call of ``read_ahead``.
    """

    def __init__(self, images: np.memmap) -> None:
        """Wraps the images.

        Args:
          images: uint8 ``[N, h, w, c]``, mapped from a file.

        Raises:
          UserError: if the rows cannot be read from the file, or JAX_PLATFORMS lacks the CPU,
            through which programs ask the host.
        """
        try:
            jax.local_devices(backend="cpu")
        except RuntimeError as error:
            platforms = jax.config.jax_platforms
            raise UserError(
                f"images that stream from disk need JAX's CPU as well: JAX_PLATFORMS={platforms} "
                f"lacks it, {platforms},cpu has it"
            ) from error
        self._file = RowFile(images)
        self._prefetcher: Prefetcher | None = None
        self.shape, self.dtype, self.ndim = images.shape, images.dtype, images.ndim
        self.folder = self._file.folder
        self.direct_reads = 0

    def __len__(self) -> int:
        """Returns the number of images."""
        return self.shape[0]

    def __getitem__(self, rows: Array | slice) -> Array:
        """Returns the images of integer rows ``[...]``, or of a slice, as ``[..., h, w, c]``."""
        if isinstance(rows, slice):
            rows = np.arange(*rows.indices(len(self)), dtype=np.int32)
        fetch = jax.custom_batching.custom_vmap(self._fetch)
        # Under vmap it is one call with more rows, cut as any other.
        fetch.def_vmap(lambda _size, _batched, rows: (self[rows], True))
        rows = jnp.asarray(rows).astype(jnp.int32)
        return fetch(jnp.where(rows < 0, rows + len(self), rows))

    def _fetch(self, rows: Array) -> Array:
        """Asks for rows in calls of at most ``_ROWS_PER_CALL``, cut between batches."""
        width = rows.shape[-1] if rows.ndim else 1
        if width > _ROWS_PER_CALL:
            starts = range(0, width, _ROWS_PER_CALL)
            parts = [self._fetch(rows[..., start : start + _ROWS_PER_CALL]) for start in starts]
            return jnp.concatenate(parts, axis=rows.ndim - 1)
        if rows.size <= _ROWS_PER_CALL:
            return self._call(rows)
        batches = rows.reshape(-1, width)
        images = jax.lax.map(self._call, batches, batch_size=_ROWS_PER_CALL // width)
        return images.reshape(*rows.shape, *self.shape[1:])

    def _call(self, rows: Array) -> Array:
        # The type of indexing on the device, with its varying axes inside shard_map.
        images = jax.ShapeDtypeStruct(self.shape, self.dtype)
        result = jax.eval_shape(lambda images, rows: images[rows], images, rows)
        return jax.pure_callback(self.read, result, rows, vmap_method="broadcast_all")

    def read_ahead(self, draws: Sequence[np.ndarray]) -> None:
        """Prefetches batches, a bounded number at a time.

        It only saves time: any other batch is read when it is asked for.

        Args:
          draws: int ``[b]`` each, the rows of batches in the order of their use. They replace the
            draws of an earlier call.
        """
        if self._prefetcher is not None:
            self._prefetcher.close()
        self._prefetcher = Prefetcher(self._file, draws)
        self.direct_reads = 0

    def read(self, rows: Array | np.ndarray) -> np.ndarray:
        """Returns the images of some rows, on the host.

        Args:
          rows: int ``[..., b]``.

        Returns:
          ``[..., b, h, w, c]``.
        """
        # Programs call this: a computation with JAX could wait for the program itself.
        rows = np.asarray(rows)
        if not rows.ndim:
            return self._file.read(rows[None])[0]
        images = np.empty((*rows.shape, *self.shape[1:]), self.dtype)
        for place in np.ndindex(rows.shape[:-1]):
            batch = self._prefetcher.take(rows[place]) if self._prefetcher else None
            if batch is None:
                self.direct_reads += 1
                batch = self._file.read(rows[place])
            images[place] = batch
        return images
