"""What is kept of a tracked video, to look into its memory later: plain arrays."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8


class ObjectTrace(NamedTuple):
    """One object from its first frame on: F frames, M rows of what was held in them.

    Frames are counted in the video, in the order of tracking, which may be backward.
    Masks are those of the small pictures, eight pixels a byte.
    """

    frame: Int[np.ndarray, " F"]
    given: Bool[np.ndarray, " F"]  # a person's mask: the first one, or a correction
    found: Bool[np.ndarray, " F"]
    certain: Bool[np.ndarray, " F"]  # the spatial memory is sure of the place
    distractor: Bool[np.ndarray, " F"]  # it sees something alike elsewhere
    confidence: Float[np.ndarray, " F"]
    uncertainty: Float[np.ndarray, " F"]
    area: Float[np.ndarray, " F"]  # pixels of the frame
    region: Float[np.ndarray, " F"]  # J; NaN where no truth is known
    target_entropy: Float[np.ndarray, " F"]  # of reading, nats; NaN in given frames
    entropy: Float[np.ndarray, " F"]
    reason: Int[np.ndarray, " F"]  # a `Reason`
    slot: Int[np.ndarray, " F"]  # where the frame was written, -1 if nowhere
    forgotten: Int[np.ndarray, " F"]  # the frame that went, -1 if none
    crop: Float[np.ndarray, "F 3"]  # where the network looked: center x, y and side
    response_crop: Float[np.ndarray, "F 3"]  # where the filter looked
    response: Float[np.ndarray, "F R R"]  # its best scores; R = 0 without a filter
    mask: UInt8[np.ndarray, "F h b"]
    truth: UInt8[np.ndarray, "F h b"]  # zeros where none is known
    held_end: Int[np.ndarray, " F"]  # rows of the first frames together
    held_slot: Int[np.ndarray, " M"]  # the lowest one that holds the frame
    held_rows: Int[np.ndarray, " M"]  # how many do: 1, or cells
    held_frame: Int[np.ndarray, " M"]
    held_given: Bool[np.ndarray, " M"]
    held_target: Float[np.ndarray, " M"]  # attention to it, mean over the target
    held_mass: Float[np.ndarray, " M"]  # and over the whole crop


class NamedTrace(NamedTuple):
    """An object's trace and what it is called."""

    name: str
    trace: ObjectTrace


class VideoTrace(NamedTuple):
    """One video tracked with one design."""

    video: str
    design: str
    settings: str  # of the design, as a person reads them
    size_hw: tuple[int, int]  # of the frames, pixels
    small_hw: tuple[int, int]  # of the pictures and masks
    pictures: dict[int, bytes]  # JPEG by frame
    objects: tuple[NamedTrace, ...]


def unpack_mask(
    packed: UInt8[np.ndarray, "*F h b"], small_hw: tuple[int, int]
) -> Bool[np.ndarray, "*F h w"]:
    """Returns masks of the small pictures' size."""
    return np.unpackbits(packed, axis=-1, count=small_hw[1]).astype(bool)
