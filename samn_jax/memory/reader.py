"""How a memory is read: the network's part, which a design only calls.

Attention by the network's similarity and, where the network was trained with it, ridge
regression; whole or in chunks; weighed by the dynamic memory machine if it is on.
"""

import dataclasses
import math
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from samn_jax.errors import InputError
from samn_jax.memory import machine as machine_lib
from samn_jax.memory import read as read_lib
from samn_jax.memory import regression, transport
from samn_jax.memory.bank import SlotBank
from samn_jax.memory.cells import CellBank
from samn_jax.memory.config import MemoryConfig
from samn_jax.memory.entry import Key, Read, Value


@dataclasses.dataclass(frozen=True)
class Reader:
    """What a design may use of the network and of the settings of reading.

    Attributes:
      similarity: of two keys, as the network was trained: `dot` or `l2`.
      machine: the dynamic memory machine.
      chunk_slots: slots whose affinity is held at a time; 0 holds all.
      parameters: the design's own weights, the collection `memory` of the variables.
    """

    similarity: str = "dot"
    machine: machine_lib.MachineConfig = machine_lib.MachineConfig()
    chunk_slots: int = 0
    parameters: Any = dataclasses.field(default=None, compare=False, repr=False)

    def read_slots(
        self,
        query: Key,
        bank: SlotBank,
        log_weights: Float[Array, "T h w"] | None = None,
    ) -> Read:
        """Returns what the frames in the slots say of a frame.

        Args:
          query: keys of the frame.
          bank: at least one slot must be valid.
          log_weights: a cell with log-weight log n counts as n cells like it.
        """
        keys, (height, width) = bank.key.attention, query.attention.shape[:2]
        shut = read_lib.slot_log_weights(bank.valid, height, width)
        if self.machine.mode != "none":
            shut = shut + machine_lib.memory_log_weights(
                self.machine, keys, bank.valid, query.attention
            )
        return self._read(query, bank, shut, log_weights, self.chunk_slots)

    def read_cells(
        self,
        query: Key,
        bank: CellBank,
        log_weights: Float[Array, " m"] | None = None,
    ) -> Read:
        """Returns what remembered cells say of a frame; each is a slot of its own.

        Args:
          query: keys of the frame.
          bank: at least one cell must be valid.
          log_weights: as for `read_slots`.

        Raises:
          InputError: the dynamic memory machine is on, which weighs whole frames.
        """
        if self.machine.mode != "none":
            raise InputError(
                f"memory.machine.mode is {self.machine.mode}, but this design keeps "
                "single cells, and the machine weighs frames: set it to none"
            )
        shut = jnp.where(bank.valid, 0.0, read_lib.EMPTY).astype(jnp.float32)
        chunk = self.chunk_slots * math.prod(query.attention.shape[:2])
        return self._read(query, bank, shut, log_weights, chunk)

    def match_key(self, one: Key, other: Key) -> Float[Array, "n m"]:
        """Returns the network's similarity of all cells of one with all of the other.

        With `l2` it lacks a term that is the same in a row: compare within rows.
        """
        return read_lib.similarity(
            _flat(one.attention), _flat(other.attention), kind=self.similarity
        )

    def cosine(self, one: Key, other: Key) -> Float[Array, "n m"]:
        """Returns the cosine of all cells of one key with all of the other."""
        return 1.0 - transport.cosine_cost(_flat(one.attention), _flat(other.attention))

    def _read(
        self,
        query: Key,
        bank: SlotBank | CellBank,
        shut: Array,
        log_weights: Array | None,
        chunk: int,
    ) -> Read:
        _check_channels(query, bank.key)
        if log_weights is not None:
            shut = shut + log_weights
        size = query.attention.shape[:2]
        keys, values = bank.key.attention, bank.value.attention
        if not chunk:
            weights = read_lib.attention(
                query.attention, keys, shut, kind=self.similarity
            )
            readout = read_lib.weighted(weights, values, size)
            masses = read_lib.masses(weights, keys.shape[0], size)
        else:
            how: dict[str, Any] = {"kind": self.similarity, "chunk": chunk}
            readout, log_total = read_lib.attend_in_chunks(
                query.attention, keys, values, shut, **how
            )
            masses = read_lib.masses_in_chunks(
                query.attention, keys, shut, log_total, **how
            )
        labels = self._regress(query, bank, log_weights)
        return Read(Value(readout, labels), *masses)

    def _regress(
        self, query: Key, bank: SlotBank | CellBank, log_weights: Array | None
    ) -> Array:
        """Returns the labels that regression predicts; none for networks without."""
        labels, size = bank.value.labels, query.attention.shape[:2]
        if not query.regression.shape[-1]:
            return jnp.zeros((*size, labels.shape[-1]), labels.dtype)
        shape = labels.shape[:-1]
        valid = bank.valid.reshape(-1, *[1] * (len(shape) - 1)).astype(jnp.float32)
        seen = jnp.broadcast_to(valid, shape)
        if log_weights is not None:
            seen = seen * jnp.exp(log_weights)
        return regression.regress(query.regression, bank.key.regression, labels, seen)


def make_reader(
    similarity: str, config: MemoryConfig, parameters: Any = None
) -> Reader:
    """Returns the reader of a network with that similarity, as the settings want it."""
    return Reader(similarity, config.machine, config.chunk_slots, parameters)


def _check_channels(query: Key, stored: Key) -> None:
    for name, asked, kept in zip(Key._fields, query, stored, strict=True):
        if asked.shape[-1] != kept.shape[-1]:
            raise InputError(
                f"key.{name} in the memory has {kept.shape[-1]} channels, the frame's "
                f"{asked.shape[-1]}: a read compares keys as the network made them"
            )


def _flat(x: Float[Array, "*cells C"]) -> Float[Array, "n C"]:
    return x.reshape(-1, x.shape[-1])
