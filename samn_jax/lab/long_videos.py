"""Real clips made long or hard: back and forth, interrupted, with a look-alike."""

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt8

from samn_jax.errors import InputError
from samn_jax.lab.real_videos import Reordered
from samn_jax.lab.suite import Clips
from samn_jax.lab.video import TARGET, Event, Video

COPY = 255  # id of a look-alike in masks
_AWAY = (60, 200)  # frames of another clip, from and to


def videos_of(videos: Sequence[Video], clips: Clips) -> tuple[Video, ...]:
    """Returns the long videos that a suite makes of clips.

    Args:
      videos: of the suite's clips; of each clip the first one is taken.
      clips: which kinds are wanted, and how long.

    Raises:
      InputError: a clip is to be interrupted by another one, and there is none.
    """
    firsts = list({video.cluster: video for video in reversed(videos)}.values())[::-1]
    if "interrupted" in clips.long and len(firsts) == 1:
        raise InputError(
            f"there is one clip, {firsts[0].cluster}: interrupted needs another one"
        )
    return tuple(
        made
        for number, video in enumerate(firsts)
        for made in _made(video, firsts[(number + 1) % len(firsts)], clips)
    )


def _made(video: Video, other: Video, clips: Clips) -> Iterator[Video]:
    if "ping_pong" in clips.long:
        yield ping_pong(video, clips.long_frames)
    if "interrupted" in clips.long:
        rng = np.random.default_rng([*video.name.encode()])
        yield interrupted(video, other, int(rng.integers(_AWAY[0], _AWAY[1] + 1)))
    if "look_alike" in clips.long:
        yield with_look_alike(video)


def ping_pong(video: Video, num_frames: int) -> Video:
    """Returns the video forwards, backwards, forwards, ... to a number of frames."""
    order = back_and_forth(video.num_frames, num_frames)
    return dataclasses.replace(
        video,
        name=f"{video.name}.ping_pong",
        frame_names=_names(num_frames),
        read_frame=Reordered(video.read_frame, order),
        read_mask=Reordered(video.read_mask, order),
        read_actors=Reordered(video.read_actors or video.read_mask, order),
        scenario="ping_pong",
    )


def back_and_forth(length: int, num_frames: int) -> tuple[int, ...]:
    """Returns 0, 1, …, length - 1, length - 2, …, 0, 1, … of `num_frames` numbers."""
    period = [*range(length), *range(length - 2, 0, -1)]
    return tuple(itertools.islice(itertools.cycle(period), num_frames))


def interrupted(video: Video, other: Video, away: int) -> Video:
    """Returns the video, `away` frames of another one, and the video once more.

    The target is not in the other one, whose frames are brought to the same size.
    """
    size_hw = video.frame(0).shape[:2]
    count = video.num_frames
    own = tuple((0, index) for index in range(count))
    places = (
        *own,
        *((1, index) for index in back_and_forth(other.num_frames, away)),
        *own,
    )
    nothing = Nothing(other.read_mask, size_hw)
    return dataclasses.replace(
        video,
        name=f"{video.name}.interrupted",
        frame_names=_names(len(places)),
        read_frame=Spliced(
            (video.read_frame, Fitted(other.read_frame, size_hw)), places
        ),
        read_mask=Spliced((video.read_mask, nothing), places),
        read_actors=Spliced((video.read_actors or video.read_mask, nothing), places),
        scenario="interrupted",
        events=(Event("interrupted", count, count + away),),
    )


def with_look_alike(video: Video) -> Video:
    """Returns the video in whose middle third a copy of the target passes behind it."""
    start, end = video.num_frames // 3, 2 * video.num_frames // 3
    event = Event("look_alike", start, max(end, start + 1))
    pasted = Pasted(
        video.read_frame, video.read_mask, video.read_actors or video.read_mask, event
    )
    return dataclasses.replace(
        video,
        name=f"{video.name}.look_alike",
        read_frame=pasted,
        read_actors=pasted.actors,
        scenario="look_alike",
        events=(event,),
        look_alikes=(COPY,),
    )


