"""Reads batches from disk in threads before they are used, a bounded number at a time."""

import collections
import threading
from collections.abc import Sequence

import numpy as np

from medjax.data.stream.rowfile import RowFile

_MAX_BATCHES = 16
_MAX_BYTES = 128 * 2**20
"""The most bytes of batches that wait for their use."""


class Prefetcher:
    """Reads batches in a given order and returns each once.

    Several threads may take batches, and in another order: a batch that is passed over is kept for
    a while.
    """

    def __init__(self, images: RowFile, draws: Sequence[np.ndarray]) -> None:
        """Starts to read the batches ``draws``, rows ``[b]`` each, of a file."""
        import grain  # slow to import, and only streamed sets need it

        draws = [np.ascontiguousarray(rows, np.int32) for rows in draws]
        bytes_each = max(max(map(len, draws)) * images.bytes_each, 1)
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
        """Returns the images ``[b, ...]`` of rows ``[b]``, or None if they are not prefetched."""
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
        """Stops the reading."""
        with self._lock:
            self._places.clear()
            self._passed_over.clear()
            self._batches.close()


class _Batches:
    """The batches as a random-access source for grain."""

    def __init__(self, images: RowFile, draws: Sequence[np.ndarray]) -> None:
        self._images, self._draws = images, draws

    def __len__(self) -> int:
        return len(self._draws)

    def __getitem__(self, index: int) -> np.ndarray:
        return self._images.read(self._draws[index])
