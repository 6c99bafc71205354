"""Settings of the appearance memory, the same ones wherever a memory is used."""

import dataclasses
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

from samn_jax import settings
from samn_jax.errors import InputError
from samn_jax.memory.machine import MachineConfig

MOST_FRAMES = 1 << 16  # that a memory may be asked to hold


@dataclasses.dataclass(frozen=True)
class MemoryConfig:
    """Settings of the appearance memory; the defaults are the paper's.

    Attributes:
      design: what is remembered: a name of `registry.DESIGNS`, or `path/to/my.py:Mine`;
        `frozen+NAME` never learns after the first frame.
      capacity: remembered frames; with `ring` the first, the last and the others those
        kept at intervals.
      last_add: the last frame is always remembered, until the next one comes.
      memorize_every: frames between those remembered for long; 0 for none.
      filter_samples: remember for long only where the spatial memory is certain.
      remember_lost: remember frames in which no target was found.
      machine: the dynamic memory machine.
      chunk_slots: slots whose affinity is held at a time; 0 reads all at once.
      own: settings that the design alone has, as (name, value); `memory.NAME=VALUE`
        sets them like any other.

    The design takes what it has a field for; the others do not concern it.
    """

    design: str = "ring"
    capacity: int = 10
    last_add: bool = True
    memorize_every: int = 5
    filter_samples: bool = True
    remember_lost: bool = True
    machine: MachineConfig = MachineConfig()
    chunk_slots: int = 0
    own: tuple[tuple[str, Any], ...] = ()

    def __post_init__(self) -> None:
        """Checks the numbers.

        Raises:
          InputError: one is out of its range, or a field of another type.
        """
        settings.check_types(self, "memory.")
        lowest = {"capacity": 1, "memorize_every": 0, "chunk_slots": 0}
        for name, least in lowest.items():
            value = getattr(self, name)
            if value < least:
                raise InputError(f"memory.{name} is {value}: give {least} or more")
        if self.capacity > MOST_FRAMES:
            raise InputError(
                f"memory.capacity is {self.capacity}: give {MOST_FRAMES} or less"
            )

    def due(self, frame_idx: Int[Array, ""] | int) -> Bool[Array, ""]:
        """Returns whether a frame is one of those remembered for long."""
        if not self.memorize_every:
            return jnp.zeros((), bool)
        return jnp.asarray(frame_idx) % self.memorize_every == 0

    def replaced(
        self, fields: dict[str, Any], others: dict[str, Any]
    ) -> "MemoryConfig":
        """Returns the config with other fields, and settings of the design alone.

        Those of another design are dropped. `overrides.merge` calls this.
        """
        same = fields.get("design", self.design) == self.design
        own = {**(dict(self.own) if same else {}), **others}
        fields = {"own": tuple(sorted(own.items())), **fields}
        return dataclasses.replace(self, **fields)
