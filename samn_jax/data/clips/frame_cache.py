"""Decoded frames kept in memory, up to a number of bytes."""

import collections
import threading
from collections.abc import Callable

from samn_jax.data.clips.sources import Frame, Loaded


class FrameCache:
    """Frames and masks, of which the least recently used are given up first.

    Threads may share one. A pickled copy is empty: each process has its own.
    """

    def __init__(self, max_bytes: int) -> None:
        """Makes an empty cache.

        Args:
          max_bytes: most that frames and masks together take; 0 keeps none.
        """
        self.max_bytes = max_bytes
        self.num_bytes = 0
        self._kept: collections.OrderedDict[Callable, Loaded] = (
            collections.OrderedDict()
        )
        self._lock = threading.Lock()

    def load(self, frame: Frame) -> Loaded:
        """Returns a frame and its object ids, read-only, decoded if not kept.

        Raises:
          InputError: as `frame.load`.
        """
        with self._lock:
            loaded = self._kept.get(frame.load)
            if loaded is not None:
                self._kept.move_to_end(frame.load)
                return loaded
        loaded = frame.load()
        for array in loaded:
            array.setflags(write=False)
        with self._lock:
            self._keep(frame.load, loaded)
        return loaded

    def _keep(self, key: Callable, loaded: Loaded) -> None:
        size = _bytes_of(loaded)
        if key in self._kept or size > self.max_bytes:  # Another thread was faster.
            return
        self._kept[key] = loaded
        self.num_bytes += size
        while self.num_bytes > self.max_bytes:
            _, oldest = self._kept.popitem(last=False)
            self.num_bytes -= _bytes_of(oldest)

    def __getstate__(self) -> int:
        return self.max_bytes

    def __setstate__(self, max_bytes: int) -> None:
        FrameCache.__init__(self, max_bytes)


def _bytes_of(loaded: Loaded) -> int:
    return sum(array.nbytes for array in loaded)
