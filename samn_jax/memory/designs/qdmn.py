"""QDMN: only masks of good quality are remembered, and the poorest and oldest goes.

Y. Liu et al., "Learning Quality-aware Dynamic Memory for Video Object Segmentation",
ECCV 2022 (code: QDMN 301f7bf). Its quality is a trained head's; the confidence stands
in for it here. A frame is kept if its quality is above a share of the first frame's;
the one of least quality + e^(-age) goes, age being the number of newer frames here.
"""

import dataclasses

import jax.numpy as jnp
from jaxtyping import Array, Float

from samn_jax.memory.entry import Entry, Reason
from samn_jax.memory.policy import FIRST, BoundedPolicy, SlotState
from samn_jax.memory.reader import Reader


@dataclasses.dataclass(frozen=True)
class Qdmn(BoundedPolicy):
    """Frames at intervals of good quality; facts: each slot's quality.

    Attributes:
      least_quality: share of the first frame's quality that a frame must exceed.
    """

    least_quality: float = 0.8

    def facts_of(self, entry: Entry, notes: tuple) -> Float[Array, ""]:
        """Returns the frame's quality; a person's mask is perfect."""
        del notes
        return jnp.where(entry.given, 1.0, entry.confidence).astype(jnp.float32)

    def reason(self, state: SlotState, entry: Entry, reader: Reader) -> Array:
        """Returns that poor frames aren't kept."""
        reason = super().reason(state, entry, reader)
        quality = self.facts_of(entry, ())
        poor = quality <= self.least_quality * state.facts[FIRST]
        return jnp.where((reason == Reason.KEPT) & poor, Reason.POOR, reason)

    def choose(self, state: SlotState, reader: Reader) -> tuple[Array, Array]:
        """Returns the slot of least quality and youth."""
        frames = state.bank.frame_idx
        newer = (frames[None, :] > frames[:, None]) & state.bank.valid[None, :]
        age = jnp.sum(newer.astype(jnp.float32), axis=1)
        worth = state.facts + jnp.exp(-age)
        return self.victim(state, worth), jnp.ones((), bool)
