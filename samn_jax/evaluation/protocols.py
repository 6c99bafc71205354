"""How a tracker is led through a video: the first frame given, then on its own."""

import collections
import concurrent.futures
import time
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from samn_jax import errors
from samn_jax.data import types

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

    Several objects are tracked one by one and joined: every pixel goes to the most
    probable of them, or to the background where that has probability Π(1 − p).

    Args:
      tracker: a tracker of one object.
      sequence: video; its first mask says which objects to follow.
      start: whether the tracker sees that mask or only its bounding box. From a mask
        the first frame's result is the mask itself.

    Raises:
      InputError: if a frame can't be read or changes its size, or the first mask can't
        be used.
    """
    first_mask = sequence.first_mask()
    ids = np.unique(first_mask)
    ids = ids[ids > 0]
    states: list[Any] = []
    for index, frame in enumerate(_decode_ahead(sequence)):
        _check_size(sequence, index, frame, first_mask)
        began = time.perf_counter()
        if index == 0:
            starts = (_start_of(first_mask == i, start) for i in ids)
            answers = [tracker.init(frame, **given) for given in starts]
        else:
            answers = [tracker.step(state, frame) for state in states]
        states = [state for state, _ in answers]
        found = _join([np.asarray(output.mask) for _, output in answers], ids)
        _wait_for(states)
        seconds = time.perf_counter() - began
        given = index == 0 and start == "mask"
        yield TrackedFrame(first_mask if given else found, seconds)


def warm_up(tracker: VideoTracker, sequence: types.Sequence, start: Start) -> None:
    """Track the first frame against itself, so that all is compiled for its size."""
    frame, mask = sequence.frame(0), sequence.first_mask()
    state, _ = tracker.init(frame, **_start_of(mask == mask.max(), start))
    for _ in range(_WARM_UP_STEPS):
        state, output = tracker.step(state, frame)
        np.asarray(output.mask)


def _wait_for(states: list[Any]) -> None:
    """Return once the states are computed, which JAX would go on with unseen."""
    import jax  # Not on top: the processes that score have no need of it.

    jax.block_until_ready(states)


def _start_of(mask: np.ndarray, start: Start) -> dict[str, Any]:
    if start == "mask":
        return {"mask": mask}
    box_xywh = cv2.boundingRect(mask.astype(np.uint8))
    return {"box_xywh": tuple(float(value) for value in box_xywh)}


def _join(
    probabilities: list[Float[np.ndarray, "H W"]], ids: UInt8[np.ndarray, " N"]
) -> UInt8[np.ndarray, "H W"]:
    background, best = 1 - probabilities[0], probabilities[0]
    winner = np.full(best.shape, ids[0])
    for probability, object_id in zip(probabilities[1:], ids[1:], strict=True):
        winner = np.where(probability > best, object_id, winner)
        best = np.maximum(probability, best)
        background = background * (1 - probability)
    return np.where(best > background, winner, np.uint8(0))


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
    sequence: types.Sequence, index: int, frame: np.ndarray, first_mask: np.ndarray
) -> None:
    if frame.shape[:2] != first_mask.shape:
        name = sequence.frame_names[index]
        raise errors.InputError(
            f"frame {name} of sequence {sequence.name} is {frame.shape[1]}x"
            f"{frame.shape[0]}, the first one {first_mask.shape[1]}x"
            f"{first_mask.shape[0]}: bring all frames to one size"
        )
