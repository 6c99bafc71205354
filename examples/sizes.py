"""A memory design that is not shipped: remember the target at many sizes.

python -m samn_jax.memory.check examples/sizes.py:Sizes
samn-lab --designs examples/sizes.py:Sizes --suite quick --output outputs/sizes
"""

import dataclasses

import jax.numpy as jnp

from samn_jax.memory.policy import LAST, BoundedPolicy


@dataclasses.dataclass(frozen=True)
class Sizes(BoundedPolicy):
    """First and last frame, and frames in which the target's size was another one.

    When the memory is full, the frame goes whose size is nearest to another's; or the
    new one does not come in, if it is that frame itself.
    """

    least: float = 0.0  # log of a ratio of areas that counts as another size

    def facts_of(self, entry, notes):
        """Returns what is known of a frame's slot: the log of the target's area."""
        return jnp.log(jnp.maximum(entry.area, 1.0))

    def choose(self, state, reader):
        """Returns the slot that the last frame moves to, and whether it should."""
        valid, slots = state.bank.valid, jnp.arange(self.num_slots)
        gaps = jnp.abs(state.facts[:, None] - state.facts)
        others = valid & (slots != slots[:, None]) & (slots != LAST)
        nearest = jnp.min(jnp.where(others, gaps, jnp.inf), axis=1)
        slot = self.victim(state, worth=nearest)
        better = ~valid[slot] | (nearest[LAST] > nearest[slot])
        return slot, better & (nearest[LAST] >= self.least)
