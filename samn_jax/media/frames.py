"""Frames in order: what every source of them gives, file, folder or camera."""

import abc
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8

from samn_jax.errors import InputError

RGB = UInt8[np.ndarray, "H W 3"]


class Frame(NamedTuple):
    """One frame and its place in the video."""

    index: int  # type: ignore[assignment]  # from 0; hides `tuple.index`
    name: str  # of its picture's file without suffix, or its number
    image: RGB  # upright
    time: Fraction  # seconds since the video's first frame


class Sound(NamedTuple):
    """The sound track that goes with the frames."""

    path: Path  # of the video that holds it
    offset: Fraction  # seconds on the file's clock at which its first frame is shown


class FrameSource(abc.ABC):
    """Frames that can be read in order, from any one on, and backward.

    Attributes:
      name: for messages, unprintable characters escaped.
      rate: frames per second, on average.
      num_frames: how many there are as far as the container says; None if unknown.
      pixel_aspect: width of a pixel over its height.
      sound: the sound track, None if there is none.
    """

    name: str
    rate: Fraction
    num_frames: int | None
    pixel_aspect = Fraction(1)
    sound: Sound | None = None

    @abc.abstractmethod
    def read(self, start: int, stop: int | None, step: int = 1) -> Iterator[Frame]:
        """Yields the frames `start`, `start + step`, ... before `stop`.

        Args:
          start: index of the first.
          stop: where to end, excluded; None reads to the end, backward to frame 0, as
            -1 does there.
          step: frames from one to the next; below 0 reads backward.

        Raises:
          InputError: a frame is damaged, missing or of another size than the first;
            it comes after the frames before it.
        """

    def frame(self, index: int) -> Frame:
        """Returns one frame.

        Raises:
          InputError: there is none of that index, or it can't be read.
        """
        for frame in self.read(index, index + 1):
            return frame
        raise InputError(f"{self.name} has no frame {index}: choose an earlier one")


def numbered(index: int) -> str:
    """Returns the name of a frame that has only its number."""
    return f"{index:05d}"


def shown_size(shape: tuple[int, ...]) -> str:
    """Returns the size of a picture of that shape, as `width x height`."""
    return f"{shape[1]} x {shape[0]}"
