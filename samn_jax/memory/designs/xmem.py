"""XMem: a working memory of frames, and prototypes of what was used most.

H. K. Cheng and A. Schwing, "XMem: Long-Term Video Object Segmentation with an
Atkinson-Shiffrin Memory Model", ECCV 2022 (code: XMem f3b841d). When the working memory
is full, all its frames but the first and the newest become candidates; the 128 cells of
most use for their life become prototypes, whose values are a softmax readout over the
candidates; over budget the prototype of least use for its life goes. Use is the
attention of all queries here, XMem's that of their best 30 matches; a prototype keeps
the use and life of its cell, XMem's starts anew; its sensory memory (a recurrent state
of the decoder) is the network's, not a memory design's.
"""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

from samn_jax.errors import InputError
from samn_jax.memory import cells as cells_lib
from samn_jax.memory import consolidation
from samn_jax.memory import entry as entry_lib
from samn_jax.memory.consolidation import UsedCells
from samn_jax.memory.design import Design
from samn_jax.memory.entry import Entry, Key, Read, Reason, Report, Slots
from samn_jax.memory.reader import Reader


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

    def init(self, entry: Entry, reader: Reader) -> UsedCells:
        """Returns a working memory of the first frame."""
        count = self.capacity * entry.share.size + self.long_term
        return consolidation.without_use(cells_lib.first_cells(count, entry))

    def read(self, state: UsedCells, query: Key, reader: Reader) -> Read:
        """Returns what is read from both memories at once."""
        return reader.read_cells(query, state.cells)

    def wants(self, entry: Entry) -> Bool[Array, ""]:
        """Returns whether the frame is one of those that are kept."""
        return self._reason(entry) == Reason.KEPT

    def write(
        self, state: UsedCells, entry: Entry, read: Read, reader: Reader
    ) -> tuple[UsedCells, Report]:
        """Returns the memory with the frame in it; consolidates when that fills it."""
        reason = self._reason(entry)
        keep, size = reason == Reason.KEPT, entry.share.size
        used = consolidation.count_use(state, read, entry.found | entry.given)
        frames, given = (
            self._by_frame(x, size) for x in (used.cells.frame_idx, used.cells.given)
        )
        # Its own place if it is corrected, an empty one, or the oldest no person's.
        rank = jnp.where(given, jnp.iinfo(jnp.int32).max, frames)
        slot = jnp.argmin(jnp.where(frames == entry.frame_idx, -2, rank))
        keep = keep & (entry.given | ~given[slot])
        places = slot * size + jnp.arange(size)
        cells, every = cells_lib.cells_of(entry), jnp.broadcast_to(keep, (size,))
        added = consolidation.place(used, places, cells, every)
        full = keep & jnp.all(self._by_frame(added.cells.valid, size))
        chosen = self._candidates(added, size)
        count = min(self.prototypes, chosen.size)
        new = jax.lax.cond(
            full,
            lambda: consolidation.consolidate(added, chosen, reader, count),
            lambda: added,
        )
        gone = cells_lib.forgotten(state.cells, new.cells)
        return new, entry_lib.report(reason, jnp.where(keep, places[0], -1), gone)

    def _reason(self, entry: Entry) -> Int[Array, ""]:
        return entry_lib.interval_reason(entry, filter_samples=self.filter_samples)

    def _candidates(self, state: UsedCells, size: int) -> Bool[Array, " w"]:
        """Returns the cells of all working frames but the given and the newest."""
        frames = self._by_frame(state.cells.frame_idx, size)
        newer = jnp.sum((frames[None, :] > frames[:, None]).astype(jnp.int32), axis=1)
        middle = (newer >= self.newest) & ~self._by_frame(state.cells.given, size)
        return jnp.repeat(middle, size) & state.cells.valid[: middle.size * size]

    def _by_frame(self, x: Array, size: int) -> Array:
        """Returns what is the same for all cells of each working frame."""
        return x[: self.capacity * size : size]

    def slots(self, state: UsedCells) -> Slots:
        """Returns what is in the memory, a row per cell."""
        return cells_lib.table(state.cells)
