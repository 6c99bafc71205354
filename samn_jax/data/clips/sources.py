"""What training draws from: annotated photos and videos, of whatever data set."""

import dataclasses
import functools
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from samn_jax import files
from samn_jax.data import types
from samn_jax.errors import InputError

# A frame (H, W, 3) uint8 RGB and its object ids (H, W) uint8.
Loaded = tuple[np.ndarray, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Frame:
    """One annotated frame.

    Attributes:
      name: of the frame, for messages; of a photo, its path in the data folder.
      load: reads the frame and its object ids. It can be pickled, so that a worker
        process may call it.
      files: the files it reads, if any.
      origins: names of the folders or data set it comes from.
    """

    name: str
    load: Callable[[], Loaded]
    files: tuple[Path, ...] = ()
    origins: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Video:
    """One annotated clip, its frames in order.

    Attributes:
      name: of the clip.
      frames: those of its frames that have a mask.
      origins: names of the folders or data set it comes from.
    """

    name: str
    frames: tuple[Frame, ...]
    origins: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Sources:
    """What training draws from, and what was left out of it.

    Attributes:
      photos: single frames.
      videos: clips.
      skipped: why something was left out → the names of all that was.
    """

    photos: tuple[Frame, ...] = ()
    videos: tuple[Video, ...] = ()
    skipped: dict[str, list[str]] = dataclasses.field(default_factory=dict)

    def __add__(self, other: "Sources") -> "Sources":
        """Returns both together, in that order."""
        skipped = {reason: list(names) for reason, names in self.skipped.items()}
        for reason, names in other.skipped.items():
            skipped.setdefault(reason, []).extend(names)
        return Sources(self.photos + other.photos, self.videos + other.videos, skipped)

    def report(self) -> None:
        """Logs what was left out: how many, and the first names."""
        for reason, names in self.skipped.items():
            shown = ", ".join(files.shown(name) for name in names[:5])
            more = ", ..." if len(names) > 5 else ""
            logging.warning("skipped %d: %s (%s)", len(names), reason, shown + more)

    def without(self, names: Sequence[str]) -> tuple["Sources", tuple[Video, ...]]:
        """Returns the sources without the named videos, and these.

        Raises:
          InputError: a name is not among the videos.
        """
        have = {video.name for video in self.videos}
        missing = [name for name in names if name not in have]
        if missing:
            raise InputError(
                f"held-out clip {files.shown(missing[0])} is not in the data: set "
                "held_out to clips that are there, or to ()"
            )
        kept = tuple(v for v in self.videos if v.name not in names)
        held_out = tuple(v for v in self.videos if v.name in names)
        return dataclasses.replace(self, videos=kept), held_out


def of_dataset(dataset: types.Dataset, *, min_frames: int = 1) -> Sources:
    """Returns the videos of any data set with masks, as training draws from them.

    Frames without a mask, and videos of fewer than `min_frames` with one, are left out
    and counted.
    """
    found = Sources()
    for sequence in dataset.sequences:
        found += of_sequence(sequence, (dataset.name,), min_frames=min_frames)
    return found


def of_sequence(
    sequence: types.Sequence, origins: tuple[str, ...], *, min_frames: int
) -> Sources:
    """Returns one video, or nothing but why it was left out."""
    frames, bare = annotated_frames(sequence, sequence.name)
    skipped = {"images without a mask": bare} if bare else {}
    if len(frames) >= min_frames:
        return Sources(videos=(Video(sequence.name, frames, origins),), skipped=skipped)
    skipped[few_frames(min_frames)] = [sequence.name]
    return Sources(skipped=skipped)


def annotated_frames(
    sequence: types.Sequence, folder: str, origins: tuple[str, ...] = ()
) -> tuple[tuple[Frame, ...], list[str]]:
    """Returns the frames of a sequence that have a mask, and names of the others.

    Args:
      sequence: the sequence.
      folder: stands before the frames' names in theirs.
      origins: of each frame.
    """
    frames, bare = [], []
    for index, frame_name in enumerate(sequence.frame_names):
        paths = sequence.files_of(index)
        name = f"{folder}/{paths[0].name if paths else frame_name}"
        if not sequence.has_mask(index):
            bare.append(name)
            continue
        load = functools.partial(sequence.annotated, index)
        frames.append(Frame(name, load, paths, origins))
    return tuple(frames), bare


def few_frames(min_frames: int) -> str:
    """Returns why a clip is left out that has fewer annotated frames."""
    return f"clips of fewer than {min_frames} annotated frames"
