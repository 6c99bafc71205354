"""What the tracker is told, what it carries along, and what it answers."""

import dataclasses
from typing import Any, NamedTuple

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from samn_jax.dcf import spatial_memory as spatial_lib
from samn_jax.geometry import crops
from samn_jax.memory import registry, source
from samn_jax.memory.design import Design
from samn_jax.memory.reader import Reader, make_reader
from samn_jax.tracking.config import TrackerConfig


@dataclasses.dataclass(frozen=True)
class TrackerSpec:
    """The static part of a tracker: hashable, an argument of the jitted functions.

    `TrackerSpec.of` makes it from a network and settings.

    Attributes:
      network: the Linen module, as `models.network.Network` describes it.
      config: the settings.
      memory: the memory design, an object with its own settings.
      source: a fingerprint of the design's code, so that code that was changed under
        the same names is compiled anew.
    """

    network: nn.Module
    config: TrackerConfig
    memory: Design
    source: str = ""

    @classmethod
    def of(
        cls, network: nn.Module, config: TrackerConfig, memory: Design | None = None
    ) -> "TrackerSpec":
        """Returns the spec with the memory design that the settings name, or another.

        Raises:
          InputError: the settings name no design.
        """
        memory = registry.build(config.memory) if memory is None else memory
        return cls(network, config, memory, source.fingerprint(memory))

    def reader(self, variables: dict[str, Any]) -> Reader:
        """Returns what the memory is read with; `variables` are the network's."""
        return make_reader(
            self.network.similarity, self.config.memory, variables.get("memory")
        )


class Target(NamedTuple):
    """Where the target was last seen, in image pixels."""

    center_xy: Float[Array, "2"]
    size_wh: Float[Array, "2"]
    area: Float[Array, ""]  # of its mask, when last found
    first_size_wh: Float[Array, "2"]
    first_area: Float[Array, ""]


class Previous(NamedTuple):
    """What was said of the last frame, for networks that are shown it."""

    prob: Float[Array, "P P"]  # of the object, in the crop; 0 if it was not found
    crop: crops.SquareCrop  # where it lies in the frame


class TrackerState(NamedTuple):
    """All that is carried from frame to frame; H and W are those of the size bucket."""

    memory: Any  # of the memory design, a pytree
    spatial: spatial_lib.SpatialMemory | None  # None if switched off
    target: Target
    extent_hw: Int[Array, "2"]  # true size of the frames
    from_mask: Bool[Array, ""]  # the first frame came with a mask, not a box
    frame_idx: Int[Array, ""]  # of the last frame seen
    lost_frames: Int[Array, ""]  # frames since the target was last found
    previous: Previous | None = None  # None for networks that are not shown it


class Prediction(NamedTuple):
    """What the tracker says of one frame."""

    mask: Float[Array, "H W"]  # object probability
    polygon: Float[Array, "4 2"]  # rotated box, corners (x, y)
    box_xywh: Float[Array, "4"]  # axis-aligned box around the mask
    confidence: Float[
        Array, ""
    ]  # in [0, 1]; 0 if the target is lost, NaN if the mask is
    uncertainty: Float[Array, ""]  # of the spatial memory: about 1 is certain


def bucket(height: int, width: int) -> tuple[int, int]:
    """Returns the size that frames of a size are padded to: multiples of 64 pixels."""
    return -(-height // 64) * 64, -(-width // 64) * 64


def floats(*values: float) -> Float[Array, " N"]:
    """Returns a float32 vector."""
    return jnp.array(values, jnp.float32)
