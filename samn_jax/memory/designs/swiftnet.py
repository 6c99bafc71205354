"""SwiftNet: of a remembered frame only the cells least like any that are known.

H. Wang et al., "SwiftNet: Real-time Video Object Segmentation", CVPR 2021 (code:
SwiftNet 02c7f44): a tenth of a frame's cells, those of least similarity to the memory.
Over budget the oldest cells go here, never those of a person's mask.
"""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

from samn_jax.errors import InputError
from samn_jax.memory import cells as cells_lib
from samn_jax.memory import entry as entry_lib
from samn_jax.memory.cells import CellBank
from samn_jax.memory.design import Design
from samn_jax.memory.entry import Entry, Key, Read, Reason, Report, Slots
from samn_jax.memory.reader import Reader


@dataclasses.dataclass(frozen=True)
class SwiftNet(Design):
    """Cells of the first frame, and of frames at intervals those that are new.

    Attributes:
      capacity: budget of cells, in frames.
      filter_samples: remember only where the spatial memory is certain.
      share: of a frame's cells that are remembered.
    """

    capacity: int = 10
    filter_samples: bool = True
    share: float = 0.1

    def __post_init__(self) -> None:
        """Raises InputError if the share is not in (0, 1], or there is no room."""
        if not 0.0 < self.share <= 1.0:
            raise InputError(f"memory.share is {self.share}: give one above 0, up to 1")
        if self.capacity < 3:
            raise InputError(
                f"memory.capacity is {self.capacity}: SwiftNet needs 3 frames of cells"
            )

    def init(self, entry: Entry, reader: Reader) -> CellBank:
        """Returns a memory of all cells of the first frame."""
        return cells_lib.first_cells(self.capacity * entry.share.size, entry)

    def read(self, state: CellBank, query: Key, reader: Reader) -> Read:
        """Returns what is read from all cells."""
        return reader.read_cells(query, state)

    def wants(self, entry: Entry) -> Bool[Array, ""]:
        """Returns whether the frame is one of those that are kept."""
        return self._reason(entry) == Reason.KEPT

    def write(
        self, state: CellBank, entry: Entry, read: Read, reader: Reader
    ) -> tuple[CellBank, Report]:
        """Returns the memory with the frame's newest cells; of a given frame, all."""
        reason = self._reason(entry)
        bank, slot = jax.lax.cond(
            reason == Reason.KEPT,
            lambda: self._add(state, entry, reader),
            lambda: (state, jnp.int32(-1)),
        )
        gone = cells_lib.forgotten(state, bank)
        return bank, entry_lib.report(reason, slot, gone)

    def _reason(self, entry: Entry) -> Int[Array, ""]:
        return entry_lib.interval_reason(entry, filter_samples=self.filter_samples)

    def _add(
        self, state: CellBank, entry: Entry, reader: Reader
    ) -> tuple[CellBank, Int[Array, ""]]:
        """Returns the memory with cells of the frame, and the place of the first."""
        cells = cells_lib.cells_of(entry)
        # A frame that a person corrects is remembered as corrected alone.
        state = cells_lib.without(state, state.frame_idx == entry.frame_idx)
        alike = jnp.where(state.valid, reader.cosine(cells.key, state.key), -jnp.inf)
        likeness = jnp.max(alike, axis=1)
        order = jnp.argsort(likeness)
        count = max(round(self.share * likeness.size), 1)
        wanted = (jnp.arange(likeness.size) < count) | entry.given
        places, free = cells_lib.victims(state, state.frame_idx, likeness.size)
        newest = jax.tree.map(lambda x: x[order], cells)
        bank = cells_lib.place_cells(state, places, newest, wanted & free)
        return bank, jnp.where(free[0], places[0], -1)

    def slots(self, state: CellBank) -> Slots:
        """Returns what is in the memory, a row per cell."""
        return cells_lib.table(state)
