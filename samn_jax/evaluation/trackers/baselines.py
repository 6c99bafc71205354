"""Trackers that any other one has to beat, with the interface of `samn_jax.Tracker`."""

from typing import Any, NamedTuple

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from samn_jax.geometry import box_masks


class CopyOutput(NamedTuple):
    """What a baseline says of one frame."""

    mask: Float[np.ndarray, "H W"]  # object probability
    box_xywh: Float[np.ndarray, " 4"]
    polygon: Float[np.ndarray, "4 2"]  # the box's corners, clockwise from its top left
    confidence: float = 1.0


class CopyFirst:
    """Answers every frame with the mask and box of the first one."""

    def init(
        self,
        frame: UInt8[np.ndarray, "H W 3"],
        *,
        mask: Any = None,
        box_xywh: Any = None,
    ) -> tuple[CopyOutput, CopyOutput]:
        """Returns the first answer, as state and as answer; one start must be given."""
        if mask is None:
            mask = box_masks.fill_box(box_xywh, frame.shape[:2])
        if box_xywh is None:
            box_xywh = cv2.boundingRect(mask.astype(np.uint8))
        left, top, width, height = box = np.array(box_xywh, np.float32)
        corners = [(0, 0), (width, 0), (width, height), (0, height)]
        polygon = np.array(corners, np.float32) + np.array([left, top])
        answer = CopyOutput(np.asarray(mask, np.float32), box, polygon)
        return answer, answer

    def step(
        self, state: CopyOutput, frame: UInt8[np.ndarray, "H W 3"]
    ) -> tuple[CopyOutput, CopyOutput]:
        """Returns the same answer again."""
        return state, state
