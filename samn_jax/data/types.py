"""The records that readers return: one video with its masks, and a set of videos."""

import collections
import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from samn_jax import errors, files


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

    def has_mask(self, index: int) -> bool:
        """Whether a frame has a mask; where masks are files none is read for it."""
        has = getattr(self.read_mask, "has", None)
        return has(index) if has else self.read_mask(index) is not None

    def files_of(self, index: int) -> tuple[Path, ...]:
        """Files of one frame and of its mask, of those that are files."""
        found = (_path_of(self.read_frame, index), _path_of(self.read_mask, index))
        return tuple(path for path in found if path)

    def first_mask(self) -> UInt8[np.ndarray, "H W"]:
        """Object ids of the first frame, checked to be usable as a start.

        Raises:
          InputError: if the mask is missing, empty, or of another size than the frame.
        """
        mask = self.given_mask(0)
        if not mask.any():
            raise errors.InputError(
                f"{self.mask_name(0)} is empty, {size_text(mask)}: mark at least one "
                "pixel of the object"
            )
        return mask

    def given_mask(self, index: int) -> UInt8[np.ndarray, "H W"]:
        """Object ids of a frame from which objects start.

        Raises:
          InputError: if the mask is missing, or of another size than the frame.
        """
        return self.annotated(index)[1]

    def annotated(
        self, index: int
    ) -> tuple[UInt8[np.ndarray, "H W 3"], UInt8[np.ndarray, "H W"]]:
        """A frame and its object ids.

        Raises:
          InputError: if the mask is missing, or of another size than the frame.
        """
        frame, mask = self.frame(index), self.mask(index)
        if mask is None:
            raise errors.InputError(
                f"{self.frame_name(index)} has no mask: add one to start from"
            )
        if mask.shape != frame.shape[:2]:
            raise errors.InputError(
                f"{self.mask_name(index)} is {size_text(mask)}, its frame is "
                f"{size_text(frame)}: give a mask of the frame's size"
            )
        return frame, mask

    def frame_name(self, index: int) -> str:
        """What messages call a frame: by its file, if it has one."""
        return f"frame {self._place(_path_of(self.read_frame, index), index)}"

    def mask_name(self, index: int) -> str:
        """What messages call a mask: by its file, if it has one."""
        path = _path_of(self.read_mask, index)
        return f"mask {'' if path else 'of frame '}{self._place(path, index)}"

    def _place(self, path: Path | None, index: int) -> str:
        if path:
            return files.shown(path)
        return f"{self.frame_names[index]} of sequence {self.name}"

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


@dataclasses.dataclass(frozen=True)
class Dataset:
    """Named videos and where they come from.

    Attributes:
      name: name of the data set, as on the command line.
      sequences: the videos in their official order.
      note: one line on the data's provenance, kept beside every figure.

    Raises:
      InputError: the name of a video can't be that of a result, or is that of two.
    """

    name: str
    sequences: tuple[Sequence, ...]
    note: str

    def __post_init__(self) -> None:
        for sequence in self.sequences:
            if len(set(sequence.frame_names)) < sequence.num_frames:
                raise errors.InputError(
                    f"sequence {files.shown(sequence.name)} of {self.name} has two "
                    "frames of one name: rename one of them"
                )
        names = collections.Counter(sequence.name for sequence in self.sequences)
        for name, count in names.items():
            files.check_name(name, f"sequence of {self.name}")
            if count > 1:
                raise errors.InputError(
                    f"{count} sequences of {self.name} are called {name}: rename them"
                )

    def select(self, names: tuple[str, ...]) -> "Dataset":
        """The set cut down to the named sequences, in the order given.

        Raises:
          InputError: if a name is not in the set.
        """
        by_name = {sequence.name: sequence for sequence in self.sequences}
        for name in names:
            if name not in by_name:
                raise errors.InputError(
                    f"sequence '{files.shown(name)}' is not in {self.name}: choose "
                    f"from {', '.join(by_name)}"
                )
        chosen = tuple(by_name[name] for name in names)
        return dataclasses.replace(self, sequences=chosen)


def _path_of(read: Callable, index: int) -> Path | None:
    """Returns the file of a frame or mask, if it is read from one."""
    paths = getattr(read, "paths", None)
    return paths[index] if paths else None


def size_text(image: np.ndarray) -> str:
    """Returns what a message says of an image's size."""
    return f"{image.shape[0]} pixels high and {image.shape[1]} wide"


def _ids_of(mask: UInt8[np.ndarray, "H W"]) -> tuple[int, ...]:
    return tuple(i for i in np.unique(mask).tolist() if i > 0)
