"""Compilation before the clock runs."""

from typing import Any, NamedTuple

import numpy as np

from samn_jax.evaluation.trackers import interface, objects
from samn_jax.geometry import box_masks

_NUM_STEPS = 2  # the second step has the first one's state, as all later ones have


class Program(NamedTuple):
    """What decides the programs that a tracker compiles for a video."""

    size_hw: tuple[int, int]  # of the frames, pixels
    from_mask: bool  # or else from a box
    num_objects: int = 1


def warm_up(tracker: interface.VideoTracker, program: Program) -> None:
    """Tracks boxes on black frames, so that all that a video needs is compiled."""
    height, width = program.size_hw
    frame = np.zeros((height, width, 3), np.uint8)
    box_xywh = (width / 4, height / 4, width / 2, height / 2)
    start: dict[str, Any] = {"box_xywh": box_xywh}
    if program.from_mask:
        start = {"mask": box_masks.fill_box(box_xywh, program.size_hw)}
    several = objects.tracker_of(tracker, program.num_objects)
    state = None
    for object_id in range(1, min(program.num_objects, 2) + 1):
        state, _ = several.add(state, frame, object_id, start)
    for _ in range(_NUM_STEPS):
        state, _ = several.step(state, frame)
