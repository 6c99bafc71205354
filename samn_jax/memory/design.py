"""The seam for memory research: what a memory design offers, and the ones there are.

A design is three pure functions over a state of its own choice (any pytree of arrays
with fixed shapes). To try a new one, write a class with `init`, `write` and `read`, and
add it to `DESIGNS`; training, tracking and evaluation then take it by name.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from samn_jax.memory import bank as bank_lib
from samn_jax.memory import machine as machine_lib
from samn_jax.memory import read as read_lib
from samn_jax.memory import regression as regression_lib


@dataclasses.dataclass(frozen=True)
class MemoryConfig:
    """Settings of the appearance memory."""

    design: str = "ring"
    capacity: int = 8  # slots: first, last, and those kept at intervals
    last_add: bool = True  # the last frame is always remembered
    similarity: str = "dot"  # dot | l2, as the network was trained
    machine: machine_lib.MachineConfig = machine_lib.MachineConfig()
    chunk_slots: int = 0  # slots read at a time; 0 reads all at once
    regression: regression_lib.RegressionConfig = regression_lib.RegressionConfig()


@runtime_checkable
class MemoryDesign(Protocol):
    """A memory of one object: pure functions over a pytree of fixed shapes."""

    def init(self, key: Float[Array, "h w Ck"], value: Float[Array, "h w Cv"]) -> Any:
        """Returns a memory that holds the first frame."""

    def write(
        self,
        state: Any,
        key: Float[Array, "h w Ck"],
        value: Float[Array, "h w Cv"],
        keep: Bool[Array, ""],
    ) -> Any:
        """Returns the memory with one more frame; `keep` marks it as worth keeping."""

    def read(
        self, state: Any, query_key: Float[Array, "h w Ck"]
    ) -> Float[Array, "h w Cv"]:
        """Returns what the memory says about each cell of the current frame."""


@dataclasses.dataclass(frozen=True)
class RingMemory:
    """The paper's appearance memory: a ring buffer read by space-time attention."""

    config: MemoryConfig

    def init(
        self, key: Float[Array, "h w Ck"], value: Float[Array, "h w Cv"]
    ) -> bank_lib.MemoryBank:
        """Returns a bank that holds the first frame."""
        return bank_lib.init_bank(self.config.capacity, key, value)

    def write(
        self,
        state: bank_lib.MemoryBank,
        key: Float[Array, "h w Ck"],
        value: Float[Array, "h w Cv"],
        keep: Bool[Array, ""],
    ) -> bank_lib.MemoryBank:
        """Returns the bank with the frame as its last one, kept for long if `keep`."""
        return bank_lib.write(state, key, value, keep, last_add=self.config.last_add)

    def read(
        self, state: bank_lib.MemoryBank, query_key: Float[Array, "h w Ck"]
    ) -> Float[Array, "h w Cv"]:
        """Returns what attention reads, then what regression predicts if it is on.

        The dynamic memory machine, if it is on, weighs what attention reads.
        """
        regression = self.config.regression
        if not regression.features:
            return self._attend(state, query_key)
        split, labels = -regression.features, -regression.labels
        seen = jnp.broadcast_to(
            state.valid[:, None, None].astype(jnp.float32), state.keys.shape[:3]
        )
        predicted = regression_lib.regress(
            regression,
            query_key[..., split:],
            state.keys[..., split:],
            state.values[..., labels:],
            seen,
        )
        attended = state._replace(
            keys=state.keys[..., :split], values=state.values[..., :labels]
        )
        readout = self._attend(attended, query_key[..., :split])
        return jnp.concatenate((readout, predicted), axis=-1)

    def _attend(
        self, state: bank_lib.MemoryBank, query_key: Float[Array, "h w Ck"]
    ) -> Float[Array, "h w Cv"]:
        config = self.config
        log_weights = read_lib.slot_log_weights(state.valid, *query_key.shape[:2])
        if config.machine.mode != "none":
            log_weights = log_weights + machine_lib.memory_log_weights(
                config.machine, state.keys, state.valid, query_key
            )
        memory = (query_key, state.keys, state.values, log_weights)
        if not config.chunk_slots:
            return read_lib.attend(*memory, kind=config.similarity)
        return read_lib.attend_in_chunks(
            *memory, kind=config.similarity, chunk_slots=config.chunk_slots
        )


DESIGNS: dict[str, Callable[[MemoryConfig], MemoryDesign]] = {"ring": RingMemory}


def build_memory(config: MemoryConfig) -> MemoryDesign:
    """Returns the memory design that `config` names.

    Raises:
      ValueError: no design has that name.
    """
    if config.design not in DESIGNS:
        raise ValueError(
            f"memory design {config.design!r} is unknown: choose from {list(DESIGNS)}"
        )
    return DESIGNS[config.design](config)
