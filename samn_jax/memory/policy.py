"""Frames in slots: the first, the last, and those that a policy keeps for long.

What most published memories share. A subclass says which frames are kept, what is known
of each slot, and which slot makes room; a frame never stands in two slots, frames
without a target change nothing, and a person's masks stay.
"""

import abc
import dataclasses
import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

from samn_jax.errors import InputError
from samn_jax.memory import bank as bank_lib
from samn_jax.memory import entry as entry_lib
from samn_jax.memory.bank import SlotBank
from samn_jax.memory.design import Design
from samn_jax.memory.entry import Entry, Key, Read, Reason, Report, Slots
from samn_jax.memory.reader import Reader

FIRST, LAST, RESERVED = 0, 1, 2


class SlotState(NamedTuple):
    """Slot 0 holds the first frame, slot 1 the last one, the others those kept."""

    bank: SlotBank
    facts: Any  # what the policy knows of each slot: arrays (T, ...)
    notes: Any  # what it knows beside the slots: arrays of any fixed shape
    keep_last: Bool[Array, ""]  # the last frame is to stay when the next one comes


class SlotPolicy(Design):
    """A memory of frames, of which subclasses are the policy."""

    @property
    @abc.abstractmethod
    def num_slots(self) -> int:
        """Returns T, the number of slots, first and last one included."""

    def reason(self, state: SlotState, entry: Entry, reader: Reader) -> Array:
        """Returns the `Reason` why the frame is kept for long, or not.

        `state` knows already what `learn` says of the frame.
        """
        return entry_lib.interval_reason(entry, filter_samples=False)

    def choose(self, state: SlotState, reader: Reader) -> tuple[Array, Array]:
        """Returns the slot that the last frame moves to, and whether it should."""
        return self.victim(state), jnp.ones((), bool)

    def first_notes(self, entry: Entry) -> Any:
        """Returns what is noted beside the slots at the first frame."""
        del entry
        return ()

    def facts_of(self, entry: Entry, notes: Any) -> Any:
        """Returns what is known of a new frame's slot: scalars, or arrays."""
        del entry, notes
        return ()

    def learn(self, state: SlotState, entry: Entry, read: Read) -> tuple[Any, Any]:
        """Returns facts and notes after a frame with a target has been read."""
        del entry, read
        return state.facts, state.notes

    def victim(self, state: SlotState, worth: Array | None = None) -> Int[Array, ""]:
        """Returns the slot of least worth (default: the oldest) that may be written."""
        fixed = jnp.arange(self.num_slots) < RESERVED
        return bank_lib.victim(state.bank, worth, fixed=fixed)

    def init(self, entry: Entry, reader: Reader) -> SlotState:
        """Returns a memory of the first frame."""
        notes = self.first_notes(entry)

        def fill(x: Array) -> Array:
            x = jnp.asarray(x)
            return jnp.zeros((self.num_slots, *x.shape), x.dtype).at[FIRST].set(x)

        facts = jax.tree.map(fill, self.facts_of(entry, notes))
        bank = bank_lib.first_slot(self.num_slots, entry)
        return SlotState(bank, facts, notes, jnp.zeros((), bool))

    def read(self, state: SlotState, query: Key, reader: Reader) -> Read:
        """Returns what is read from all slots."""
        return reader.read_slots(query, state.bank)

    def write(
        self, state: SlotState, entry: Entry, read: Read, reader: Reader
    ) -> tuple[SlotState, Report]:
        """Returns the memory with the frame as its last one; see the class.

        A frame that is written again, corrected by a person, takes its own place.
        """
        take = entry.found | entry.given
        learned = jax.tree.map(
            lambda new, old: jnp.where(take, new, old),
            self.learn(state, entry, read),
            (state.facts, state.notes),
        )
        state = state._replace(facts=learned[0], notes=learned[1])
        reason = self.reason(state, entry, reader)
        slot, wanted = self.choose(state, reader)
        bank = state.bank
        # Where a person's masks fill all, only another one takes a place.
        room = bank.given[LAST] | (wanted & ~bank.given[slot])
        again = bank_lib.frame_at(bank, LAST) == entry.frame_idx
        moves = take & state.keep_last & room & bank.valid[LAST] & ~again
        forgotten = bank_lib.frame_at(bank, jnp.where(moves, slot, LAST))
        bank = bank_lib.move(bank, LAST, slot, moves)
        bank = bank_lib.place(bank, LAST, entry, take)
        new = self.facts_of(entry, state.notes)
        shift = functools.partial(_shift, slot=slot, moves=moves, take=take)
        new_state = SlotState(
            bank,
            jax.tree.map(shift, state.facts, new),
            state.notes,
            jnp.where(take, reason == Reason.KEPT, state.keep_last),
        )
        report = entry_lib.report(
            reason, jnp.where(take, LAST, -1), jnp.where(take & ~again, forgotten, -1)
        )
        return new_state, report

    def slots(self, state: SlotState) -> Slots:
        """Returns what is in the slots."""
        return bank_lib.table(state.bank)


@dataclasses.dataclass(frozen=True)
class BoundedPolicy(SlotPolicy):
    """A policy over a number of slots.

    Attributes: as in `MemoryConfig`.
    """

    capacity: int = 10
    filter_samples: bool = True

    def __post_init__(self) -> None:
        """Raises InputError where there is no slot for frames that are kept."""
        if self.capacity <= RESERVED:
            name = type(self).__name__
            raise InputError(
                f"memory.capacity is {self.capacity}: {name} needs 3 slots or more"
            )

    @property
    def num_slots(self) -> int:
        """Returns the capacity."""
        return self.capacity

    def reason(self, state: SlotState, entry: Entry, reader: Reader) -> Array:
        """Returns the paper's reason: due, found, and certain if filtered."""
        return entry_lib.interval_reason(entry, filter_samples=self.filter_samples)


def _shift(facts: Array, new: Array, slot: Array, moves: Array, take: Array) -> Array:
    """Returns a fact of all slots after the last frame's moved and a new one came."""
    moved = jnp.where(moves, facts[LAST], facts[slot])
    facts = facts.at[slot].set(moved)
    new = jnp.asarray(new).astype(facts.dtype)
    return facts.at[LAST].set(jnp.where(take, new, facts[LAST]))
