"""Several objects of a video followed with a tracker: one by one, or all together."""

import dataclasses
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, UInt8

Mask = Float[np.ndarray, "H W"]
Ids = UInt8[np.ndarray, "H W"]


@runtime_checkable
class Follower(Protocol):
    """Objects by their ids, all in one state."""

    def add(
        self, state: Any, frame: np.ndarray, object_id: int, start: dict[str, Any]
    ) -> tuple[Any, Mask]:
        """State with one more object, and its probability; `start` as for `init`."""

    def step(self, state: Any, frame: np.ndarray) -> tuple[Any, Ids]:
        """State after one more frame, and the object at each pixel."""


@dataclasses.dataclass(frozen=True)
class OneByOne:
    """Each object by itself, with any tracker of one object; state: id → its state."""

    tracker: Any

    def add(
        self,
        state: dict[int, Any] | None,
        frame: np.ndarray,
        object_id: int,
        start: dict[str, Any],
    ) -> tuple[dict[int, Any], Mask]:
        """State with one more object, and its probability."""
        one, output = self.tracker.init(frame, **start)
        return {**(state or {}), object_id: one}, np.asarray(output.mask)

    def step(
        self, state: dict[int, Any], frame: np.ndarray
    ) -> tuple[dict[int, Any], Ids]:
        """State after one more frame, and the object at each pixel."""
        answers = {i: self.tracker.step(one, frame) for i, one in state.items()}
        masks = {i: np.asarray(output.mask) for i, (_, output) in answers.items()}
        return {i: one for i, (one, _) in answers.items()}, join(masks)


@dataclasses.dataclass(frozen=True)
class Together:
    """All in the slots of a `samn_jax.Tracker`, which joins them itself."""

    tracker: Any

    def add(
        self, state: Any, frame: np.ndarray, object_id: int, start: dict[str, Any]
    ) -> tuple[Any, Mask]:
        """State with one more object, and its probability."""
        one, output = self.tracker.init(frame, **start)
        return self.tracker.add_state(state, one, object_id), np.asarray(output.mask)

    def step(self, state: Any, frame: np.ndarray) -> tuple[Any, Ids]:
        """State after one more frame, and the object at each pixel."""
        state, output = self.tracker.step(state, frame)
        return state, np.asarray(output.ids)


def choose(tracker: Any, num_objects: int) -> Follower:
    """What suits the tracker and the number of objects that a video will have.

    Together there are 2, 4, 8, ... slots, so that few numbers of them compile.
    """
    if num_objects == 1 or not hasattr(tracker, "add_state"):
        return OneByOne(tracker)
    slots = 1 << (num_objects - 1).bit_length()
    return Together(dataclasses.replace(tracker, object_slots=slots))


def join(masks: dict[int, Mask]) -> Ids:
    """Each pixel's most probable object, or 0 where the background is: Π(1 − p)."""
    ids = np.array(list(masks), np.uint8)
    probabilities = list(masks.values())
    background, best = 1 - probabilities[0], probabilities[0]
    winner = np.full(best.shape, ids[0])
    for probability, object_id in zip(probabilities[1:], ids[1:], strict=True):
        winner = np.where(probability > best, object_id, winner)
        best = np.maximum(probability, best)
        background = background * (1 - probability)
    return np.where(best > background, winner, np.uint8(0))
