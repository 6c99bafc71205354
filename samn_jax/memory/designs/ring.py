"""The paper's memory (section 3.1): first frame, last frame, a ring of interval frames.

F. Xie et al., "Learning Spatio-Appearance Memory Network for High-Performance Visual
Tracking", ICCV Workshops 2021; first frame and intervals as in STM (ICCV 2019).
"""

import dataclasses
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool

from samn_jax.errors import InputError
from samn_jax.memory import bank as bank_lib
from samn_jax.memory import entry as entry_lib
from samn_jax.memory.design import Design
from samn_jax.memory.entry import Entry, Key, Read, Reason, Report, Slots
from samn_jax.memory.reader import Reader

LAST, RESERVED = 1, 2


class RingState(NamedTuple):
    """Slot 0 holds the first frame, slot 1 the last one, the others those kept."""

    bank: bank_lib.SlotBank
    keep_last: Bool[Array, ""]  # the last frame is to stay when the next one comes


@dataclasses.dataclass(frozen=True)
class Ring(Design):
    """First frame, last frame and the newest kept ones; fields as `MemoryConfig`."""

    capacity: int = 10
    last_add: bool = True
    filter_samples: bool = True
    remember_lost: bool = True

    def __post_init__(self) -> None:
        """Raises InputError where there is no slot for frames kept at intervals."""
        if self.capacity <= RESERVED:
            raise InputError(f"memory.capacity is {self.capacity}: ring needs 3 slots")

    def init(self, entry: Entry, reader: Reader) -> RingState:
        """Returns a memory of the first frame."""
        bank = bank_lib.first_slot(self.capacity, entry)
        return RingState(bank, jnp.zeros((), bool))

    def read(self, state: RingState, query: Key, reader: Reader) -> Read:
        """Returns what is read from all slots."""
        return reader.read_slots(query, state.bank)

    def write(
        self, state: RingState, entry: Entry, read: Read, reader: Reader
    ) -> tuple[RingState, Report]:
        """Returns the memory with the frame as its last one, so that none is in twice.

        The one before it moves over the oldest in the ring if it was kept. A frame that
        is written again, corrected by a person, takes its own place.
        """
        reason = entry_lib.interval_reason(entry, filter_samples=self.filter_samples)
        keep, bank = reason == Reason.KEPT, state.bank
        write = entry.found | entry.given | self.remember_lost
        oldest = bank_lib.victim(bank, fixed=jnp.arange(self.capacity) < RESERVED)
        # Where a person's masks fill the ring, only another one takes a place.
        room = bank.given[LAST] | ~bank.given[oldest]
        again = bank_lib.frame_at(bank, LAST) == entry.frame_idx
        move = write & state.keep_last & room & bank.valid[LAST] & ~again
        gone = bank_lib.frame_at(bank, jnp.where(move, oldest, LAST))
        bank = bank_lib.move(bank, LAST, oldest, move)
        bank = bank_lib.place(bank, LAST, entry, write)
        readable = jnp.where(write, keep | self.last_add, bank.valid[LAST])
        bank = bank._replace(valid=bank.valid.at[LAST].set(readable))
        slot = jnp.where(write & readable, LAST, -1)
        report = entry_lib.report(reason, slot, jnp.where(write & ~again, gone, -1))
        return RingState(bank, jnp.where(write, keep, state.keep_last)), report

    def slots(self, state: RingState) -> Slots:
        """Returns what is in the slots."""
        return bank_lib.table(state.bank)
