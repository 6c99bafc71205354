"""A video of the lab: one target, what else is in the picture, and what happens."""

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import UInt8

from samn_jax.data import types

TARGET = 1  # its id in masks; other actors have higher ones
_NOISE_LEVELS = 1  # of 255


class Event(NamedTuple):
    """Something that happens to the target, in frames start to end - 1."""

    kind: str
    start: int
    end: int


@dataclasses.dataclass(frozen=True)
class Video(types.Sequence):
    """A video of which one object is tracked.

    Its masks hold 1 where the target is.

    Attributes:
      cluster: the clip that it was made from; what is made from one clip says the same
        thing twice, so that statistics count clips.
      scenario: the kind of video, for tables.
      seed: of what is random in it; it chooses among networks that may track it.
      events: what happens in it.
      read_actors: frame index → ids of all that is seen, of which 1 is the target; None
        if only its mask is known.
      look_alikes: ids of actors that look like the target.
    """

    cluster: str = ""
    scenario: str = ""
    seed: int = 0
    events: tuple[Event, ...] = ()
    read_actors: Callable[[int], np.ndarray | None] | None = None
    look_alikes: tuple[int, ...] = ()

    def actors(self, index: int) -> UInt8[np.ndarray, "H W"] | None:
        """Returns ids of all that is seen in a frame; None if it has no mask."""
        return (self.read_actors or self.read_mask)(index)


class Kept:
    """A reader of frames that reads each once, as long as they are few enough."""

    def __init__(self, read: Callable[[int], Any], max_bytes: int) -> None:
        """Makes a reader that keeps up to `max_bytes`."""
        self._read = read
        self._left = max_bytes
        self._kept: dict[int, Any] = {}

    def __call__(self, index: int) -> Any:
        """Returns what was read; it must not be changed."""
        if index in self._kept:
            return self._kept[index]
        content = self._read(index)
        size = getattr(content, "nbytes", 0)
        if size <= self._left:
            self._left -= size
            self._kept[index] = content
        return content

    def __getattr__(self, name: str) -> Any:
        """Returns what the reader itself says, as the paths of its files."""
        return getattr(self._read, name)


def kept(video: Video, max_bytes: int) -> Video:
    """Returns the video with frames that stay in memory once they are read."""
    return dataclasses.replace(video, read_frame=Kept(video.read_frame, max_bytes))


@dataclasses.dataclass(frozen=True)
class Noisy:
    """A reader whose frames are off by a gray level, up or down, at random.

    Attributes:
      read: the reader of the true frames.
      seed: of the noise.
    """

    read: Callable[[int], np.ndarray]
    seed: int

    def __call__(self, index: int) -> UInt8[np.ndarray, "H W 3"]:
        """Returns one frame."""
        frame = self.read(index)
        rng = np.random.default_rng([self.seed, index])
        steps = rng.integers(-_NOISE_LEVELS, _NOISE_LEVELS + 1, frame.shape)
        return np.clip(frame.astype(np.int16) + steps, 0, 255).astype(np.uint8)


def noisy(video: Video, seed: int) -> Video:
    """Returns the video with noise of one gray level, which no eye would see."""
    return dataclasses.replace(video, read_frame=Noisy(video.read_frame, seed))
