"""Training samples: a clip of square crops around an object, with its masks."""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from samn_jax import settings
from samn_jax.data.clips import augment, compose, objects
from samn_jax.data.clips.folder import Frame, Loaded, Video
from samn_jax.errors import InputError

VIDEO_DRAWS = 20  # before a photo is taken instead
_STRIDE = 16  # of the networks' coarsest maps
KIN = 100  # photos before and after one by name that may show things of its kind
MAX_DRAWS = 100  # of a sample, before the data is given up as unusable


@dataclasses.dataclass(frozen=True)
class SamplingConfig:
    """How training clips are drawn and changed."""

    num_frames: int = 3
    crop_size: int = 192
    max_objects: int = 1  # of a clip; several are joined in the loss
    video_share: float = 0.5  # the others are photos made into clips
    max_gap: int = 12  # frames between neighbors of a clip
    gap_growth: int = 0  # samples over which max_gap grows from 1; 0: at once
    crop_factor: tuple[float, float] = (1.6, 4.2)  # crop side over sqrt(w·h)
    center_jitter: float = 0.25  # of the crop's side, from the second frame on
    scale_jitter: float = 0.25  # log of the crop's side, from the second frame on
    leave_share: float = 0.06  # later frames whose crop is somewhere else
    color: float = 0.2  # strength of the clip's recoloring; half of it per frame
    blur_share: float = 0.15
    distractor_share: float = 0.35  # clips with another object pasted beside
    occluder_share: float = 0.2  # clips with another object pasted over
    look_alike_share: float = 0.0  # pasted objects that are a copy, or of its kind
    background_share: float = 0.0  # clips whose objects are put before a photo
    box_share: float = 0.0  # clips whose first mask is a box, as a box start has it
    video_motion: tuple[float, float, float] = (
        6.0,
        1.05,
        0.03,
    )  # degrees, scale, shear
    thin_plate: float = 0.0  # bending of photos' later frames, in crop sides
    perspective: float = 0.0  # tilting of photos' later frames; 0.3 is strong

    def __post_init__(self) -> None:
        """Checks the fields.

        Raises:
          InputError: one is out of its range, or two contradict each other.
        """
        if self.num_frames < 2:
            raise InputError(
                f"num_frames is {self.num_frames}: give at least 2, the first frame is "
                "only remembered"
            )
        if self.crop_size < _STRIDE or self.crop_size % _STRIDE:
            raise InputError(f"crop_size is {self.crop_size}: give a multiple of 16")
        settings.check_at_least(self, 1, "max_objects", "max_gap")
        numbers = ("gap_growth", "center_jitter", "scale_jitter", "color", "thin_plate")
        settings.check_at_least(self, 0, *numbers)
        shares = [f.name for f in dataclasses.fields(self) if f.name.endswith("_share")]
        settings.check_shares(self, *shares, "perspective")
        if self.occluder_share + self.distractor_share > 1:
            raise InputError(
                f"occluder_share {self.occluder_share} and distractor_share "
                f"{self.distractor_share} are more than 1 together: lower one"
            )
        settings.check_numbers(self, "crop_factor", 2)
        if not 0 < self.crop_factor[0] <= self.crop_factor[1]:
            raise InputError(
                f"crop_factor is {self.crop_factor}: give the smallest and the largest"
            )
        settings.check_numbers(self, "video_motion", 3)
        if self.video_motion[1] < 1:
            raise InputError(
                f"video_motion is {self.video_motion}: its second number, a scale, "
                "must be at least 1"
            )


class Drawn(NamedTuple):
    """What a sample is made of."""

    pairs: list[Loaded]  # frames with ids 1..N of the chosen objects
    source: int  # index into `Clips.names`
    skipped: int  # draws that were no use


