"""Storage for memory designs that keep single cells instead of whole frames."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

from samn_jax.memory.entry import Entry, Key, Slots, Value


class CellBank(NamedTuple):
    """The remembered cells of one object, in no order."""

    key: Key  # (m, ·)
    value: Value  # (m, ·)
    frame_idx: Int[Array, " m"]  # -1 where there is none
    given: Bool[Array, " m"]  # from a person's mask
    valid: Bool[Array, " m"]  # may be read


def cells_of(entry: Entry) -> CellBank:
    """Returns all cells of a frame, row by row."""
    height, width = entry.share.shape
    count = height * width

    def flat(x: Array) -> Array:
        return x.reshape(count, x.shape[-1])

    return CellBank(
        key=jax.tree.map(flat, entry.key),
        value=jax.tree.map(flat, entry.value),
        frame_idx=jnp.broadcast_to(entry.frame_idx, (count,)),
        given=jnp.broadcast_to(entry.given, (count,)),
        valid=jnp.ones((count,), bool),
    )


def first_cells(capacity: int, entry: Entry) -> CellBank:
    """Returns a bank of `capacity` cells, or those of a frame if they are more.

    The frame's cells come first, the others are empty.
    """
    cells = cells_of(entry)
    room = max(capacity - cells.valid.shape[0], 0)

    def fill(x: Array, empty: int = 0) -> Array:
        rest = jnp.full((room, *x.shape[1:]), empty, x.dtype)
        return jnp.concatenate((x, rest))

    filled = jax.tree.map(fill, cells)
    return filled._replace(frame_idx=fill(cells.frame_idx, -1))


def place_cells(
    bank: CellBank, places: Int[Array, " n"], cells: CellBank, when: Bool[Array, " n"]
) -> CellBank:
    """Returns the bank with cells in these places, those of which `when` holds.

    Args:
      bank: the remembered cells.
      places: where to; no place twice among those that are written.
      cells: as many cells.
      when: which of them are written.
    """
    places = jnp.where(when, places, bank.valid.shape[0])  # past the end: dropped

    def put(stored: Array, new: Array) -> Array:
        return stored.at[places].set(new.astype(stored.dtype), mode="drop")

    return jax.tree.map(put, bank, cells)


def table(bank: CellBank) -> Slots:
    """Returns what is in the bank, for people: a row per cell."""
    return Slots(bank.frame_idx, bank.given, bank.valid)
