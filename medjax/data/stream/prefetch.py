"""Batches read from disk before they are asked for, in threads, a bounded number at a time."""

import collections
import threading

import numpy as np

from medjax.data.stream.rowfile import RowFile

_MAX_BATCHES = 16
_MAX_BYTES = 128 * 2**20
"""What batches that wait to be asked for may take together."""


class Ahead:
    """Reads announced batches in their order and hands each out once.

    Several threads may ask, and in another order than announced: a batch passed over is kept for
    a while.
    """

    def __init__(self, images: RowFile, draws: np.ndarray) -> None:
        """Begins to read.

        Args:
          images: ``N`` rows.
          draws: int ``[n, b]``, rows of each batch.
        """
        import grain  # here, because runs whose data fits on the device need no loader

        draws = np.ascontiguousarray(draws, np.int32)
        bytes_each = max(draws.shape[1] * images.bytes_each, 1)
        # Half of the memory for batches being read, half for those passed over.
        self._limit = int(np.clip(_MAX_BYTES // 2 // bytes_each, 1, _MAX_BATCHES))
        options = grain.ReadOptions(
            num_threads=min(self._limit, _MAX_BATCHES), prefetch_buffer_size=self._limit
        )
        batches = grain.MapDataset.source(_Batches(images, draws))
        self._batches = iter(batches.to_iter_dataset(options))
        self._draws, self._next = draws, 0
        self._places = collections.defaultdict(collections.deque)
        for place, rows in enumerate(draws):
            self._places[rows.tobytes()].append(place)
        self._passed_over = collections.OrderedDict()
        self._lock = threading.Lock()

    def take(self, rows: np.ndarray) -> np.ndarray | None:
        """The images of a batch, if it was announced and is still to be had.

        Args:
          rows: int ``[b]``.

        Returns:
          ``[b, ...]``, or None.
        """
        key = np.ascontiguousarray(rows, np.int32).tobytes()
        with self._lock:
            places = self._places.get(key)
            if not places:
                return None
            place = places.popleft()
            if place < self._next:
                return self._passed_over.pop(place, None)
            while self._next < place:
                self._passed_over[self._next] = next(self._batches)
                self._next += 1
                if len(self._passed_over) > self._limit:
                    self._passed_over.popitem(last=False)
            self._next += 1
            return next(self._batches)

    def close(self) -> None:
        """Ends the reading."""
        with self._lock:
            self._places.clear()
            self._passed_over.clear()
            self._batches.close()


class _Batches:
    """The batches as a random-access source, which grain reads from in its threads."""

    def __init__(self, images: RowFile, draws: np.ndarray) -> None:
        self._images, self._draws = images, draws

    def __len__(self) -> int:
        return len(self._draws)

    def __getitem__(self, index: int) -> np.ndarray:
        return self._images.read(self._draws[index])
