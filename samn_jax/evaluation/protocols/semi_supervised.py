"""How a tracker is led through a video: objects given once, then on its own."""

import collections
import concurrent.futures
import time
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import cv2
import numpy as np
from jaxtyping import UInt8

from samn_jax import errors
from samn_jax.data import types
from samn_jax.evaluation.trackers import followers

Start = Literal["mask", "box"]

_FRAMES_AHEAD = 4
_WARM_UP_STEPS = 2


@runtime_checkable
class Output(Protocol):
    """What a tracker says of one frame."""

    mask: Any  # object probability, an array (H, W)


@runtime_checkable
class VideoTracker(Protocol):
    """Interface of `samn_jax.Tracker` that evaluation needs; one object a state."""

    def init(self, frame: np.ndarray, **start: Any) -> tuple[Any, Output]:
        """State and answer after the first frame, from `mask` or `box_xywh`."""

    def step(self, state: Any, frame: np.ndarray) -> tuple[Any, Output]:
        """State and answer after one more frame."""


class TrackedFrame(NamedTuple):
    """Result of one frame."""

    ids: UInt8[np.ndarray, "H W"]
    seconds: float  # from the decoded frame to its ids and the next state


def track_sequence(
    tracker: VideoTracker, sequence: types.Sequence, start: Start
) -> Iterator[TrackedFrame]:
    """The object ids of every frame, one frame at a time.

    Every object is followed from the frame that gives it. Its result there is the
    given mask, or what the tracker makes of the box.

    Args:
      tracker: a tracker of one object, or of several at once.
      sequence: video; its masks say which objects to follow from where.
      start: whether the tracker sees such a mask or only its bounding box.

    Raises:
      InputError: if a frame can't be read or changes its size, or no mask to start from
        can be used.
    """
    starts = sequence.starts()
    follower = followers.choose(tracker, sum(map(len, starts.values())))
    state, size = None, sequence.frame(0).shape[:2]
    for index, frame in enumerate(_decode_ahead(sequence)):
        _check_size(sequence, index, frame, size)
        new = starts.get(index, ())
        given = sequence.given_mask(index) if new else None
        began = time.perf_counter()
        ids = np.zeros(size, np.uint8)
        if state is not None:
            state, ids = follower.step(state, frame)
        masks = {}
        for i in new:
            state, masks[i] = follower.add(
                state, frame, i, _start_of(given == i, start)
            )
        if masks:
            found = followers.join(masks)
            ids = np.where(found > 0, found, ids)
        _wait_for(state)
        yield TrackedFrame(ids, time.perf_counter() - began)


def warm_up(tracker: VideoTracker, sequence: types.Sequence, start: Start) -> None:
    """Track a first frame against itself, so that all is compiled for the sequence."""
    starts = sequence.starts()
    index, ids = next(iter(starts.items()))
    follower = followers.choose(tracker, sum(map(len, starts.values())))
    frame, mask = sequence.frame(index), sequence.given_mask(index)
    given = _start_of(mask == ids[0], start)
    state, _ = follower.add(None, frame, ids[0], given)
    for _ in range(_WARM_UP_STEPS):
        state, _ = follower.step(state, frame)


def _wait_for(state: Any) -> None:
    """Return once the state is computed, which JAX would go on with unseen."""
    import jax  # Not on top: the processes that score have no need of it.

    jax.block_until_ready(state)


def _start_of(mask: np.ndarray, start: Start) -> dict[str, Any]:
    if start == "mask":
        return {"mask": mask}
    box_xywh = cv2.boundingRect(mask.astype(np.uint8))
    return {"box_xywh": tuple(float(value) for value in box_xywh)}


def _decode_ahead(sequence: types.Sequence) -> Iterator[UInt8[np.ndarray, "H W 3"]]:
    """All frames in order, read in a thread while the tracker is at work."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting: collections.deque = collections.deque()
        for index in range(sequence.num_frames):
            waiting.append(pool.submit(sequence.frame, index))
            if len(waiting) > _FRAMES_AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _check_size(
    sequence: types.Sequence, index: int, frame: np.ndarray, size: tuple[int, int]
) -> None:
    if frame.shape[:2] != size:
        name = sequence.frame_names[index]
        raise errors.InputError(
            f"frame {name} of sequence {sequence.name} is {frame.shape[1]}x"
            f"{frame.shape[0]}, the first one {size[1]}x{size[0]}: bring all frames to "
            "one size"
        )
