"""First in, first out: the first frame and the newest ones, every frame as it comes.

The plain queue that other designs are measured against; RMem (CVPR 2024) uses it as its
baseline of a bounded memory.
"""

import dataclasses

import jax.numpy as jnp
from jaxtyping import Array

from samn_jax.memory.entry import Entry, Reason
from samn_jax.memory.policy import BoundedPolicy, SlotState
from samn_jax.memory.reader import Reader


@dataclasses.dataclass(frozen=True)
class Fifo(BoundedPolicy):
    """The first frame and the newest `capacity` - 1 with a target.

    With `filter_samples`, of frames that are not certain only the last one.
    """

    def reason(self, state: SlotState, entry: Entry, reader: Reader) -> Array:
        """Returns that a frame with a target is kept, due or not."""
        uncertain = jnp.logical_not(entry.certain) & self.filter_samples
        reason = jnp.where(uncertain, Reason.UNCERTAIN, Reason.KEPT)
        reason = jnp.where(entry.found, reason, Reason.NOT_FOUND)
        return jnp.where(entry.given, Reason.KEPT, reason).astype(jnp.int32)
