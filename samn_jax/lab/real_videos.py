"""Videos of the lab from a data set: objects of its clips, in both directions."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from jaxtyping import UInt8

from samn_jax.data import types
from samn_jax.errors import InputError
from samn_jax.lab.suite import Clips
from samn_jax.lab.video import TARGET, Video


@dataclasses.dataclass(frozen=True)
class OneObject:
    """A reader of masks in which one object is 1 and the others have higher ids.

    Attributes:
      read: the data set's reader of object ids.
      object_id: of the target.
      alone: leave the others out.
    """

    read: Callable[[int], np.ndarray | None]
    object_id: int
    alone: bool = True

    def __call__(self, index: int) -> UInt8[np.ndarray, "H W"] | None:
        """Returns the ids of one frame, None if it has no mask."""
        ids = self.read(index)
        if ids is None:
            return None
        target = (ids == self.object_id).astype(np.uint8)
        if self.alone:
            return target
        others = np.where((ids > 0) & (target == 0), np.minimum(ids, 254) + 1, 0)
        return np.where(target > 0, TARGET, others).astype(np.uint8)

    @property
    def paths(self) -> tuple:
        """Returns the files of the masks, if they are files."""
        return getattr(self.read, "paths", ())


@dataclasses.dataclass(frozen=True)
class Reordered:
    """A reader of other frames than asked for.

    Attributes:
      read: the reader.
      order: index of the frame that is read for each that is asked for.
    """

    read: Callable[[int], Any]
    order: tuple[int, ...]

    def __call__(self, index: int) -> Any:
        """Returns what is at that place of the order."""
        return self.read(self.order[index])

    @property
    def paths(self) -> tuple:
        """Returns the file of each place, if they are files."""
        paths = getattr(self.read, "paths", ())
        return tuple(paths[i] for i in self.order) if paths else ()


def videos_of(dataset: types.Dataset, clips: Clips) -> tuple[Video, ...]:
    """Returns the videos that a suite takes of a data set.

    Raises:
      InputError: a video is not in the set, or has no mask to start from.
    """
    chosen = dataset.select(clips.names).sequences if clips.names else dataset.sequences
    if clips.limit and clips.limit < len(chosen):
        places = np.linspace(0, len(chosen) - 1, clips.limit).round().astype(int)
        chosen = tuple(chosen[place] for place in places)
    return tuple(video for clip in chosen for video in _videos_of(clip, clips))


def _videos_of(clip: types.Sequence, clips: Clips) -> Iterator[Video]:
    for direction in clips.directions:
        order = _order(clip, direction)
        if len(order) < 3:
            continue
        ids = clip.mask(order[0])
        assert ids is not None  # `_order` begins with one.
        numbers = np.unique(ids[ids > 0]).tolist()
        numbers.sort(key=lambda i: -np.count_nonzero(ids == i))
        for number in numbers[: clips.objects or None]:
            yield _video(clip, order, direction, number)


def _order(clip: types.Sequence, direction: str) -> tuple[int, ...]:
    """Returns the frames of a direction, from the first that shows an object on."""
    order = range(clip.num_frames)
    if direction == "backwards":
        order = order[::-1]
    for place, index in enumerate(order):
        ids = clip.mask(index) if clip.has_mask(index) else None
        if ids is not None and ids.any():
            return tuple(order[place:])
    raise InputError(f"no mask of video {clip.name} shows an object: mark one")


def _video(
    clip: types.Sequence, order: tuple[int, ...], direction: str, object_id: int
) -> Video:
    read = Reordered(clip.read_mask, order)
    return Video(
        name=f"{clip.name}.{object_id}.{direction}",
        frame_names=tuple(clip.frame_names[index] for index in order),
        read_frame=Reordered(clip.read_frame, order),
        read_mask=OneObject(read, object_id),
        cluster=clip.name,
        scenario=direction,
        read_actors=OneObject(read, object_id, alone=False),
    )
