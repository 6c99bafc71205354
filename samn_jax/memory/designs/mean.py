"""The first frame, and one slot that is the moving mean of all others.

The simplest memory of fixed size; a control, and what RDE (M. Li et al., "Recurrent
Dynamic Embedding for Video Object Segmentation", CVPR 2022, code: RDE 548a889) replaces
by a learned fold of two frames into one. Cells are averaged place by place in the crop,
which follows the target.
"""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array

from samn_jax import settings
from samn_jax.errors import InputError
from samn_jax.memory import bank as bank_lib
from samn_jax.memory import entry as entry_lib
from samn_jax.memory.bank import SlotBank
from samn_jax.memory.design import Design
from samn_jax.memory.entry import Entry, Key, Read, Reason, Report, Slots
from samn_jax.memory.reader import Reader

MEAN = 1


@dataclasses.dataclass(frozen=True)
class Mean(Design):
    """Slot 0 is the first frame, slot 1 the mean, the others are for corrections.

    Attributes:
      rate: weight of the newest frame in the mean; 1 keeps the last frame alone.
      corrections: slots for a person's corrections.
    """

    rate: float = 0.2
    corrections: int = 2

    def __post_init__(self) -> None:
        """Raises InputError for a rate outside (0, 1] or no slot for a correction."""
        if not (settings.is_traced(self.rate) or 0.0 < self.rate <= 1.0):
            raise InputError(f"memory.rate is {self.rate}: give one above 0, up to 1")
        if self.corrections < 1:
            raise InputError(
                f"memory.corrections is {self.corrections}: give 1 or more"
            )

    def init(self, entry: Entry, reader: Reader) -> SlotBank:
        """Returns a memory of the first frame."""
        return bank_lib.first_slot(2 + self.corrections, entry)

    def read(self, state: SlotBank, query: Key, reader: Reader) -> Read:
        """Returns what is read from all slots."""
        return reader.read_slots(query, state)

    def write(
        self, state: SlotBank, entry: Entry, read: Read, reader: Reader
    ) -> tuple[SlotBank, Report]:
        """Returns the memory with the frame in its mean, a correction in its slot.

        What a corrected frame has put into the mean stays there.
        """
        rate = jnp.where(state.valid[MEAN], self.rate, 1.0)

        def fold(stored: Array, new: Array) -> Array:
            weight = rate.astype(stored.dtype)
            return stored[MEAN] * (1.0 - weight) + new.astype(stored.dtype) * weight

        folded = jax.tree.map(fold, (state.key, state.value), (entry.key, entry.value))
        mean = entry._replace(key=folded[0], value=folded[1], given=jnp.zeros((), bool))
        fixed = jnp.arange(2 + self.corrections) <= MEAN
        own = ~fixed & state.valid & (state.frame_idx == entry.frame_idx)
        free = bank_lib.victim(state, fixed=fixed)
        free = jnp.where(jnp.any(own), jnp.argmax(own), free)
        slot = jnp.where(entry.given, free, MEAN)
        gone = jnp.where(jnp.any(own), -1, bank_lib.frame_at(state, slot))
        forgotten = jnp.where(entry.given, gone, -1)
        bank = bank_lib.place(state, MEAN, mean, entry.found & ~entry.given)
        bank = bank_lib.place(bank, slot, entry, entry.given)
        reason = jnp.where(entry.found, Reason.MERGED, Reason.NOT_FOUND)
        reason = jnp.where(entry.given, Reason.KEPT, reason)
        written = entry.found | entry.given
        return bank, entry_lib.report(reason, jnp.where(written, slot, -1), forgotten)

    def slots(self, state: SlotBank) -> Slots:
        """Returns what is in the slots; the mean's frame is the newest in it."""
        return bank_lib.table(state)
