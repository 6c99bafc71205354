"""Clips put together from several sources: other backgrounds, other objects."""

from collections.abc import Sequence

import numpy as np

from samn_jax.data.clips import augment
from samn_jax.data.clips.sources import Loaded


def replace_background(
    rng: np.random.Generator, photo: np.ndarray, frames: list, masks: list
) -> tuple[list, list]:
    """Returns the clip with a photo behind its objects.

    The photo moves by itself, as a background does; what it shows may be taken for a
    target too.

    Args:
      rng: generator.
      photo: (H, W, 3), uint8.
      frames: square crops (S, S, 3), uint8.
      masks: object ids (S, S) of each, 0 where the photo is to be seen.
    """
    size = len(frames[0])
    extent = np.array(photo.shape[1::-1], np.float64)
    side = extent.min() * rng.uniform(0.6, 1.0)
    center = rng.uniform(side / 2, extent - side / 2)
    speed = rng.normal(0, 0.06, 2) * side
    composed = []
    for i, (frame, mask) in enumerate(zip(frames, masks, strict=True)):
        linear = augment.random_linear(rng, degrees=6.0, scale=1.1, shear=0.03)
        place = np.clip(center + i * speed, side / 2, extent - side / 2)
        transform = augment.crop_transform(place, side, size, linear)
        behind = augment.warp(photo, transform, size)
        composed.append(augment.paste(behind, frame, mask > 0))
    return composed, masks


def paste_other(
    rng: np.random.Generator,
    others: Sequence[Loaded],
    frames: list,
    masks: list,
    *,
    relative: float,
    occlude: bool,
) -> tuple[list, list, list]:
    """Returns the clip with another object pasted in, moving on its own, and its masks.

    Args:
      rng: generator.
      others: a frame and the object's mask for each frame of the clip; the first mask
        is not empty.
      frames: square crops (S, S, 3), uint8.
      masks: object ids (S, S) of each; the pasted object is background.
      relative: root of the area of the other object's box, in crop sides.
      occlude: whether it may cover the clip's own objects. In the first frame it never
        does, as a user's first mask shows the whole object.
    """
    size, box = len(frames[0]), augment.box_of(others[0][1] > 0)
    place = rng.uniform(0.1, 0.9, 2) * size
    speed = rng.normal(0, 0.12, 2) * size
    side = np.sqrt(box[2] * box[3]) / relative
    mirror = np.diag([rng.choice([-1.0, 1.0]), 1.0])
    pasted: tuple[list[np.ndarray], ...] = ([], [], [])
    for i, (frame, mask) in enumerate(zip(frames, masks, strict=True)):
        other, shape = others[i]
        shift = (size / 2 - place - i * speed) * side / size
        linear = augment.random_linear(rng, degrees=12.0, scale=1.1, shear=0.1)
        linear = linear @ mirror
        transform = augment.crop_transform(box[:2] + linear @ shift, side, size, linear)
        patch = augment.warp(other, transform, size)
        over = augment.warp(shape, transform, size) > 0
        over = over & (mask == 0) if i == 0 or not occlude else over
        pasted[0].append(augment.paste(frame, patch, over))
        pasted[1].append(np.where(over, np.uint8(0), mask))
        pasted[2].append((over & (pasted[1][-1] == 0)).astype(np.uint8))
    return pasted[0], pasted[1], pasted[2]


def draw_size(rng: np.random.Generator, mask: np.ndarray, *, like: bool) -> float:
    """Returns a size for `paste_other`: any, or `like` that of the clip's objects."""
    if not like:
        return float(np.exp(rng.uniform(np.log(0.15), np.log(0.6))))
    box = augment.box_of(mask > 0)
    own = np.sqrt(box[2] * box[3]) / len(mask)
    return float(np.clip(own * np.exp(rng.uniform(-0.35, 0.35)), 0.05, 0.8))
