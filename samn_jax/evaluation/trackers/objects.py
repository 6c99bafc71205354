"""Several objects of a video tracked with one tracker: each alone, or all jointly."""

import dataclasses
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, UInt8

from samn_jax.evaluation.trackers import interface

Mask = Float[np.ndarray, "H W"]
Ids = UInt8[np.ndarray, "H W"]


@runtime_checkable
class ObjectsTracker(Protocol):
    """A tracker of objects by their ids, all in one state."""

    def add(
        self, state: Any, frame: np.ndarray, object_id: int, start: dict[str, Any]
    ) -> tuple[Any, Mask]:
        """Returns the state with one more object, and its probability.

        Args:
          state: after the step of this very frame; None before the first object.
          frame: RGB.
          object_id: the new object's.
          start: its `mask` or `box_xywh`.
        """

    def step(self, state: Any, frame: np.ndarray) -> tuple[Any, Ids]:
        """Returns the state after one more frame, and the object at each pixel."""


@dataclasses.dataclass(frozen=True)
class IndependentObjects:
    """Each object tracked alone, with any tracker; the state maps id → its state."""

    tracker: Any

    def add(
        self,
        state: dict[int, Any] | None,
        frame: np.ndarray,
        object_id: int,
        start: dict[str, Any],
    ) -> tuple[dict[int, Any], Mask]:
        """Returns the state with one more object, and its probability."""
        one, output = self.tracker.init(frame, **start)
        return {**(state or {}), object_id: one}, np.asarray(output.mask)

    def step(
        self, state: dict[int, Any], frame: np.ndarray
    ) -> tuple[dict[int, Any], Ids]:
        """Returns the state after one more frame, and the object at each pixel."""
        answers = {
            i: interface.step(self.tracker, one, frame) for i, one in state.items()
        }
        masks = {i: np.asarray(output.mask) for i, (_, output) in answers.items()}
        return {i: one for i, (one, _) in answers.items()}, winners(masks)


@dataclasses.dataclass(frozen=True)
class JointObjects:
    """All in the slots of a `samn_jax.Tracker`, which aggregates them softly itself."""

    tracker: Any

    def add(
        self, state: Any, frame: np.ndarray, object_id: int, start: dict[str, Any]
    ) -> tuple[Any, Mask]:
        """Returns the state with one more object, and its probability."""
        one, output = self.tracker.init(frame, **start)
        return self.tracker.add_state(state, one, object_id), np.asarray(output.mask)

    def step(self, state: Any, frame: np.ndarray) -> tuple[Any, Ids]:
        """Returns the state after one more frame, and the object at each pixel."""
        state, output = interface.step(self.tracker, state, frame)
        return state, np.asarray(output.ids)


def tracker_of(tracker: Any, num_objects: int) -> ObjectsTracker:
    """Returns what suits the tracker and the number of objects that a video will have.

    Joint objects have 2, 4, 8, ... slots, so that few numbers of them compile.
    """
    if num_objects == 1 or not hasattr(tracker, "add_state"):
        return IndependentObjects(tracker)
    slots = 1 << (num_objects - 1).bit_length()
    return JointObjects(dataclasses.replace(tracker, object_slots=slots))


def winners(masks: dict[int, Mask]) -> Ids:
    """Returns each pixel's most probable object, 0 where the background is likelier.

    The background's probability is Π(1 - p), as these were found independently (STM,
    ICCV 2019, section 3.4); `tracking.joining.winners` is given shares instead,
    out of which soft aggregation has taken the background's already.

    Args:
      masks: id → probability of the object; one or more.
    """
    ids = np.array(list(masks), np.uint8)
    probabilities = np.stack(list(masks.values()))
    background = np.prod(1 - probabilities, axis=0)
    best = ids[np.argmax(probabilities, axis=0)]
    is_object = np.max(probabilities, axis=0) > background
    return np.where(is_object, best, np.uint8(0))
