"""The appearance memory's storage: a ring buffer of remembered frames (paper, 3.1).

Slot 0 holds the first frame with its true mask for ever, slot 1 the last frame (*last
add*), the slots behind them the newest of the frames kept at intervals.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

FIRST_SLOT = 0
LAST_SLOT = 1
RESERVED_SLOTS = 2


class MemoryBank(NamedTuple):
    """The remembered frames of one object, at stride 16."""

    keys: Float[Array, "T h w Ck"]
    values: Float[Array, "T h w Cv"]
    valid: Bool[Array, " T"]
    cursor: Int[Array, ""]  # interval slot written next, in [0, T - 2)
    keep_last: Bool[Array, ""]  # the last frame is to stay when the next one comes


def init_bank(
    capacity: int, key: Float[Array, "h w Ck"], value: Float[Array, "h w Cv"]
) -> MemoryBank:
    """Returns a bank of `capacity` slots that remembers the first frame alone.

    Raises:
      ValueError: fewer than three slots (first, last and one at an interval).
    """
    if capacity <= RESERVED_SLOTS:
        raise ValueError(f"memory capacity is {capacity}: give at least 3 slots")

    def place_first(first: Array) -> Array:
        slots = jnp.zeros((capacity, *first.shape), first.dtype)
        return slots.at[FIRST_SLOT].set(first)

    return MemoryBank(
        keys=place_first(key),
        values=place_first(value),
        valid=jnp.arange(capacity) == FIRST_SLOT,
        cursor=jnp.zeros((), jnp.int32),
        keep_last=jnp.zeros((), bool),
    )


def write(
    bank: MemoryBank,
    key: Float[Array, "h w Ck"],
    value: Float[Array, "h w Cv"],
    keep: Bool[Array, ""],
    *,
    last_add: bool = True,
) -> MemoryBank:
    """Returns the bank with one more frame in the slot of the last frame.

    The frame before it moves to the ring of interval frames if it was written with
    `keep`, over the oldest one there; otherwise it is forgotten. A frame thus never
    stands in the bank twice.

    Args:
      bank: the remembered frames.
      key: keys of the new frame's cells.
      value: values of the new frame's cells.
      keep: this frame is one of those remembered at intervals.
      last_add: whether a frame that is not kept may be read at all; without it the last
        frame counts only if it is to be kept.
    """
    capacity = bank.valid.shape[0]
    slot = RESERVED_SLOTS + bank.cursor
    move = bank.keep_last

    def place(stored: Array, new: Array) -> Array:
        moved = jnp.where(move, stored[LAST_SLOT], stored[slot])
        return stored.at[slot].set(moved).at[LAST_SLOT].set(new.astype(stored.dtype))

    valid = bank.valid.at[slot].set(bank.valid[slot] | move)
    return MemoryBank(
        keys=place(bank.keys, key),
        values=place(bank.values, value),
        valid=valid.at[LAST_SLOT].set(keep | last_add),
        cursor=(bank.cursor + move.astype(jnp.int32)) % (capacity - RESERVED_SLOTS),
        keep_last=keep,
    )