@dataclasses.dataclass(frozen=True)
class Clips:
    """Draws training clips from photos and videos."""

    photos: Sequence[Frame]
    videos: Sequence[Video]
    config: SamplingConfig

    @property
    def names(self) -> list[str]:
        """Returns the names of all photos and videos, as `source` counts them."""
        return [photo.name for photo in self.photos] + [v.name for v in self.videos]

    def __call__(
        self, rng: np.random.Generator, index: int = 0
    ) -> dict[str, np.ndarray]:
        """Returns one sample.

        `frames` (F, S, S, 3) uint8; `masks` (F, S, S) uint8, object ids from 1;
        `centers` (F, 2) float32, about where the object is, in crop pixels (x, y);
        `source`, the photo or video as an index into `names`; `skipped`, how many draws
        were no use.

        Args:
          rng: all that is random in the sample comes from it.
          index: number of the sample in the run.

        Raises:
          InputError: no draw was of use: objects too small, or files unreadable.
        """
        use_video = bool(self.videos) and (
            not self.photos or rng.random() < self.config.video_share
        )
        drawn = self._draw_video(rng, index) if use_video else self._draw_photo(rng)
        still = drawn.source < len(self.photos)
        crops = self._crop(rng, drawn.pairs, still=still)
        if self.photos and self.config.background_share > 0:
            if rng.random() < self.config.background_share:
                crops = compose.replace_background(rng, self.photos, *crops)
        frames, masks = self._paste_other(rng, *crops, drawn.source)
        boxed = self.config.box_share > 0 and rng.random() < self.config.box_share
        if boxed:
            frames[1], masks[1] = frames[0], masks[0]
        frames = self._recolor(rng, frames)
        masks[0] = objects.filled_boxes(masks[0]) if boxed else masks[0]
        centers = np.stack([self._center(rng, m) for m in masks])
        return {
            "frames": np.stack(frames),
            "masks": np.stack(masks),
            "centers": centers.astype(np.float32),
            "source": np.int32(drawn.source),
            "skipped": np.int32(drawn.skipped),
        }

    def _draw_video(self, rng: np.random.Generator, index: int) -> Drawn:
        """Returns frames of some objects of a video, forwards or backwards."""
        tries = VIDEO_DRAWS if self.photos else MAX_DRAWS
        for skipped in range(tries):
            number = int(rng.integers(len(self.videos)))
            frames = self._pick_frames(rng, self.videos[number].frames, index)
            pairs = objects.load_objects(rng, frames, self.config.max_objects)
            if pairs:
                return Drawn(pairs, len(self.photos) + number, skipped)
        return self._draw_photo(rng, skipped=tries)

    def _pick_frames(
        self, rng: np.random.Generator, frames: Sequence[Frame], index: int
    ) -> list[Frame]:
        count, length = self.config.num_frames, len(frames)
        longest = min(self.max_gap(index), (length - 1) // max(count - 1, 1))
        gaps = rng.integers(1, max(longest, 1) + 1, count - 1)
        start = rng.integers(0, length - gaps.sum())
        order = start + np.concatenate(([0], np.cumsum(gaps)))
        order = order[::-1] if rng.random() < 0.5 else order
        return [frames[int(i)] for i in order]

    def max_gap(self, index: int) -> int:
        """Returns the largest gap between neighboring frames of a sample."""
        config = self.config
        if not config.gap_growth:
            return config.max_gap
        return 1 + int((config.max_gap - 1) * min(index / config.gap_growth, 1.0))

    def _draw_photo(self, rng: np.random.Generator, skipped: int = 0) -> Drawn:
        """Returns one photo with some of its objects, repeated."""
        for more in range(MAX_DRAWS if self.photos else 0):
            number = int(rng.integers(len(self.photos)))
            photo = self.photos[number]
            pairs = objects.load_objects(rng, [photo], self.config.max_objects)
            if pairs:
                return Drawn(pairs * self.config.num_frames, number, skipped + more)
        raise InputError(
            f"{MAX_DRAWS} draws from the data found no object of "
            f"{objects.MIN_OBJECT_PX} pixels: look at it with "
            "python -m samn_jax.data.check"
        )

    def _crop(
        self, rng: np.random.Generator, pairs: list[tuple], *, still: bool
    ) -> tuple[list, list]:
        """Returns crops of frames and ids around the objects, jittered."""
        config = self.config
        factor = np.exp(rng.uniform(*np.log(config.crop_factor)))
        mirror = np.diag([rng.choice([-1.0, 1.0]), 1.0])
        motion = {"degrees": 25.0, "scale": 1.3, "shear": 0.15} if still else None
        frames, masks, box = [], [], None
        for i, (frame, mask) in enumerate(pairs):
            box = augment.box_of(mask > 0) if mask.any() else box
            side = crop_side(box, factor, frame.shape)
            center, linear = box[:2].copy(), mirror
            if i > 0:
                reach = rng.uniform(-1, 1, 2) * config.center_jitter
                if rng.random() < config.leave_share:
                    reach = rng.choice([-1, 1], 2) * rng.uniform(0.4, 1.0, 2)
                center += reach * side
                side *= np.exp(rng.uniform(-1, 1) * config.scale_jitter)
            if motion and i > 0:
                linear = augment.random_linear(rng, **motion) @ mirror
            elif not motion:
                degrees, scale, shear = config.video_motion
                linear = augment.random_linear(
                    rng, degrees=degrees, scale=scale, shear=shear
                )
                linear = linear @ mirror
            transform = augment.crop_transform(center, side, config.crop_size, linear)
            bend = self._bend(rng) if still and i > 0 else None
            frames.append(augment.warp(frame, transform, config.crop_size, bend))
            masks.append(augment.warp(mask, transform, config.crop_size, bend))
        return frames, masks

    def _bend(self, rng: np.random.Generator) -> np.ndarray | None:
        """Returns where a bent and tilted frame's pixels come from; None if neither."""
        config = self.config
        if not config.thin_plate and not config.perspective:
            return None
        return augment.random_bend(
            rng,
            config.crop_size,
            thin_plate=config.thin_plate,
            perspective=config.perspective,
        )

    def _paste_other(
        self, rng: np.random.Generator, frames: list, masks: list, source: int
    ) -> tuple[list, list]:
        """Returns the clip, perhaps with another object beside or over its own."""
        config, draw = self.config, rng.random()
        occlude = draw < config.occluder_share
        beside = draw < config.occluder_share + config.distractor_share
        if not self.photos or not (occlude or beside):
            return frames, masks
        alike = masks[0].any() and rng.random() < config.look_alike_share
        if alike and (source >= len(self.photos) or rng.random() < 0.5):
            others = list(zip(frames, masks, strict=True))
        else:
            others = self._draw_other(rng, source if alike else None)
        if not others:
            return frames, masks
        relative = compose.draw_size(rng, masks[0], like=alike)
        return compose.paste_other(
            rng, others, frames, masks, relative=relative, occlude=occlude
        )

    def _draw_other(self, rng: np.random.Generator, near: int | None) -> list[Loaded]:
        """Returns an object of another source, as many frames as a clip has.

        Args:
          rng: generator.
          near: the photo whose neighbors by name, often of its kind, are to be drawn
            from; None for all photos and videos.
        """
        count = self.config.num_frames
        if near is None and self.videos and rng.random() < self.config.video_share:
            video = self.videos[rng.integers(len(self.videos))]
            frames = self._pick_frames(rng, video.frames, 0)
            return objects.load_objects(rng, frames, 1)
        number = int(rng.integers(len(self.photos)))
        if near is not None:
            offset = int(rng.integers(1, KIN + 1)) * int(rng.choice([-1, 1]))
            number = (near + offset) % len(self.photos)
        return objects.load_objects(rng, [self.photos[number]], 1) * count

    def _recolor(self, rng: np.random.Generator, frames: list) -> list:
        """Returns the frames with the clip's and their own colors and blur."""
        config = self.config
        common = augment.color_table(rng, config.color)
        blur = rng.random() < config.blur_share
        result = []
        for frame in frames:
            own = augment.color_table(rng, config.color / 2)
            frame = augment.recolor(frame, own[common, np.arange(3)])
            if blur and rng.random() < 0.7:
                frame = augment.random_blur(rng, frame)
            result.append(frame)
        return result

    def _center(self, rng: np.random.Generator, mask: np.ndarray) -> np.ndarray:
        """Returns the objects' center off by up to ¼ of their size, or anywhere."""
        size = self.config.crop_size
        if not mask.any() or rng.random() < 0.1:
            return rng.uniform(0.2, 0.8, 2) * size
        box = augment.box_of(mask > 0)
        return box[:2] + rng.uniform(-0.25, 0.25, 2) * box[2:]


def crop_side(box: np.ndarray, factor: float, frame_shape: tuple) -> float:
    """Returns factor·sqrt(w·h), but no wider than a square of the frame's area.

    A crop wider than the frame is mostly border; large objects would come out small.
    """
    longest = float(np.sqrt(frame_shape[0] * frame_shape[1]))
    needed = 1.2 * float(max(box[2:]))
    return max(min(factor * float(np.sqrt(box[2] * box[3])), longest), needed, 16.0)
