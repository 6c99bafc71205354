"""The records that readers return: one video with its masks, and a set of videos."""

import dataclasses
from collections.abc import Callable

import numpy as np
from jaxtyping import UInt8

from samn_jax import errors


@dataclasses.dataclass(frozen=True)
class Sequence:
    """One video, of which each frame and mask is read when it is asked for.

    The two readers are plain callables of the frame index that can be pickled, so a
    sequence travels to a worker process in a few bytes.

    Attributes:
      name: name of the video, unique in its data set.
      frame_names: name of every frame in order; result files carry it.
      read_frame: frame index → uint8 RGB image (H, W, 3).
      read_mask: frame index → uint8 object ids (H, W), 0 the background, or None where
        the frame has no mask.
      init_box_xywh: box of the first frame in pixels where the data set gives one
        rather than a mask.
      late_objects: objects may also come later, given by the first mask that shows
        them; without it those of the first frame are all.
    """

    name: str
    frame_names: tuple[str, ...]
    read_frame: Callable[[int], np.ndarray]
    read_mask: Callable[[int], np.ndarray | None]
    init_box_xywh: tuple[float, float, float, float] | None = None
    late_objects: bool = False

    @property
    def num_frames(self) -> int:
        """Number of frames."""
        return len(self.frame_names)

    def frame(self, index: int) -> UInt8[np.ndarray, "H W 3"]:
        """RGB image of one frame."""
        return self.read_frame(index)

    def mask(self, index: int) -> UInt8[np.ndarray, "H W"] | None:
        """Object ids of one frame (0 is the background), None if it has no mask."""
        return self.read_mask(index)

    def first_mask(self) -> UInt8[np.ndarray, "H W"]:
        """Object ids of the first frame, checked to be usable as a start.

        Raises:
          InputError: if the mask is missing, empty, or of another size than the frame.
        """
        mask = self.given_mask(0)
        if not mask.any():
            raise errors.InputError(
                f"{self._where(0)} has an empty mask: mark at least one pixel of the "
                "object"
            )
        return mask

    def given_mask(self, index: int) -> UInt8[np.ndarray, "H W"]:
        """Object ids of a frame from which objects start.

        Raises:
          InputError: if the mask is missing, or of another size than the frame.
        """
        mask, frame, where = self.mask(index), self.frame(index), self._where(index)
        if mask is None:
            raise errors.InputError(f"{where} has no mask: add one to start from")
        if mask.shape != frame.shape[:2]:
            raise errors.InputError(
                f"{where} is {_size(frame)} but its mask is {_size(mask)}: give a mask "
                "of the frame's size"
            )
        return mask

    def starts(self) -> dict[int, tuple[int, ...]]:
        """Index of a frame → ids of the objects that are given there, in order.

        With late objects this reads every mask there is.

        Raises:
          InputError: if no object is given, the first frame's mask is empty, or a mask
            that gives an object can't be used.
        """
        if not self.late_objects or self.mask(0) is not None:
            first = _ids_of(self.first_mask())
        if not self.late_objects:
            return {0: first}
        known: set[int] = set()
        starts: dict[int, tuple[int, ...]] = {}
        for index in range(self.num_frames):
            mask = self.mask(index)
            new = () if mask is None else _ids_of(mask)
            new = tuple(i for i in new if i not in known)
            if new:
                self.given_mask(index)
                starts[index] = new
                known.update(new)
        if not starts:
            raise errors.InputError(
                f"no mask of sequence {self.name} shows an object: mark one"
            )
        return starts

    def _where(self, index: int) -> str:
        which = "first frame" if index == 0 else "frame"
        return f"{which} {self.frame_names[index]} of sequence {self.name}"


@dataclasses.dataclass(frozen=True)
class Dataset:
    """Named videos and where they come from.

    Attributes:
      name: name of the data set, as on the command line.
      sequences: the videos in their official order.
      note: one line on the data's provenance, kept beside every figure.
    """

    name: str
    sequences: tuple[Sequence, ...]
    note: str

    def select(self, names: tuple[str, ...]) -> "Dataset":
        """The set cut down to the named sequences, in the order given.

        Raises:
          InputError: if a name is not in the set.
        """
        by_name = {sequence.name: sequence for sequence in self.sequences}
        for name in names:
            if name not in by_name:
                raise errors.InputError(
                    f"sequence {name!r} is not in {self.name}: choose from "
                    f"{', '.join(by_name)}"
                )
        chosen = tuple(by_name[name] for name in names)
        return dataclasses.replace(self, sequences=chosen)


def _size(image: np.ndarray) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"


def _ids_of(mask: UInt8[np.ndarray, "H W"]) -> tuple[int, ...]:
    return tuple(i for i in np.unique(mask).tolist() if i > 0)
