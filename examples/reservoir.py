"""Reservoir sampling: every frame so far is in the memory with the same chance.

J. S. Vitter, "Random sampling with a reservoir", ACM TOMS 1985, algorithm R. A control
for designs that choose: samn-lab --designs examples/reservoir.py:Reservoir
"""

import dataclasses

import jax
import jax.numpy as jnp

from samn_jax.memory.policy import RESERVED, BoundedPolicy


@dataclasses.dataclass(frozen=True)
class Reservoir(BoundedPolicy):
    """The first frame, the last one, and a fair sample of those that were due."""

    seed: int = 0

    def first_notes(self, entry):
        """Returns how many frames have asked for a place so far."""
        return jnp.int32(0)

    def learn(self, state, entry, read):
        """Returns the count with the last frame, if that is to stay."""
        return state.facts, state.notes + state.keep_last.astype(jnp.int32)

    def choose(self, state, reader):
        """Returns the last frame's place, and whether it gets one."""
        room, count = self.num_slots - RESERVED, jnp.maximum(state.notes, 1)
        key = jax.random.fold_in(jax.random.key(self.seed), count)
        drawn = jax.random.randint(key, (), 0, count)
        place = jnp.where(count <= room, count - 1, drawn)
        return RESERVED + jnp.minimum(place, room - 1), place < room
