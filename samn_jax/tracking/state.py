"""What the tracker is told, what it carries along, and what it answers."""

import dataclasses
from typing import Any, NamedTuple

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from samn_jax.dcf import augmentation as augmentation_lib
from samn_jax.dcf import spatial_memory as spatial_lib
from samn_jax.errors import InputError
from samn_jax.memory import design as design_lib
from samn_jax.memory import machine as machine_lib
from samn_jax.memory import regression as regression_lib


@dataclasses.dataclass(frozen=True)
class TrackerConfig:
    """Settings of the tracker; the defaults are the paper's with ResNet-50.

    The switches of the paper's ablation are `last_add`, `memorize_every`,
    `filter_samples`, `machine`, `use_spatial` and `whole_frame`; the positional
    encoding is a property of the network.
    """

    # What the appearance network sees.
    crop_size: int = 384  # side of its input in pixels, a multiple of 16
    search_factor: float = 4.0  # side of the crop over sqrt(w·h) of the target
    clamp_crop: bool = False  # no crop larger than a square of the frame's area
    crop_samples: int = 1  # along each axis of a pixel; 2 keeps large frames smooth
    whole_frame: bool = False  # always see the whole frame, as STM does
    # The appearance memory.
    memory_design: str = "ring"
    memory_capacity: int = 10  # remembered frames: first, last, and the interval ones
    memory_chunk: int = 0  # slots read at a time; 0 reads all at once
    last_add: bool = True  # always remember the last frame
    memorize_every: int = 5  # frames between those remembered for long; 0 for none
    filter_samples: bool = True  # remember for long only where the filter is certain
    remember_lost: bool = True  # remember frames in which no target was found
    machine: str = "none"  # none | cross_reference | cosine | emd
    # The spatial memory.
    use_spatial: bool = True
    filter_crop_size: int = 256  # side of the filter's crop in pixels
    filter_factor: float = 4.5  # side of the filter's crop over sqrt(w·h)
    spatial: spatial_lib.SpatialMemoryConfig = spatial_lib.SpatialMemoryConfig()
    augmentation: augmentation_lib.AugmentationConfig = (
        augmentation_lib.AugmentationConfig()
    )
    accept_uncertainty: float = 3.0  # below it, position and sample are accepted
    segment_uncertainty: float = (
        10.0  # below it, a target started by a box is segmented
    )
    scale_uncertainty: float = 3.5  # below it, the scale may change
    # From the network's answer to the target's new place.
    aggregation: str = "soft"  # soft | odds: how objects are joined, even one alone
    threshold_from_mask: float = 0.2  # of the object probability
    threshold_from_box: float = 0.5
    scale_step_from_mask: float = 0.10  # largest change of the target's size per frame
    scale_step_from_box: float = 0.05
    scale_step_down: float = 1.0  # and of its shrinking, if smaller than these
    max_area_ratio: float = (
        3.0  # a larger change of area from frame to frame is not real
    )
    min_area_px: int = 50  # smallest component taken for the target, in crop pixels
    keep_component: bool = False  # answer with the largest component alone
    lost_growth: float = 1.0  # growth of the crop per frame without a target
    dilate_box: float = 1.2  # a box start keeps the mask inside a box larger by this

    def __post_init__(self) -> None:
        """Checks the crops' sides.

        Raises:
          InputError: one is not a multiple of the networks' stride.
        """
        for name in ("crop_size", "filter_crop_size"):
            side = getattr(self, name)
            if side < 16 or side % 16:
                raise InputError(f"{name} is {side}: give a multiple of 16")


class TrackerSpec(NamedTuple):
    """The static part of a tracker: hashable, an argument of the jitted functions."""

    network: nn.Module
    config: TrackerConfig
    similarity: str  # of keys, as the network was trained
    regression: regression_lib.RegressionConfig = regression_lib.RegressionConfig()

    @property
    def memory(self) -> design_lib.MemoryDesign:
        """Returns the appearance memory's three functions."""
        config = self.config
        return design_lib.build_memory(
            design_lib.MemoryConfig(
                design=config.memory_design,
                capacity=config.memory_capacity,
                last_add=config.last_add,
                similarity=self.similarity,
                machine=machine_lib.MachineConfig(mode=config.machine),
                chunk_slots=config.memory_chunk,
                regression=self.regression,
            )
        )


class Target(NamedTuple):
    """Where the target was last seen, in image pixels."""

    center_xy: Float[Array, "2"]
    size_wh: Float[Array, "2"]
    area: Float[Array, ""]  # of its mask, when last found
    first_size_wh: Float[Array, "2"]
    first_area: Float[Array, ""]


class TrackerState(NamedTuple):
    """All that is carried from frame to frame; H and W are those of the size bucket."""

    memory: Any  # of the memory design, a pytree
    spatial: spatial_lib.SpatialMemory | None  # None if switched off
    target: Target
    extent_hw: Int[Array, "2"]  # true size of the frames
    from_mask: Bool[Array, ""]  # the first frame came with a mask, not a box
    frame_idx: Int[Array, ""]  # of the last frame seen
    lost_frames: Int[Array, ""]  # frames since the target was last found


class Prediction(NamedTuple):
    """What the tracker says of one frame."""

    mask: Float[Array, "H W"]  # object probability
    polygon: Float[Array, "4 2"]  # rotated box, corners (x, y)
    box_xywh: Float[Array, "4"]  # axis-aligned box around the mask
    confidence: Float[Array, ""]  # in [0, 1]; 0 when the target is lost
    uncertainty: Float[Array, ""]  # of the spatial memory: about 1 is certain


def bucket(height: int, width: int) -> tuple[int, int]:
    """Returns the size that frames of a size are padded to: multiples of 64 pixels."""
    return -(-height // 64) * 64, -(-width // 64) * 64


def floats(*values: float) -> Float[Array, " N"]:
    """Returns a float32 vector."""
    return jnp.array(values, jnp.float32)
