"""XMem: a working memory of frames, and prototypes of what was used most.

H. K. Cheng and A. Schwing, "XMem: Long-Term Video Object Segmentation with an
Atkinson-Shiffrin Memory Model", ECCV 2022 (code: XMem f3b841d). When the working memory
is full, all its frames but the first and the newest become candidates; the 128 cells of
most use for their life become prototypes, whose values are a softmax readout over the
candidates; over budget the prototype of least use for its life goes. Use is the
attention of all queries here, XMem's that of their best 30 matches; its sensory memory
(a recurrent state of the decoder) is the network's, not a memory design's.
"""

import dataclasses
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from samn_jax.errors import InputError
from samn_jax.memory import cells as cells_lib
from samn_jax.memory import entry as entry_lib
from samn_jax.memory.cells import CellBank
from samn_jax.memory.design import Design
from samn_jax.memory.entry import Entry, Key, Read, Reason, Report, Slots, Value
from samn_jax.memory.reader import Reader


class XMemState(NamedTuple):
    """Frames of the working memory one after the other, then the prototypes."""

    cells: CellBank
    use: Float[Array, " m"]  # attention since the cell came
    life: Float[Array, " m"]  # reads since then


@dataclasses.dataclass(frozen=True)
class XMem(Design):
    """Working and long-term memory.

    Attributes:
      capacity: frames of the working memory.
      filter_samples: remember only where the spatial memory is certain.
      newest: frames that a consolidation leaves in the working memory.
      prototypes: cells that a consolidation makes.
      long_term: budget of prototypes.
    """

    capacity: int = 10
    filter_samples: bool = True
    newest: int = 2
    prototypes: int = 128
    long_term: int = 1024

    def __post_init__(self) -> None:
        """Raises InputError if nothing could be consolidated."""
        if not 1 <= self.newest <= self.capacity - 2:
            raise InputError(
                f"memory.newest is {self.newest}: give 1 to {self.capacity - 2}, "
                "capacity - 2"
            )
        if not 1 <= self.prototypes <= self.long_term:
            raise InputError(
                f"memory.prototypes is {self.prototypes}: give 1 to long_term, "
                f"{self.long_term}"
            )

    def init(self, entry: Entry, reader: Reader) -> XMemState:
        """Returns a working memory of the first frame."""
        count = self.capacity * entry.share.size + self.long_term
        cells = cells_lib.first_cells(count, entry)
        zeros = jnp.zeros((count,), jnp.float32)
        return XMemState(cells, zeros, zeros)

    def read(self, state: XMemState, query: Key, reader: Reader) -> Read:
        """Returns what is read from both memories at once."""
        return reader.read_cells(query, state.cells)

    def write(
        self, state: XMemState, entry: Entry, read: Read, reader: Reader
    ) -> tuple[XMemState, Report]:
        """Returns the memory with the frame in it; consolidates when that fills it."""
        reason = entry_lib.interval_reason(entry, filter_samples=self.filter_samples)
        keep, seen = reason == Reason.KEPT, entry.found | entry.given
        valid = state.cells.valid & seen
        state = state._replace(
            use=state.use + jnp.where(valid, read.cell_mass, 0.0),
            life=state.life + valid.astype(jnp.float32),
        )
        size = entry.share.size
        frames = _by_frame(state.cells.frame_idx, self.capacity, size)
        given = _by_frame(state.cells.given, self.capacity, size)
        # An empty place, or the oldest one that is no person's.
        slot = jnp.argmin(jnp.where(given, jnp.iinfo(jnp.int32).max, frames))
        places = slot * size + jnp.arange(size)
        placed = cells_lib.place_cells(
            state.cells, places, cells_lib.cells_of(entry), jnp.broadcast_to(keep, size)
        )
        fresh = jnp.where(keep, places, state.use.size)
        added = XMemState(
            placed,
            state.use.at[fresh].set(0.0, mode="drop"),
            state.life.at[fresh].set(0.0, mode="drop"),
        )
        full = jnp.all(_by_frame(placed.valid, self.capacity, size)) & keep
        made = self._consolidate(added, reader, size)
        new = jax.tree.map(lambda a, b: jnp.where(full, a, b), made, added)
        report = entry_lib.report(
            reason,
            jnp.where(keep, places[0], -1),
            cells_lib.forgotten(state.cells, new.cells),
        )
        return new, report

    def _consolidate(self, state: XMemState, reader: Reader, size: int) -> XMemState:
        """Returns the memory whose middle frames have become prototypes."""
        work, cells = self.capacity * size, state.cells
        frames = _by_frame(cells.frame_idx, self.capacity, size)
        age = jnp.sum((frames[None, :] > frames[:, None]).astype(jnp.int32), axis=1)
        middle = (age >= self.newest) & ~_by_frame(cells.given, self.capacity, size)
        chosen = jnp.repeat(middle, size) & cells.valid[:work]
        worth = state.use / jnp.maximum(state.life, 1.0)
        count = min(self.prototypes, work)
        _, best = jax.lax.top_k(jnp.where(chosen, worth[:work], -1.0), count)
        kept = chosen[best]
        working = jax.tree.map(lambda x: x[:work], cells)
        match = reader.match_key(_rows(working.key, best), working.key)
        weights = jax.nn.softmax(jnp.where(chosen, match, -jnp.inf), axis=1)
        weights = jnp.where(kept[:, None], weights, 0.0)
        values = Value(*(weights.astype(x.dtype) @ x for x in working.value))
        made = _rows(working, best)._replace(value=values)
        rank = jnp.where(cells.valid[work:], worth[work:], -1.0)
        places = work + jnp.argsort(rank)[:count]
        placed = cells_lib.place_cells(cells, places, made, kept)
        target = jnp.where(kept, places, state.use.size)
        gone = jnp.concatenate((chosen, jnp.zeros(self.long_term, bool)))
        return XMemState(
            placed._replace(
                valid=placed.valid & ~gone,
                frame_idx=jnp.where(gone, -1, placed.frame_idx),
            ),
            state.use.at[target].set(state.use[best], mode="drop"),
            state.life.at[target].set(state.life[best], mode="drop"),
        )

    def slots(self, state: XMemState) -> Slots:
        """Returns what is in the memory, a row per cell."""
        return cells_lib.table(state.cells)


def _by_frame(x: Array, capacity: int, size: int) -> Array:
    """Returns what is the same for all cells of each frame of the working memory."""
    return x[: capacity * size : size]


def _rows(tree: Any, rows: Array) -> Any:
    return jax.tree.map(lambda x: x[rows], tree)
