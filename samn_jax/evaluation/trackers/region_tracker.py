"""What the VOT runners need of a tracker, and `samn_jax.Tracker` in that form."""

import dataclasses
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from samn_jax.data.formats import vot_regions as regions
from samn_jax.evaluation.protocols import semi_supervised as protocols

# What a tracker answers: the box around its mask, the upright box that agrees with the
# fitted rotated one (thin parts and leaks count less), that rotated one, or the mask.
Kind = Literal["box", "fitted", "polygon", "mask"]
KINDS: tuple[Kind, ...] = ("box", "fitted", "polygon", "mask")

_MASK_THRESHOLD = 0.5


@runtime_checkable
class RegionTracker(Protocol):
    """A tracker of one region, whose state the caller keeps."""

    def init(self, frame: UInt8[np.ndarray, "H W 3"], region: regions.Region) -> Any:
        """State after the first frame."""

    def step(
        self, state: Any, frame: UInt8[np.ndarray, "H W 3"]
    ) -> tuple[Any, regions.Region]:
        """State and region after one more frame."""


@dataclasses.dataclass(frozen=True)
class VideoRegionTracker:
    """A tracker of masks that is started from regions and answers in regions.

    It starts from a mask where it is given one, else from an upright box.

    Attributes:
      tracker: has `init(frame, mask= | box_xywh=)` and `step(state, frame)`.
      kind: what it answers.
    """

    tracker: protocols.VideoTracker
    kind: Kind = "polygon"

    def init(self, frame: UInt8[np.ndarray, "H W 3"], region: regions.Region) -> Any:
        """State after the first frame."""
        given = start_of(region, frame.shape[:2])
        state, output = self.tracker.init(frame, **given)
        np.asarray(output.mask)  # JAX would go on computing while a clock stops.
        return state

    def step(
        self, state: Any, frame: UInt8[np.ndarray, "H W 3"]
    ) -> tuple[Any, regions.Region]:
        """State and region after one more frame."""
        state, output = self.tracker.step(state, frame)
        return state, answered_region(output, self.kind)


def start_of(region: regions.Region, size_hw: tuple[int, int]) -> dict[str, Any]:
    """What `init` of a tracker takes: the mask on its frame, or an upright box."""
    if isinstance(region, regions.MaskRegion):
        return {"mask": regions.paste_mask(region, size_hw)}
    return {"box_xywh": tuple(regions.upright_box(region).tolist())}


def answered_region(output: Any, kind: Kind) -> regions.Region:
    """What a tracker's answer says of the object, in the form asked for."""
    if kind == "mask":
        return regions.crop_mask(np.asarray(output.mask) > _MASK_THRESHOLD)
    values = output.box_xywh if kind == "box" else output.polygon
    region = np.asarray(values, np.float64).ravel()
    return regions.upright_box(region) if kind == "fitted" else region
