"""What the protocols of boxes and regions need, and any tracker in that form."""

import dataclasses
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from samn_jax.data.formats import vot_regions as regions
from samn_jax.evaluation.trackers import interface

_MASK_THRESHOLD = 0.5


@runtime_checkable
class RegionTracker(Protocol):
    """A tracker of one region, whose state the caller keeps."""

    def init(self, frame: UInt8[np.ndarray, "H W 3"], region: regions.Region) -> Any:
        """Returns the state after the first frame."""

    def step(
        self, state: Any, frame: UInt8[np.ndarray, "H W 3"]
    ) -> tuple[Any, regions.Region]:
        """Returns state and region after one more frame."""


@dataclasses.dataclass(frozen=True)
class VideoRegionTracker:
    """A tracker of masks that is started from regions and answers in regions.

    Attributes:
      tracker: has `init(frame, mask= | box_xywh=)` and `step(state, frame)`.
      request: what it is given of a region, and the form of its answers.
    """

    tracker: interface.VideoTracker
    request: interface.Request = interface.Request(answer="polygon")

    def init(self, frame: UInt8[np.ndarray, "H W 3"], region: regions.Region) -> Any:
        """Returns the state after the first frame."""
        given = start_of(region, frame.shape[:2], self.request.start)
        state, _ = self.tracker.init(frame, **given)
        return state

    def step(
        self, state: Any, frame: UInt8[np.ndarray, "H W 3"]
    ) -> tuple[Any, regions.Region]:
        """Returns state and region after one more frame."""
        state, output = interface.step(self.tracker, state, frame)
        return state, answered_region(output, self.request.answer)


def start_of(
    region: regions.Region, size_hw: tuple[int, int], start: interface.Start = "mask"
) -> dict[str, Any]:
    """Returns what `init` of a tracker takes: the mask on its frame, or a box."""
    if start == "mask" and isinstance(region, regions.MaskRegion):
        return {"mask": regions.paste_mask(region, size_hw)}
    return {"box_xywh": tuple(regions.upright_box(region).tolist())}


def answered_region(output: Any, answer: interface.Answer) -> regions.Region:
    """Returns what a tracker says of the object, in the form asked for."""
    if answer == "mask":
        return regions.crop_mask(np.asarray(output.mask) > _MASK_THRESHOLD)
    values = output.box_xywh if answer == "box" else output.polygon
    region = np.asarray(values, np.float64).ravel()
    if not np.isfinite(region).all():
        return regions.code(regions.SKIPPED)  # No region at all.
    return regions.upright_box(region) if answer == "fitted" else region
