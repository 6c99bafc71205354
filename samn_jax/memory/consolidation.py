"""Cells that count their use, and the making of prototypes from those of most use.

The block behind XMem (ECCV 2022, section 3.3): working cells are followed by long-term
ones in a single bank, so that both are read at once.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from samn_jax.memory import cells as cells_lib
from samn_jax.memory.cells import CellBank
from samn_jax.memory.entry import Read, Value
from samn_jax.memory.read import EMPTY
from samn_jax.memory.reader import Reader


class UsedCells(NamedTuple):
    """Remembered cells, and how much each was used since it came."""

    cells: CellBank
    use: Float[Array, " m"]  # attention of all queries together
    life: Float[Array, " m"]  # reads


def without_use(cells: CellBank) -> UsedCells:
    """Returns cells that nobody has read yet."""
    zeros = jnp.zeros(cells.valid.shape, jnp.float32)
    return UsedCells(cells, zeros, zeros)


def count_use(state: UsedCells, read: Read, when: Bool[Array, ""]) -> UsedCells:
    """Returns the cells after a read, if `when`."""
    valid = state.cells.valid & when
    return state._replace(
        use=state.use + jnp.where(valid, read.cell_mass, 0.0),
        life=state.life + valid.astype(jnp.float32),
    )


def place(
    state: UsedCells, places: Int[Array, " n"], cells: CellBank, when: Bool[Array, " n"]
) -> UsedCells:
    """Returns the state with new cells in these places, where `when` holds."""
    fresh = jnp.where(when, places, state.use.size)  # past the end: dropped
    return UsedCells(
        cells_lib.place_cells(state.cells, places, cells, when),
        state.use.at[fresh].set(0.0, mode="drop"),
        state.life.at[fresh].set(0.0, mode="drop"),
    )


def consolidate(
    state: UsedCells, chosen: Bool[Array, " w"], reader: Reader, count: int
) -> UsedCells:
    """Returns the state in which chosen working cells have become prototypes.

    The `count` chosen cells of most use for their life become the prototypes; the value
    of each is what it reads from all that were chosen, its use and life stay. They take
    the long-term places that are empty or of least use for their life; the chosen cells
    are forgotten.

    Args:
      state: w working cells, then the long-term ones, at least `count`.
      chosen: which working cells.
      reader: compares keys as the network does.
      count: prototypes to make, at most w.
    """
    cells, work = state.cells, chosen.size
    worth = state.use / jnp.maximum(state.life, 1.0)
    _, best = jax.lax.top_k(jnp.where(chosen, worth[:work], -1.0), count)
    is_made = chosen[best]
    made = _readouts(jax.tree.map(lambda x: x[:work], cells), best, chosen, reader)
    rank = jnp.where(cells.valid[work:], worth[work:], -1.0)
    places = work + jnp.argsort(rank)[:count]
    placed = cells_lib.place_cells(cells, places, made, is_made)
    target = jnp.where(is_made, places, state.use.size)
    gone = jnp.concatenate((chosen, jnp.zeros(state.use.size - work, bool)))
    frames = jnp.where(gone, -1, placed.frame_idx)
    return UsedCells(
        placed._replace(valid=placed.valid & ~gone, frame_idx=frames),
        state.use.at[target].set(state.use[best], mode="drop"),
        state.life.at[target].set(state.life[best], mode="drop"),
    )


def _readouts(
    working: CellBank, best: Int[Array, " n"], chosen: Bool[Array, " w"], reader: Reader
) -> CellBank:
    """Returns the best cells, the value of each read from all that are chosen."""

    def rows(tree: Any) -> Any:
        return jax.tree.map(lambda x: x[best], tree)

    match = reader.match_key(rows(working.key), working.key)
    shut = jnp.where(chosen, 0.0, EMPTY).astype(match.dtype)
    weights = jax.nn.softmax(match + shut[None, :], axis=1)
    values = Value(*(weights.astype(x.dtype) @ x for x in working.value))
    return rows(working)._replace(value=values)
