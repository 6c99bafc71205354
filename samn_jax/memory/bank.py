"""Storage for memory designs: whole frames in slots, and how to place and evict them.

A bank has a fixed number of slots; one that is empty, or that must not be read now, is
not `valid`. All functions are pure and take traced slot numbers and conditions.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from samn_jax.errors import InputError
from samn_jax.memory.entry import Entry, Key, Slots, Value


class SlotBank(NamedTuple):
    """The remembered frames of one object, at stride 16."""

    key: Key  # (T, h, w, ·)
    value: Value  # (T, h, w, ·)
    frame_idx: Int[Array, " T"]  # -1 where a slot is empty
    given: Bool[Array, " T"]  # from a person's mask
    valid: Bool[Array, " T"]  # may be read


def first_slot(capacity: int, entry: Entry) -> SlotBank:
    """Returns a bank of `capacity` slots with a frame in slot 0, the others empty."""
    row = _row(entry)

    def slots(first: Array, empty: int) -> Array:
        stored = jnp.full((capacity, *first.shape), empty, first.dtype)
        return stored.at[0].set(first)

    zeros = jax.tree.map(lambda x: slots(x, 0), row)
    return zeros._replace(frame_idx=slots(row.frame_idx, -1))


def place(
    bank: SlotBank,
    slot: Int[Array, ""] | int,
    entry: Entry,
    when: Bool[Array, ""] | bool = True,
) -> SlotBank:
    """Returns the bank with a frame in a slot, whatever was there; only if `when`."""
    return _put(bank, slot, _row(entry), when)


def move(
    bank: SlotBank,
    source: Int[Array, ""] | int,
    target: Int[Array, ""] | int,
    when: Bool[Array, ""] | bool = True,
) -> SlotBank:
    """Returns the bank with one slot's frame in another one too; only if `when`."""
    return _put(bank, target, jax.tree.map(lambda x: x[source], bank), when)


def victim(
    bank: SlotBank,
    worth: Float[Array, " T"] | Int[Array, " T"] | None = None,
    *,
    fixed: Bool[Array, " T"] | None = None,
) -> Int[Array, ""]:
    """Returns the slot to write next.

    An empty one if there is any (the lowest); else the one of least worth that is not
    given; a given one only where all others are `fixed`.

    Args:
      bank: the remembered frames.
      worth: of each slot; by default the frame's number, so that the oldest goes.
      fixed: slots that must stay whatever they hold.
    """
    worth = bank.frame_idx if worth is None else worth
    rank = jnp.where(bank.valid, jnp.where(bank.given, 2, 1), 0)
    if fixed is not None:
        rank = jnp.where(fixed, 3, rank)
    candidates = rank == jnp.min(rank)
    worth = jnp.where(rank == 0, 0.0, worth.astype(jnp.float32))
    return jnp.argmin(jnp.where(candidates, worth, jnp.inf)).astype(jnp.int32)


def forget(state: Any, slot: Int[Array, ""] | int) -> Any:
    """Returns the state in which a slot can't be read any more, and is empty.

    The only slot that can be read is not forgotten: a read needs something to read.

    Args:
      state: a memory that keeps its frames in a `SlotBank`, or a tracker's state of one
        object with such a memory.
      slot: which one, as in the table that `slots` returns.

    Raises:
      InputError: there is no `SlotBank` in the state, or no such slot in it.
    """
    leaves = jax.tree.leaves(state, is_leaf=_is_bank)
    sizes = [x.valid.shape[-1] for x in leaves if _is_bank(x)]
    if not sizes:
        raise InputError("this memory has no slots of whole frames: none is forgotten")
    if isinstance(slot, int) and not 0 <= slot < min(sizes):
        raise InputError(f"there is no slot {slot}: give 0 to {min(sizes) - 1}")

    def change(bank: Any) -> Any:
        if not _is_bank(bank):
            return bank
        gone = jnp.arange(bank.valid.size) == slot
        gone = gone & jnp.any(bank.valid & ~gone)
        return bank._replace(
            frame_idx=jnp.where(gone, -1, bank.frame_idx),
            given=bank.given & ~gone,
            valid=bank.valid & ~gone,
        )

    return jax.tree.map(change, state, is_leaf=_is_bank)


def _is_bank(tree: Any) -> bool:
    return isinstance(tree, SlotBank)


def frame_at(bank: SlotBank, slot: Int[Array, ""] | int) -> Int[Array, ""]:
    """Returns the number of the frame that can be read in a slot, or -1.

    Slot -1 is none, as in a `Report`.
    """
    there = bank.valid[slot] & (jnp.asarray(slot) >= 0)
    return jnp.where(there, bank.frame_idx[slot], -1)


def table(bank: SlotBank) -> Slots:
    """Returns what is in the bank, for people."""
    return Slots(bank.frame_idx, bank.given, bank.valid)


def _row(entry: Entry) -> SlotBank:
    return SlotBank(
        entry.key, entry.value, entry.frame_idx, entry.given, jnp.bool_(True)
    )


def _put(
    bank: SlotBank,
    slot: Int[Array, ""] | int,
    row: SlotBank,
    when: Bool[Array, ""] | bool,
) -> SlotBank:
    def put(stored: Array, new: Array) -> Array:
        new = new.astype(stored.dtype)
        if when is not True:
            new = jnp.where(when, new, stored[slot])
        return stored.at[slot].set(new)

    return jax.tree.map(put, bank, row)
