"""First and last frame alone: the smallest memory that propagates a mask.

S. W. Oh et al., "Fast Video Object Segmentation by Reference-Guided Mask Propagation"
(RGMP), CVPR 2018: the reference frame and the one before. A control for all others.
"""

import dataclasses

import jax.numpy as jnp
from jaxtyping import Array

from samn_jax.errors import InputError
from samn_jax.memory.entry import Entry, Reason
from samn_jax.memory.policy import RESERVED, SlotPolicy, SlotState
from samn_jax.memory.reader import Reader


@dataclasses.dataclass(frozen=True)
class FirstLast(SlotPolicy):
    """The first frame, the last one with a target, and a person's corrections.

    Attributes:
      corrections: slots for corrections.
    """

    corrections: int = 2

    def __post_init__(self) -> None:
        """Raises InputError if there is no slot for a correction."""
        if self.corrections < 1:
            raise InputError(
                f"memory.corrections is {self.corrections}: give 1 or more"
            )

    @property
    def num_slots(self) -> int:
        """Returns the number of slots."""
        return RESERVED + self.corrections

    def reason(self, state: SlotState, entry: Entry, reader: Reader) -> Array:
        """Returns that only given frames are kept."""
        reason = jnp.where(entry.found, Reason.NOT_DUE, Reason.NOT_FOUND)
        return jnp.where(entry.given, Reason.KEPT, reason).astype(jnp.int32)
