"""AFB-URR's adaptive feature bank: cells are merged into what is known, or appended.

Y. Liang et al., "Video Object Segmentation with Adaptive Feature Bank and
Uncertain-Region Refinement", NeurIPS 2020 (code: AFB-URR bbd4339, FeatureBank). A
cell whose nearest in the bank has a cosine above .95 moves it, with a rate of .1 and
its norm kept; others are appended. A bank cell's use grows with the log of the queries
that attend to it; over budget the one of least use for its age goes. Cells of a
person's mask take no part in merging here: they stay as they are.
"""

import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from samn_jax.errors import InputError
from samn_jax.memory import cells as cells_lib
from samn_jax.memory import entry as entry_lib
from samn_jax.memory.cells import CellBank
from samn_jax.memory.design import Design
from samn_jax.memory.entry import Entry, Key, Read, Reason, Report, Slots
from samn_jax.memory.reader import Reader

ATTENDED = 1e-3  # least attention of a query cell that counts as use


class AfbState(NamedTuple):
    """The bank, and how much each cell was used since it came."""

    cells: CellBank
    used: Float[Array, " m"]
    born: Int[Array, " m"]  # frame in which the cell was appended


@dataclasses.dataclass(frozen=True)
class AfbUrr(Design):
    """Cells of frames at intervals, merged where alike.

    Attributes:
      capacity: budget of cells, in frames.
      filter_samples: remember only where the spatial memory is certain.
      alike: cosine above which a cell is merged.
      rate: by which a merged cell moves the known one.
    """

    capacity: int = 10
    filter_samples: bool = True
    alike: float = 0.95
    rate: float = 0.1

    def __post_init__(self) -> None:
        """Raises InputError if there is no room beside the first frame."""
        if self.capacity < 3:
            raise InputError(
                f"memory.capacity is {self.capacity}: AFB-URR needs 3 frames of cells"
            )

    def init(self, entry: Entry, reader: Reader) -> AfbState:
        """Returns a memory of all cells of the first frame."""
        cells = cells_lib.first_cells(self.capacity * entry.share.size, entry)
        born = jnp.broadcast_to(entry.frame_idx, cells.valid.shape)
        return AfbState(cells, jnp.zeros(cells.valid.shape, jnp.float32), born)

    def read(self, state: AfbState, query: Key, reader: Reader) -> Read:
        """Returns what is read from all cells."""
        return reader.read_cells(query, state.cells)

    def write(
        self, state: AfbState, entry: Entry, read: Read, reader: Reader
    ) -> tuple[AfbState, Report]:
        """Returns the memory with the frame's cells merged or appended."""
        reason = entry_lib.interval_reason(entry, filter_samples=self.filter_samples)
        keep, seen = reason == Reason.KEPT, entry.found | entry.given
        queries = jnp.sum((read.slot_mass > ATTENDED).astype(jnp.float32), axis=(0, 1))
        used = state.used + jnp.where(seen, jnp.log1p(queries), 0.0)
        # Of a frame that a person corrects, what was appended goes; merges stay.
        known = cells_lib.without(state.cells, state.born == entry.frame_idx)
        new = cells_lib.cells_of(entry)
        # What a person has marked stays as it is, and is not merged away.
        learned = known.valid & ~known.given
        cosine = jnp.where(learned, reader.cosine(new.key, known.key), -1.0)
        nearest = jnp.argmax(cosine, axis=1)
        merges = (jnp.max(cosine, axis=1) > self.alike) & ~entry.given
        merged = cells_lib.merge(known, new, nearest, merges & keep, self.rate)
        age = jnp.maximum(entry.frame_idx - state.born, 1).astype(jnp.float32)
        places, free = cells_lib.victims(merged, used / age, nearest.size)
        order = jnp.argsort(merges)  # those to append first
        appended = ~merges[order] & keep & free
        ordered = jax.tree.map(lambda x: x[order], new)
        bank = cells_lib.place_cells(merged, places, ordered, appended)
        fresh = jnp.where(appended, places, known.valid.size)
        used = used.at[fresh].set(0.0, mode="drop")
        born = state.born.at[fresh].set(entry.frame_idx, mode="drop")
        all_merged = keep & jnp.any(merges) & ~jnp.any(appended)
        reason = jnp.where(all_merged, Reason.MERGED, reason)
        into = jnp.where(jnp.any(merges), nearest[jnp.argmax(merges)], -1)
        slot = jnp.where(appended[0], places[0], jnp.where(keep, into, -1))
        report = entry_lib.report(reason, slot, cells_lib.forgotten(state.cells, bank))
        return AfbState(bank, used, born), report

    def slots(self, state: AfbState) -> Slots:
        """Returns what is in the memory, a row per cell."""
        return cells_lib.table(state.cells)
