"""A tracker with settings and a checkpoint that loads at once."""

import dataclasses
from typing import Any, NamedTuple

from samn_jax import overrides
from samn_jax.evaluation.trackers import baselines


class Spec(NamedTuple):
    config: Any
    source: str


@dataclasses.dataclass(frozen=True)
class FakeConfig:
    capacity: int = 8


@dataclasses.dataclass(frozen=True)
class FakeTracker(baselines.CopyFirst):
    """Takes the place of `samn_jax.Tracker`."""

    spec: Spec

    @property
    def config(self):
        return self.spec.config

    @classmethod
    def from_checkpoint(cls, checkpoint, **settings):
        return cls(Spec(overrides.merge(FakeConfig(), settings), "a memory's code"))
