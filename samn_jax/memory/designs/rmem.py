"""RMem: a small memory in which relevance, and a chance for the new, decide who stays.

J. Zhou et al., "RMem: Restricted Memory Banks Improve Video Object Segmentation", CVPR
2024 (code: RMem 431cde1). A slot's relevance is the attention that the target's cells
pay to it; when the memory is full, the slot of least relevance plus bonus goes, never
the first. The last frame stands for the short-term memory of its base, AOT.
"""

import dataclasses
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from samn_jax.memory.entry import Entry, Read
from samn_jax.memory.policy import BoundedPolicy, SlotState
from samn_jax.memory.reader import Reader


class Relevance(NamedTuple):
    """What is known of each slot."""

    relevance: Float[Array, "*T"]  # share of the target's attention, smoothed
    reads: Float[Array, "*T"]  # frames that have read it


@dataclasses.dataclass(frozen=True)
class RMem(BoundedPolicy):
    """Frames at intervals; the least relevant goes.

    Attributes:
      new_share: weight of the newest frame's attention in the relevance.
      bonus: weight of the upper confidence bound, sqrt(ln Σn / (n + settled)).
      settled: reads after which a slot's bonus begins to shrink.
    """

    new_share: float = 0.8
    bonus: float = 1.5
    settled: float = 8.0

    def facts_of(self, entry: Entry, notes: tuple) -> Relevance:
        """Returns no relevance and no read."""
        del entry, notes
        return Relevance(jnp.zeros((), jnp.float32), jnp.zeros((), jnp.float32))

    def learn(self, state: SlotState, entry: Entry, read: Read) -> tuple:
        """Returns the relevance after the frame's attention."""
        share = entry.share / jnp.maximum(jnp.sum(entry.share), 1e-6)
        mass = jnp.sum(read.slot_mass * share[..., None], axis=(0, 1))
        old, reads = state.facts
        new = self.new_share * mass + (1.0 - self.new_share) * old
        reads = reads + state.bank.valid.astype(reads.dtype)
        return Relevance(new, reads), state.notes

    def choose(self, state: SlotState, reader: Reader) -> tuple[Array, Array]:
        """Returns the slot of least relevance and bonus."""
        relevance, reads = state.facts
        total = jnp.maximum(jnp.sum(jnp.where(state.bank.valid, reads, 0.0)), 1.0)
        worth = relevance + self.bonus * jnp.sqrt(
            jnp.log(total) / (reads + self.settled)
        )
        return self.victim(state, worth), jnp.ones((), bool)
