"""DAM4SAM: recent frames, and anchors taken where something alike was near.

J. Videnovic, A. Lukežič and M. Kristan, "A Distractor-Aware Memory for Visual Object
Tracking with SAM2", CVPR 2025 (code: DAM4SAM 9c95450). Anchors resolve distractors: a
frame becomes one if it is confident, its area is near the median of the last ten (its
own included), the last anchor is more than five frames old, and a distractor is seen.
Recent frames are those at intervals in which the target is visible. A distractor is the
spatial memory's second maximum here; SAM 2's is a second mask.
"""

import dataclasses
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from samn_jax.errors import InputError
from samn_jax.memory import bank as bank_lib
from samn_jax.memory.entry import Entry, Read, Reason
from samn_jax.memory.policy import FIRST, LAST, BoundedPolicy, SlotState
from samn_jax.memory.reader import Reader

HISTORY = 10  # frames with a target, whose median area is the usual one


class Notes(NamedTuple):
    """What is known beside the slots."""

    areas: Float[Array, " 10"]  # of the last frames, newest last; 0 before the first
    last_anchor: Int[Array, ""]  # frame number
    is_anchor: Bool[Array, ""]  # the frame just seen is one


@dataclasses.dataclass(frozen=True)
class Dam4Sam(BoundedPolicy):
    """Anchors and recent frames; facts: whether a slot's frame is an anchor.

    Attributes:
      anchors: slots for anchors, the first frame's included.
      least_confidence: of an anchor.
      area_tolerance: largest relative difference of its area from the median.
      anchor_gap: frames after an anchor without another.
    """

    anchors: int = 4
    least_confidence: float = 0.8
    area_tolerance: float = 0.2
    anchor_gap: int = 5

    def __post_init__(self) -> None:
        """Raises InputError if anchors leave no room for recent frames."""
        super().__post_init__()
        if not 2 <= self.anchors <= self.capacity - 2:
            raise InputError(
                f"memory.anchors is {self.anchors}: give 2 to {self.capacity - 2}, "
                "capacity - 2"
            )

    def first_notes(self, entry: Entry) -> Notes:
        """Returns the first frame's area, and that it is an anchor."""
        areas = jnp.zeros((HISTORY,), jnp.float32).at[-1].set(entry.area)
        return Notes(areas, jnp.asarray(entry.frame_idx), jnp.ones((), bool))

    def facts_of(self, entry: Entry, notes: Notes) -> Bool[Array, ""]:
        """Returns whether the frame is an anchor."""
        del entry
        return notes.is_anchor

    def learn(self, state: SlotState, entry: Entry, read: Read) -> tuple:
        """Returns the notes after the frame, which may be an anchor."""
        areas, last, _ = state.notes
        areas = jnp.roll(areas, -1).at[-1].set(entry.area)
        usual = jnp.nanmedian(jnp.where(areas > 0, areas, jnp.nan))
        is_like = jnp.abs(entry.area / jnp.maximum(usual, 1.0) - 1.0)
        is_anchor = (
            entry.distractor
            & (entry.confidence > self.least_confidence)
            & (is_like <= self.area_tolerance)
            & (entry.frame_idx - last > self.anchor_gap)
        ) | entry.given
        last = jnp.where(is_anchor, entry.frame_idx, last)
        return state.facts, Notes(areas, last, is_anchor)

    def reason(self, state: SlotState, entry: Entry, reader: Reader) -> Array:
        """Returns that anchors are kept, due or not."""
        reason = super().reason(state, entry, reader)
        anchor = state.notes.is_anchor & entry.found
        return jnp.where(anchor, Reason.KEPT, reason).astype(jnp.int32)

    def choose(self, state: SlotState, reader: Reader) -> tuple[Array, Array]:
        """Returns the oldest of its kind: slots 2 to `anchors` are for anchors."""
        slots = jnp.arange(self.num_slots)
        for_anchors = (slots > LAST) & (slots <= self.anchors)
        for_recent = slots > self.anchors
        allowed = jnp.where(state.facts[LAST], for_anchors, for_recent)
        fixed = ~allowed | (slots == FIRST) | (slots == LAST)
        return bank_lib.victim(state.bank, fixed=fixed), jnp.ones((), bool)
