"""Training samples: a clip of square crops around one object, with its masks."""

import dataclasses

import numpy as np

from samn_jax.data import augment
from samn_jax.data.clips import Photo, Video

MIN_OBJECT_PX = 64  # smaller objects of the first frame teach nothing


@dataclasses.dataclass(frozen=True)
class SamplingConfig:
    """How training clips are drawn and changed."""

    num_frames: int = 3
    crop_size: int = 192
    video_share: float = 0.5  # the others are photos made into clips
    max_gap: int = 12  # frames between neighbours of a clip
    crop_factor: tuple[float, float] = (1.6, 4.2)  # crop side over sqrt(w·h)
    center_jitter: float = 0.25  # of the crop's side, from the second frame on
    scale_jitter: float = 0.25  # log of the crop's side, from the second frame on
    leave_share: float = 0.06  # later frames whose crop is somewhere else
    color: float = 0.2  # strength of the clip's recolouring; half of it per frame
    blur_share: float = 0.15
    distractor_share: float = 0.35  # clips with another object pasted beside
    occluder_share: float = 0.2  # clips with another object pasted over


@dataclasses.dataclass(frozen=True)
class Clips:
    """Draws training clips from photos and videos."""

    photos: list[Photo]
    videos: list[Video]
    config: SamplingConfig

    def __call__(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Returns one sample.

        `frames` (F, S, S, 3) uint8, `masks` (F, S, S) uint8 0/1, and `centers` (F, 2)
        float32: about where the object is, in crop pixels (x, y).
        """
        use_video = self.videos and (
            not self.photos or rng.random() < self.config.video_share
        )
        pairs = self._video_frames(rng) if use_video else self._photo_frames(rng)
        crops = self._crop(rng, pairs, still=not use_video)
        frames, masks = self._paste_others(rng, *crops)
        frames = self._recolor(rng, frames)
        centers = np.stack([self._center(rng, m) for m in masks])
        return {
            "frames": np.stack(frames),
            "masks": np.stack(masks).astype(np.uint8),
            "centers": centers.astype(np.float32),
        }

    def _video_frames(self, rng: np.random.Generator) -> list[tuple]:
        """Returns frames and masks of one object of a video, forwards or backwards."""
        for _ in range(20):
            video = self.videos[rng.integers(len(self.videos))]
            count, length = self.config.num_frames, len(video.frames)
            longest = min(self.config.max_gap, (length - 1) // max(count - 1, 1))
            gaps = rng.integers(1, max(longest, 1) + 1, count - 1)
            start = rng.integers(0, length - gaps.sum())
            order = start + np.concatenate(([0], np.cumsum(gaps)))
            order = order[::-1] if rng.random() < 0.5 else order
            loaded = [video.frames[i].load() for i in order]
            chosen = _pick_object(rng, loaded[0][1])
            if chosen:
                return [(frame, ids == chosen) for frame, ids in loaded]
        return self._photo_frames(rng)

    def _photo_frames(self, rng: np.random.Generator) -> list[tuple]:
        """Returns one photo and the mask of one object in it, repeated."""
        while True:
            frame, ids = self.photos[rng.integers(len(self.photos))].load()
            chosen = _pick_object(rng, ids)
            if chosen:
                return [(frame, ids == chosen)] * self.config.num_frames

    def _crop(
        self, rng: np.random.Generator, pairs: list[tuple], *, still: bool
    ) -> tuple[list, list]:
        """Returns crops of frames and masks around the object, jittered."""
        config = self.config
        factor = np.exp(rng.uniform(*np.log(config.crop_factor)))
        mirror = np.diag([rng.choice([-1.0, 1.0]), 1.0])
        motion = {"degrees": 25, "scale": 1.3, "shear": 0.15} if still else None
        frames, masks, box = [], [], None
        for i, (frame, mask) in enumerate(pairs):
            box = augment.box_of(mask) if mask.any() else box
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
                small = {"degrees": 6, "scale": 1.05, "shear": 0.03}
                linear = augment.random_linear(rng, **small) @ mirror
            transform = augment.crop_transform(center, side, config.crop_size, linear)
            frames.append(augment.warp(frame, transform, config.crop_size))
            masks.append(
                augment.warp(mask.astype(np.uint8), transform, config.crop_size) > 0
            )
        return frames, masks

    def _paste_others(
        self, rng: np.random.Generator, frames: list, masks: list
    ) -> tuple[list, list]:
        """Returns the clip with other objects pasted beside or over its object."""
        config, draw = self.config, rng.random()
        occlude = draw < config.occluder_share
        beside = draw < config.occluder_share + config.distractor_share
        if not self.photos or not (occlude or beside):
            return frames, masks
        other, ids = self.photos[rng.integers(len(self.photos))].load()
        chosen = _pick_object(rng, ids)
        if not chosen:
            return frames, masks
        box = augment.box_of(ids == chosen)
        place = rng.uniform(0.1, 0.9, 2) * config.crop_size
        speed = rng.normal(0, 0.12, 2) * config.crop_size
        relative = np.exp(rng.uniform(np.log(0.15), np.log(0.6)))
        side = np.sqrt(box[2] * box[3]) / relative
        pasted = [], []
        for i, (frame, mask) in enumerate(zip(frames, masks, strict=True)):
            shift = (config.crop_size / 2 - place - i * speed) * side / config.crop_size
            linear = augment.random_linear(rng, degrees=12, scale=1.1, shear=0.1)
            transform = augment.crop_transform(
                box[:2] + linear @ shift, side, config.crop_size, linear
            )
            patch = augment.warp(other, transform, config.crop_size)
            over = augment.warp(
                (ids == chosen).astype(np.uint8), transform, config.crop_size
            )
            over = over > 0
            # The first frame shows the whole object, as a user's first mask does.
            over = over & ~mask if i == 0 or not occlude else over
            pasted[0].append(augment.paste(frame, patch, over))
            pasted[1].append(mask & ~over)
        return pasted

    def _recolor(self, rng: np.random.Generator, frames: list) -> list:
        """Returns the frames with the clip's and their own colours and blur."""
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
        """Returns the object's centre off by up to ¼ of its size, or anywhere."""
        size = self.config.crop_size
        if not mask.any() or rng.random() < 0.1:
            return rng.uniform(0.2, 0.8, 2) * size
        box = augment.box_of(mask)
        return box[:2] + rng.uniform(-0.25, 0.25, 2) * box[2:]


def crop_side(box: np.ndarray, factor: float, frame_shape: tuple) -> float:
    """Returns factor·sqrt(w·h), but no wider than a square of the frame's area.

    A crop wider than the frame is mostly border; large objects would come out small.
    """
    longest = float(np.sqrt(frame_shape[0] * frame_shape[1]))
    needed = 1.2 * float(max(box[2:]))
    return max(min(factor * float(np.sqrt(box[2] * box[3])), longest), needed, 16.0)


def _pick_object(rng: np.random.Generator, ids: np.ndarray) -> int:
    """Returns an object id of the mask, at random; 0 if none is large enough."""
    counts = np.bincount(ids.ravel())
    large = [i for i in range(1, len(counts)) if counts[i] >= MIN_OBJECT_PX]
    return int(rng.choice(large)) if large else 0
