"""What evaluation needs of a tracker of one object; `samn_jax.Tracker` has it."""

from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np

# What a tracker is given of an object: its mask, where there is one, or else an upright
# box; or always the box.
Start = Literal["mask", "box"]

# What a tracker answers: the box around its mask, the upright box that agrees with the
# fitted rotated one (thin parts and leaks count less), that rotated one, or the mask.
Answer = Literal["box", "fitted", "polygon", "mask"]
ANSWERS: tuple[Answer, ...] = ("box", "fitted", "polygon", "mask")


@runtime_checkable
class Output(Protocol):
    """What a tracker says of one frame."""

    @property
    def mask(self) -> Any:
        """Object probability, an array (H, W)."""


@runtime_checkable
class VideoTracker(Protocol):
    """A tracker of one object, whose state the caller keeps."""

    def init(
        self, frame: np.ndarray, *, mask: Any = None, box_xywh: Any = None
    ) -> tuple[Any, Output]:
        """Returns state and answer after the first frame, of `mask` or `box_xywh`."""

    def step(self, state: Any, frame: np.ndarray) -> tuple[Any, Output]:
        """Returns state and answer after one more frame."""


def step(tracker: Any, state: Any, frame: np.ndarray) -> tuple[Any, Any]:
    """Returns state and answer after one more frame; the given state may be lost.

    `samn_jax.Tracker.step` copies the state, so that it can be kept, which is no part
    of what a video costs.
    """
    in_place = getattr(tracker, "step_in_place", tracker.step)
    return in_place(state, frame)


class Request(NamedTuple):
    """What a tracker is given where objects start, and what it is asked for."""

    start: Start = "mask"
    answer: Answer = "mask"
