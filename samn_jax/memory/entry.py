"""What passes between the tracker and a memory: keys, values, entries, reads, reports.

All are NamedTuples of arrays for one object and one frame, at stride 16 where they have
cells; axes in front of those shown are added by banks and `vmap`.
"""

import enum
from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from samn_jax.geometry import crops


class Key(NamedTuple):
    """What a cell is found by."""

    attention: Float[Array, "*cells Ck"]  # compared by the network's similarity
    regression: Float[Array, "*cells Cf"]  # features; Cf = 0 without a regression

    @classmethod
    def plain(cls, attention: Float[Array, "*cells Ck"]) -> "Key":
        """Returns a key without features of a regression."""
        return cls(attention, attention[..., :0])


class Value(NamedTuple):
    """What is known of a cell, and in the same form what a read says of it."""

    attention: Float[Array, "*cells Cv"]  # averaged by attention
    labels: Float[Array, "*cells L"]  # predicted by regression, the share first; L = 0

    @classmethod
    def plain(cls, attention: Float[Array, "*cells Cv"]) -> "Value":
        """Returns a value without labels of a regression."""
        return cls(attention, attention[..., :0])


class Entry(NamedTuple):
    """All that a frame teaches once it is segmented.

    `others` is told of the objects that are tracked together, whose shares of a cell
    and `share` add up to at most about 1. It is 0 where one is tracked alone, and in
    frames that are `given` (first frames and corrections): there an object is entered
    by itself. In training it is of the clip's objects, in the same way.
    """

    key: Key
    value: Value
    share: Float[Array, "h w"]  # of each cell that the target covers, in [0, 1]
    others: Float[Array, "h w"]  # of each cell that other tracked objects cover
    prob: Float[Array, "S S"]  # of the target, in the crop
    crop: crops.SquareCrop  # where the crop lies in the frame
    frame_idx: Int[Array, ""]  # 0 is the first frame
    found: Bool[Array, ""]  # there is a target in the frame
    given: Bool[Array, ""]  # a person's mask (first frame or correction): permanent
    due: Bool[Array, ""]  # one of the frames remembered at intervals
    certain: Bool[Array, ""]  # the spatial memory is sure of the target's place
    distractor: Bool[Array, ""]  # the spatial memory sees something alike elsewhere
    confidence: Float[Array, ""]  # mean probability inside the mask; 0 if not found
    uncertainty: Float[Array, ""]  # of the spatial memory: about 1 is certain, 0 early
    area: Float[Array, ""]  # of the mask, image pixels; 0 if not found


class Read(NamedTuple):
    """What a memory says of a frame; what nobody uses of it is never computed."""

    readout: Value  # of each cell of the frame (h, w)
    slot_mass: Float[Array, "h w T"]  # attention to each slot (or cell); sums to 1
    cell_mass: Float[Array, " m"]  # what each remembered cell got of all (h·w) together


class Reason(enum.IntEnum):
    """Why a frame is remembered for long, or why not."""

    KEPT = 0
    NOT_DUE = 1  # between two frames remembered at intervals
    NOT_FOUND = 2  # there is no target in it
    UNCERTAIN = 3  # the spatial memory is not sure
    POOR = 4  # its mask is not good enough
    REDUNDANT = 5  # it tells nothing new
    MERGED = 6  # it went into what was there already
    FROZEN = 7  # the memory learns nothing more


class Report(NamedTuple):
    """What a write did."""

    reason: Int[Array, ""]  # a `Reason`
    slot: Int[Array, ""]  # where the frame can be read now; -1 if nowhere
    forgotten: Int[Array, ""]  # number of the frame that can't be read any more, or -1


class Slots(NamedTuple):
    """What a memory holds, for people: a row per slot (or cell)."""

    frame_idx: Int[Array, " T"]  # the frame it is from; -1 where it is empty
    given: Bool[Array, " T"]  # it is from a person's mask
    valid: Bool[Array, " T"]  # it can be read

    def age(self, frame_idx: Int[Array, ""] | int) -> Int[Array, " T"]:
        """Returns how many frames ago each slot's frame was; -1 where it is empty."""
        return jnp.where(self.frame_idx >= 0, frame_idx - self.frame_idx, -1)


def cell_shares(mask: Float[Array, "S S"], rows: int) -> Float[Array, "h w"]:
    """Returns the mean of a square mask over each of `rows` × `rows` cells."""
    size = mask.shape[0] // rows
    return jnp.mean(mask.reshape(rows, size, rows, size), axis=(1, 3))


def make_entry(
    key: Key,
    value: Value,
    prob: Float[Array, "S S"],
    frame_idx: Int[Array, ""] | int,
    **facts: Any,
) -> Entry:
    """Returns an entry in which all is well, but for what `facts` say.

    It is found, due, certain and not given; no others and no distractor are near; its
    confidence and area are those of the pixels above one half.

    Args:
      key: of the frame's cells.
      value: of the frame's cells.
      prob: of the target, in the crop.
      frame_idx: the frame's number.
      **facts: any other field of `Entry`, as an array or a plain number.
    """
    size = prob.shape[0]
    inside = prob > 0.5
    count = jnp.sum(inside.astype(jnp.float32))
    middle = jnp.full((2,), size / 2.0, jnp.float32)
    entry = Entry(
        key=key,
        value=value,
        share=cell_shares(prob, key.attention.shape[0]),
        others=jnp.zeros(key.attention.shape[:2], jnp.float32),
        prob=prob,
        crop=crops.SquareCrop(middle, jnp.float32(size), jnp.int32(1)),
        frame_idx=jnp.int32(frame_idx),
        found=jnp.bool_(True),
        given=jnp.bool_(False),
        due=jnp.bool_(True),
        certain=jnp.bool_(True),
        distractor=jnp.bool_(False),
        confidence=jnp.sum(jnp.where(inside, prob, 0.0)) / jnp.maximum(count, 1.0),
        uncertainty=jnp.float32(1.0),
        area=count,
    )
    typed: dict[str, Any] = {
        k: x
        if k in ("key", "value", "crop")
        else jnp.asarray(x, getattr(entry, k).dtype)
        for k, x in facts.items()
    }
    return entry._replace(**typed)


def interval_reason(entry: Entry, *, filter_samples: bool) -> Int[Array, ""]:
    """Returns the paper's `Reason` to keep a frame, or not.

    Kept are the frames that are due, if the target is found and, with `filter_samples`,
    the spatial memory is certain; and all given ones.
    """
    uncertain = jnp.logical_not(entry.certain) & filter_samples
    reason = jnp.where(uncertain, Reason.UNCERTAIN, Reason.KEPT)
    reason = jnp.where(entry.due, reason, Reason.NOT_DUE)
    reason = jnp.where(entry.found, reason, Reason.NOT_FOUND)
    return jnp.where(entry.given, Reason.KEPT, reason).astype(jnp.int32)


def report(
    reason: Int[Array, ""] | int,
    slot: Int[Array, ""] | int = -1,
    forgotten: Int[Array, ""] | int = -1,
) -> Report:
    """Returns a report of int32 scalars."""
    return Report(*(jnp.asarray(x, jnp.int32) for x in (reason, slot, forgotten)))
