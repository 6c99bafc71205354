"""Training samples: a clip of square crops around an object, with its masks."""

import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import NamedTuple

import numpy as np

from samn_jax import files
from samn_jax.data.clips import (
    compose,
    cropping,
    frame_cache,
    resolution,
    shares,
    target_choice,
)
from samn_jax.data.clips.config import SamplingConfig
from samn_jax.data.clips.sources import Frame, Loaded, Video
from samn_jax.errors import InputError

VIDEO_DRAWS = 20  # before a photo is taken instead
MAX_DRAWS = 100  # of a sample, before the data is given up as unusable


class Drawn(NamedTuple):
    """What a sample is made of."""

    pairs: list[Loaded]  # frames with ids 1..N of the chosen objects
    times: np.ndarray  # frames of the video since the clip's first (F,)
    source: int  # index into `Clips.names`
    skipped: int  # draws that were no use


class Clips:
    """Draws training clips from photos and videos.

    A pickled copy has no decoded frames: each process keeps its own.
    """

    def __init__(
        self, photos: Sequence[Frame], videos: Sequence[Video], config: SamplingConfig
    ) -> None:
        """Prepares drawing.

        Raises:
          InputError: a setting names a source that isn't there, or a video is shorter
            than a clip.
        """
        for video in videos:
            if len(video.frames) < config.num_frames:
                raise InputError(
                    f"video {files.shown(video.name)} has {len(video.frames)} "
                    f"annotated frames, a clip {config.num_frames}: leave it out, or "
                    "lower sampling.num_frames"
                )
        self.photos, self.videos, self.config = tuple(photos), tuple(videos), config
        self.cache = frame_cache.FrameCache(config.cache_bytes)
        self._choose_photo = shares.Chooser(
            self.photos, config.photo_shares, "photo_shares"
        )
        self._choose_video = shares.Chooser(
            self.videos, config.video_shares, "video_shares"
        )
        self._kinds: dict[str, list[int]] = {}
        for number, photo in enumerate(self.photos):
            self._kinds.setdefault(kind_of(photo.name), []).append(number)

    @property
    def names(self) -> list[str]:
        """Returns the names of all photos and videos, as `source` counts them."""
        return [photo.name for photo in self.photos] + [v.name for v in self.videos]

    def __call__(
        self, rng: np.random.Generator, index: int = 0
    ) -> dict[str, np.ndarray]:
        """Returns one sample.

        `frames` (F, S, S, 3) uint8; `masks` (F, S, S) uint8, object ids from 1;
        `others` (F, S, S) uint8, 1 where another object was pasted in;
        `centers` (F, 2) float32, about where the object is, in crop pixels (x, y);
        `times` (F,) int32, frames of the video since the clip's first;
        `seeds`, a number from which the training draws what it changes;
        `source`, the photo or video as an index into `names`; `skipped`, how many draws
        were no use.

        Args:
          rng: all that is random in the sample comes from it.
          index: number of the sample in the run.

        Raises:
          InputError: no draw was of use: objects too small, or files unreadable.
        """
        is_video = self._is_video(rng)
        draw = self._draw_video if is_video else self._draw_photo
        drawn = draw(rng, index)
        is_photo = drawn.source < len(self.photos)
        crops = cropping.crop_clip(rng, self.config, drawn.pairs, is_photo=is_photo)
        crops = self._replace_background(rng, *crops)
        frames, masks, others = self._paste_other(rng, *crops, drawn.source)
        boxed = self.config.box_share > 0 and rng.random() < self.config.box_share
        if boxed:
            for parts in (frames, masks, others):
                parts[1:2] = parts[:1]
        frames = cropping.recolor_clip(rng, self.config, frames)
        frames, masks[0] = resolution.lowered(rng, self.config, frames, masks[0])
        masks[0] = target_choice.filled_boxes(masks[0]) if boxed else masks[0]
        centers = np.stack([cropping.draw_center(rng, mask) for mask in masks])
        seed = rng.integers(2**32, dtype=np.uint32)
        return {
            "frames": np.stack(frames),
            "masks": np.stack(masks),
            "others": np.stack(others),
            "centers": centers.astype(np.float32),
            "times": drawn.times.astype(np.int32),
            "seeds": np.array(seed, np.uint32),
            "source": np.array(drawn.source, np.int32),
            "skipped": np.array(drawn.skipped, np.int32),
        }

    def _is_video(self, rng: np.random.Generator) -> bool:
        if not self.videos:
            return False
        return not self.photos or rng.random() < self.config.video_share

    def _load(
        self, rng: np.random.Generator, frames: Sequence[Frame], count: int
    ) -> list[Loaded]:
        """Returns frames with up to `count` of their objects, or nothing."""
        return target_choice.load_objects(rng, self.cache.load, frames, count)

    def _draw_video(self, rng: np.random.Generator, index: int) -> Drawn:
        """Returns frames of some objects of a video, forwards or backwards."""
        tries = VIDEO_DRAWS if self.photos else MAX_DRAWS
        for skipped in range(tries):
            number = self._choose_video.draw(rng)
            frames, times = self._pick_frames(rng, self.videos[number].frames, index)
            pairs = self._load(rng, frames, self.config.max_objects)
            if pairs:
                return Drawn(pairs, times, len(self.photos) + number, skipped)
        return self._draw_photo(rng, index, skipped=tries)

    def _pick_frames(
        self, rng: np.random.Generator, frames: Sequence[Frame], index: int
    ) -> tuple[list[Frame], np.ndarray]:
        """Returns frames of a video in their order or backwards, and their times."""
        count, length = self.config.num_frames, len(frames)
        longest = min(self.max_gap(index), (length - 1) // max(count - 1, 1))
        gaps = rng.integers(1, max(longest, 1) + 1, count - 1)
        start = rng.integers(0, length - gaps.sum())
        order = start + np.concatenate(([0], np.cumsum(gaps)))
        order = order[::-1] if rng.random() < 0.5 else order
        return [frames[int(i)] for i in order], np.abs(order - order[0])

    def max_gap(self, index: int) -> int:
        """Returns the largest gap between neighboring frames of a sample."""
        config = self.config
        if not config.gap_growth:
            return config.max_gap
        return 1 + int((config.max_gap - 1) * min(index / config.gap_growth, 1.0))

    def _draw_photo(
        self, rng: np.random.Generator, index: int, skipped: int = 0
    ) -> Drawn:
        """Returns one photo with some of its objects, repeated at a mean gap."""
        gap = (1 + self.max_gap(index)) // 2
        times = gap * np.arange(self.config.num_frames)
        for more in range(MAX_DRAWS if self.photos else 0):
            number = self._choose_photo.draw(rng)
            pairs = self._load(rng, [self.photos[number]], self.config.max_objects)
            if pairs:
                pairs = pairs * self.config.num_frames
                return Drawn(pairs, times, number, skipped + more)
        raise InputError(
            f"{MAX_DRAWS} draws from the data found no object of "
            f"{target_choice.MIN_OBJECT_PX} pixels: look at it with "
            "python -m samn_jax.data.check"
        )

    def _replace_background(
        self, rng: np.random.Generator, frames: list, masks: list
    ) -> tuple[list, list]:
        """Returns the clip, perhaps before a photo; one without objects is no use."""
        share = self.config.background_share
        if not self.photos or share == 0 or rng.random() >= share:
            return frames, masks
        photo = self._load(rng, [self.photos[self._choose_photo.draw(rng)]], 1)
        if not photo:
            return frames, masks
        return compose.replace_background(rng, photo[0][0], frames, masks)

    def _paste_other(
        self, rng: np.random.Generator, frames: list, masks: list, source: int
    ) -> tuple[list, list, list]:
        """Returns the clip, perhaps with another object beside or over its own.

        The third list says where that is.
        """
        config, draw = self.config, rng.random()
        nothing = [np.zeros_like(mask) for mask in masks]
        occlude = draw < config.occluder_share
        beside = draw < config.occluder_share + config.distractor_share
        if not (occlude or beside):
            return frames, masks, nothing
        alike = bool(masks[0].any()) and rng.random() < config.look_alike_share
        if alike and (source >= len(self.photos) or rng.random() < 0.5):
            others = list(zip(frames, masks, strict=True))
        elif alike:
            others = self._draw_kin(rng, source)
        else:
            others = self._draw_other(rng, source)
        if not others:
            return frames, masks, nothing
        relative = compose.draw_size(rng, masks[0], like=alike)
        return compose.paste_other(
            rng, others, frames, masks, relative=relative, occlude=occlude
        )

    def _draw_other(self, rng: np.random.Generator, source: int) -> list[Loaded]:
        """Returns an object of another source, as many frames as a clip has."""
        if not self._is_video(rng):
            photo = self.photos[self._choose_photo.draw(rng)]
            return self._load(rng, [photo], 1) * self.config.num_frames
        number = self._choose_video.draw(rng)
        if not self.photos and number == source:
            number = (number + 1) % len(self.videos)
            if number == source:  # There is no other.
                return []
        frames, _ = self._pick_frames(rng, self.videos[number].frames, 0)
        return self._load(rng, frames, 1)

    def _draw_kin(self, rng: np.random.Generator, source: int) -> list[Loaded]:
        """Returns an object of another photo of that kind; of any, if none is."""
        kin = self._kinds[kind_of(self.photos[source].name)]
        others = [number for number in kin if number != source]
        number = int(rng.choice(others)) if others else self._choose_photo.draw(rng)
        return self._load(rng, [self.photos[number]], 1) * self.config.num_frames


def kind_of(photo: str) -> str:
    """Returns what a photo's file name has before its number, which tells its kind."""
    return re.split("[0-9]", PurePath(photo).stem, maxsplit=1)[0]