@dataclasses.dataclass(frozen=True)
class Spliced:
    """A reader of several readers' frames, one after the other.

    Attributes:
      reads: the readers.
      places: of each frame, which reader and which of its frames.
    """

    reads: tuple[Callable[[int], Any], ...]
    places: tuple[tuple[int, int], ...]

    def __call__(self, index: int) -> Any:
        """Returns what the frame's reader gives."""
        reader, place = self.places[index]
        return self.reads[reader](place)

    @property
    def paths(self) -> tuple[Path, ...]:
        """Returns the file of each frame, if all have one."""
        paths = [getattr(read, "paths", ()) for read in self.reads]
        return tuple(paths[r][i] for r, i in self.places) if all(paths) else ()


@dataclasses.dataclass(frozen=True)
class Fitted:
    """A reader of frames that are brought to one size."""

    read: Callable[[int], np.ndarray]
    size_hw: tuple[int, int]

    def __call__(self, index: int) -> UInt8[np.ndarray, "H W 3"]:
        """Returns one frame."""
        frame = self.read(index)
        if frame.shape[:2] == self.size_hw:
            return frame
        size_wh = self.size_hw[::-1]
        return np.asarray(cv2.resize(frame, size_wh, interpolation=cv2.INTER_AREA))

    @property
    def paths(self) -> tuple[Path, ...]:
        """Returns the files of the frames, if they are files."""
        return getattr(self.read, "paths", ())


@dataclasses.dataclass(frozen=True)
class Nothing:
    """A reader of masks without the target, in place of those of another video."""

    read: Callable[[int], Any]
    size_hw: tuple[int, int]

    def __call__(self, index: int) -> UInt8[np.ndarray, "H W"]:
        """Returns an empty mask."""
        del index
        return np.zeros(self.size_hw, np.uint8)

    @property
    def paths(self) -> tuple[Path, ...]:
        """Returns the files of the other video's masks, if they are files."""
        return getattr(self.read, "paths", ())


@dataclasses.dataclass(frozen=True)
class Pasted:
    """A reader of frames in which a mirrored copy of the target passes.

    It goes from left to right at the target's height, behind the target and before all
    else. Where a frame's mask is not known there is none.

    Attributes:
      read: frames.
      read_mask: the target's masks.
      read_actors: ids of all that is seen.
      event: when it passes.
    """

    read: Callable[[int], np.ndarray]
    read_mask: Callable[[int], np.ndarray | None]
    read_actors: Callable[[int], np.ndarray | None]
    event: Event

    def __call__(self, index: int) -> UInt8[np.ndarray, "H W 3"]:
        """Returns one frame."""
        frame = self.read(index)
        moved = self._moved(index)
        if moved is None:
            return frame
        source, at = moved
        painted = frame.copy()
        painted[at] = frame[source]
        return painted

    def actors(self, index: int) -> UInt8[np.ndarray, "H W"] | None:
        """Returns ids of all that is seen in a frame, the copy's too."""
        ids, moved = self.read_actors(index), self._moved(index)
        if ids is None or moved is None:
            return ids
        ids = ids.copy()
        ids[moved[1]] = COPY
        return ids

    @property
    def paths(self) -> tuple[Path, ...]:
        """Returns the files of the frames, if they are files."""
        return getattr(self.read, "paths", ())

    def _moved(self, index: int) -> tuple[Any, Any] | None:
        """Returns (rows, columns) of the target's pixels, and where the copy has them.

        Only those that are in the picture and not behind the target.
        """
        if not self.event.start <= index < self.event.end:
            return None
        mask = self.read_mask(index)
        if mask is None or not (mask == TARGET).any():
            return None
        inside = mask == TARGET
        rows, columns = np.nonzero(inside)
        width = mask.shape[1]
        extent = int(columns.max() - columns.min()) + 1
        done = (index - self.event.start + 0.5) / (self.event.end - self.event.start)
        left = round(done * (width + extent)) - extent
        mirrored = left + int(columns.max()) - columns
        seen = (mirrored >= 0) & (mirrored < width)
        seen[seen] &= ~inside[rows[seen], mirrored[seen]]
        return (rows[seen], columns[seen]), (rows[seen], mirrored[seen])


def _names(count: int) -> tuple[str, ...]:
    return tuple(f"{index:05d}" for index in range(count))
