"""Trackers that any other one has to beat, with the interface of `samn_jax.Tracker`."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, UInt8


class CopyOutput(NamedTuple):
    """What a baseline says of one frame."""

    mask: Float[np.ndarray, "H W"]  # object probability


class CopyFirst:
    """Answers every frame with the mask (or the filled box) of the first one."""

    def init(
        self,
        frame: UInt8[np.ndarray, "H W 3"],
        *,
        mask: Bool[np.ndarray, "H W"] | None = None,
        box_xywh: tuple[float, float, float, float] | None = None,
    ) -> tuple[Float[np.ndarray, "H W"], CopyOutput]:
        """The first mask as state, and as answer; exactly one start must be given."""
        if mask is None:
            mask = _filled_box(frame.shape[:2], box_xywh)
        state = np.asarray(mask, np.float32)
        return state, CopyOutput(state)

    def step(
        self, state: Float[np.ndarray, "H W"], frame: UInt8[np.ndarray, "H W 3"]
    ) -> tuple[Float[np.ndarray, "H W"], CopyOutput]:
        """The same mask again."""
        return state, CopyOutput(state)


def _filled_box(
    size: tuple[int, int], box_xywh: tuple[float, float, float, float]
) -> Bool[np.ndarray, "H W"]:
    left, top, width, height = box_xywh
    x, y = np.arange(size[1]) + 0.5, np.arange(size[0]) + 0.5
    rows = (y > top) & (y < top + height)
    columns = (x > left) & (x < left + width)
    return rows[:, None] & columns[None, :]
