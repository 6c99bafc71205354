"""Storage for memory designs that keep single cells instead of whole frames."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

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


def without(bank: CellBank, gone: Bool[Array, " m"]) -> CellBank:
    """Returns the bank in which some cells can't be read any more."""
    return bank._replace(
        frame_idx=jnp.where(gone, -1, bank.frame_idx),
        given=bank.given & ~gone,
        valid=bank.valid & ~gone,
    )


def table(bank: CellBank) -> Slots:
    """Returns what is in the bank, for people: a row per cell."""
    return Slots(bank.frame_idx, bank.given, bank.valid)


def victims(
    bank: CellBank, worth: Float[Array, " m"] | Int[Array, " m"], count: int
) -> tuple[Int[Array, " n"], Bool[Array, " n"]]:
    """Returns the `count` places to write next, and which of them may be written.

    Empty ones come first, then those of least worth; those of a person's mask come last
    and may not be written.

    Args:
      bank: the remembered cells.
      worth: of each of them.
      count: at most the number of cells.
    """
    rank = jnp.where(bank.valid, jnp.where(bank.given, 2, 1), 0)
    order = jnp.lexsort((worth, rank))[:count]
    return order.astype(jnp.int32), rank[order] < 2


def forgotten(old: CellBank, new: CellBank) -> Int[Array, ""]:
    """Returns the oldest frame of which no cell can be read any more, or -1."""
    frames = jnp.where(old.valid, old.frame_idx, -1)
    still = jnp.where(new.valid, new.frame_idx, -2)
    gone = (frames >= 0) & ~jnp.isin(frames, still)
    oldest = jnp.min(jnp.where(gone, frames, jnp.iinfo(jnp.int32).max))
    return jnp.where(jnp.any(gone), oldest, -1).astype(jnp.int32)


def merge(
    bank: CellBank, new: CellBank, target: Array, when: Array, rate: float
) -> CellBank:
    """Returns the bank, its cells moved towards the means of those merged into them.

    A key keeps its norm; a value is moved as it is.

    Args:
      bank: known cells.
      new: cells of a frame.
      target: known cell that each new one goes into.
      when: which new ones do.
      rate: of the move.
    """
    size = bank.valid.size
    place = jnp.where(when, target, size)
    count = jnp.zeros((size,), jnp.float32).at[place].add(1.0, mode="drop")

    def moved(stored: Array, x: Array) -> Array:
        total = jnp.zeros_like(stored).at[place].add(x, mode="drop")
        share = jnp.where(count > 0, rate, 0.0)[:, None].astype(stored.dtype)
        mean = total / jnp.maximum(count, 1.0)[:, None].astype(stored.dtype)
        return stored * (1.0 - share) + mean * share

    key, value = jax.tree.map(moved, (bank.key, bank.value), (new.key, new.value))
    norm = jnp.linalg.norm(bank.key.attention, axis=1, keepdims=True)
    length = jnp.linalg.norm(key.attention, axis=1, keepdims=True)
    attention = key.attention * norm / jnp.maximum(length, 1e-6)
    attention = jnp.where(count[:, None] > 0, attention, bank.key.attention)
    frames = bank.frame_idx.at[place].max(new.frame_idx, mode="drop")
    return bank._replace(
        key=key._replace(attention=attention), value=value, frame_idx=frames
    )
