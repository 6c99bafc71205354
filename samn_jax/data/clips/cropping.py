"""Square crops around the objects of a clip, jittered and recolored."""

import numpy as np

from samn_jax.data.clips import augment
from samn_jax.data.clips.config import SamplingConfig
from samn_jax.data.clips.sources import Loaded

_PHOTO_MOTION = {"degrees": 25.0, "scale": 1.3, "shear": 0.15}


def crop_clip(
    rng: np.random.Generator,
    config: SamplingConfig,
    pairs: list[Loaded],
    *,
    is_photo: bool,
) -> tuple[list, list]:
    """Returns crops of frames and ids around the objects, jittered.

    Args:
      rng: generator.
      config: strength of all changes.
      pairs: frames and ids; the first ids are not empty.
      is_photo: whether all frames are one photo, which is made to move.
    """
    factor = np.exp(rng.uniform(*np.log(config.crop_factor)))
    mirror = np.diag([rng.choice([-1.0, 1.0]), 1.0])
    size = config.crop_size
    frames, masks, box = [], [], augment.box_of(pairs[0][1] > 0)
    for i, (frame, mask) in enumerate(pairs):
        box = augment.box_of(mask > 0) if mask.any() else box
        side = crop_side(box, factor, frame.shape)
        center = box[:2].copy()
        if i > 0:
            center, side = _jitter(rng, config, center, side)
        linear = _linear(rng, config, is_photo=is_photo, is_first=i == 0) @ mirror
        transform = augment.crop_transform(center, side, size, linear)
        bend = _bend(rng, config) if is_photo and i > 0 else None
        frames.append(augment.warp(frame, transform, size, bend))
        masks.append(augment.warp(mask, transform, size, bend))
    return frames, masks


def crop_side(box: np.ndarray, factor: float, frame_shape: tuple) -> float:
    """Returns factor·sqrt(w·h), but no wider than a square of the frame's area.

    A crop wider than the frame is mostly border; large objects would come out small.
    """
    longest = float(np.sqrt(frame_shape[0] * frame_shape[1]))
    needed = 1.2 * float(max(box[2:]))
    return max(min(factor * float(np.sqrt(box[2] * box[3])), longest), needed, 16.0)


def recolor_clip(
    rng: np.random.Generator, config: SamplingConfig, frames: list
) -> list:
    """Returns the frames with the clip's and their own colors and blur."""
    common = augment.color_table(rng, config.color)
    blur = rng.random() < config.blur_share
    result = []
    for frame in frames:
        own = augment.color_table(rng, config.color / 2)
        frame = augment.recolor(frame, own[common, np.arange(3)])
        if blur and rng.random() < 0.7:
            frame = augment.random_blur(rng, frame, config.blur_px)
        result.append(frame)
    return result


def draw_center(rng: np.random.Generator, mask: np.ndarray) -> np.ndarray:
    """Returns the objects' center off by up to ¼ of their size, or anywhere."""
    if not mask.any() or rng.random() < 0.1:
        return rng.uniform(0.2, 0.8, 2) * len(mask)
    box = augment.box_of(mask > 0)
    return box[:2] + rng.uniform(-0.25, 0.25, 2) * box[2:]


def _jitter(
    rng: np.random.Generator, config: SamplingConfig, center: np.ndarray, side: float
) -> tuple[np.ndarray, float]:
    reach = rng.uniform(-1, 1, 2) * config.center_jitter
    if rng.random() < config.leave_share:
        reach = rng.choice([-1, 1], 2) * rng.uniform(0.4, 1.0, 2)
    scale = np.exp(rng.uniform(-1, 1) * config.scale_jitter)
    return center + reach * side, side * scale


def _linear(
    rng: np.random.Generator, config: SamplingConfig, *, is_photo: bool, is_first: bool
) -> np.ndarray:
    if is_photo:
        return np.eye(2) if is_first else augment.random_linear(rng, **_PHOTO_MOTION)
    degrees, scale, shear = config.video_motion
    return augment.random_linear(rng, degrees=degrees, scale=scale, shear=shear)


def _bend(rng: np.random.Generator, config: SamplingConfig) -> np.ndarray | None:
    """Returns where a bent and tilted frame's pixels come from; None if neither."""
    if not config.thin_plate and not config.perspective:
        return None
    return augment.random_bend(
        rng,
        config.crop_size,
        thin_plate=config.thin_plate,
        perspective=config.perspective,
    )
