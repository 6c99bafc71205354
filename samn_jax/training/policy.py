"""What the memories are told of a clip's frames: as of a video's, or that all is well.

A memory that keeps every frame of a clip is never asked to forget, nor to do without a
frame. Under the tracker's own policy a network learns to live with its memory.
"""

import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from samn_jax import settings
from samn_jax.geometry import components
from samn_jax.memory.config import MemoryConfig

_MIN_CAPACITY = 3  # of a memory bank
_UNCERTAIN = 10.0  # uncertainty of the spatial memory where it is not certain
_CERTAIN = 1.0


@dataclasses.dataclass(frozen=True)
class PolicyConfig:
    """Which of a clip's frames the memories are to keep.

    Attributes:
      as_tracked: what a frame's `Entry` says is as in tracking: its number in the
        video, whether it is due at the memory's interval, whether the target is found,
        and whether the spatial memory is certain. Off, every frame is found, certain
        and due, and there is room for all.
      capacity: remembered frames while training, if `as_tracked`; fewer than a clip has
        let memories forget. 0 is the memory's own.
      threshold: the probability above which a pixel is the target's.
      min_area_px: smallest component that is taken for the target.
      uncertain_share: of frames in which the spatial memory, which is not trained here,
        counts as uncertain; where no target can be seen it always does.
    """

    as_tracked: bool = False
    capacity: int = 0
    threshold: float = 0.5
    min_area_px: int = 50
    uncertain_share: float = 0.0

    def __post_init__(self) -> None:
        """Checks the fields.

        Raises:
          InputError: a share is none, or a number is negative.
        """
        settings.check_shares(self, "threshold", "uncertain_share")
        settings.check_at_least(self, 0, "capacity", "min_area_px")


class Circumstances(NamedTuple):
    """What is known of a clip's frame, but for what the network makes of it."""

    number: Int[Array, ""]  # of the frame in its video, from the clip's first
    before: Int[Array, ""]  # the same of the clip's frame before it
    given: Bool[Array, ""]  # it is the first
    visible: Bool[Array, ""]  # the true mask shows the target
    distractor: Bool[Array, ""]  # something else that may be taken for it is there
    draw: Float[Array, ""]  # in [0, 1): below the share that is uncertain, it is


def memory_config(
    config: PolicyConfig, memory: MemoryConfig, length: int
) -> MemoryConfig:
    """Returns the settings of a memory for clips of `length` frames."""
    capacity = max(length, _MIN_CAPACITY)
    if config.as_tracked:
        capacity = config.capacity or memory.capacity
    return dataclasses.replace(memory, capacity=capacity)


def due(
    memory: MemoryConfig, number: Int[Array, "..."], before: Int[Array, "..."]
) -> Bool[Array, "..."]:
    """Returns whether an interval ends after frame `before`, up to frame `number`.

    With neighboring frames that is what `MemoryConfig.due` says.
    """
    every = memory.memorize_every
    if not every:
        return jnp.zeros(number.shape, bool)
    return number // every > before // every


def facts(
    config: PolicyConfig,
    memory: MemoryConfig,
    frame: Circumstances,
    prob: Float[Array, "S S"],
) -> dict[str, Array]:
    """Returns what an `Entry` says of a frame besides key and value.

    Args:
      config: how the target is found.
      memory: says the interval.
      frame: what is known of it.
      prob: the mask that it is remembered with.
    """
    component, count = components.largest_component(
        jax.lax.stop_gradient(prob) > config.threshold, min_area=config.min_area_px
    )
    area = count.astype(jnp.float32)
    inside = jnp.sum(jnp.where(component, prob, 0.0))
    certain = frame.visible & (frame.draw >= config.uncertain_share)
    certain = certain | frame.given
    return {
        "frame_idx": frame.number,
        "found": (count > 0) | frame.given,
        "given": frame.given,
        "due": due(memory, frame.number, frame.before),
        "certain": certain,
        "distractor": frame.distractor,
        "confidence": inside / jnp.maximum(area, 1.0),
        "uncertainty": jnp.where(certain, _CERTAIN, _UNCERTAIN),
        "area": area,
    }
