"""The frames of a video as protocols read them: of one size, and ahead of time."""

import collections
import concurrent.futures
from collections.abc import Iterable, Iterator

import numpy as np
from jaxtyping import UInt8

from samn_jax import errors
from samn_jax.data import types

Frame = UInt8[np.ndarray, "H W 3"]

_AHEAD = 4


def read(sequence: types.Sequence, index: int, first: np.ndarray | None) -> Frame:
    """Returns a frame, which must have the size of the first one that was read.

    Args:
      sequence: the video.
      index: of the frame.
      first: the frame that says the size; None if this is it.

    Raises:
      InputError: it can't be read, or has another size.
    """
    frame = sequence.frame(index)
    if first is not None and frame.shape != first.shape:
        raise errors.InputError(
            f"{sequence.frame_name(index)} is {types.size_text(frame)}, the first one "
            f"{types.size_text(first)}: bring all frames to one size"
        )
    return frame


def read_ahead(sequence: types.Sequence, indices: Iterable[int]) -> Iterator[Frame]:
    """Yields frames in this order, read in a thread while the tracker is at work.

    Raises:
      InputError: one can't be read, or has another size than the first.
    """
    first = None
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting: collections.deque = collections.deque()
        for index in indices:
            if first is None:
                first = read(sequence, index, None)
                yield first
                continue
            waiting.append(pool.submit(read, sequence, index, first))
            if len(waiting) > _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
