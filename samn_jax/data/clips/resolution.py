"""Clips as a video of low resolution shows them: few pixels for a small target."""

import cv2
import numpy as np

from samn_jax.data.clips.config import SamplingConfig


def lowered(
    rng: np.random.Generator,
    config: SamplingConfig,
    frames: list,
    first_mask: np.ndarray,
) -> tuple[list, np.ndarray]:
    """Returns frames and first mask, perhaps as of a video of low resolution.

    The target has few pixels in it, and its crop is enlarged to what it was. The first
    mask is as coarse as the frames; those to predict keep their fine outline.

    Args:
      rng: generator; nothing is drawn from it where `coarse_share` is 0.
      config: how often, and how small the target is then.
      frames: square crops (S, S, 3), uint8.
      first_mask: object ids (S, S) of the first.
    """
    if not config.coarse_share or rng.random() >= config.coarse_share:
        return frames, first_mask
    wanted = float(np.exp(rng.uniform(*np.log(config.coarse_px))))
    count = max(int(np.max(first_mask)), 1)
    size = float(np.sqrt(np.count_nonzero(first_mask) / count))  # a mean over objects
    if size <= wanted:
        return frames, first_mask
    side = len(first_mask)
    small = max(round(side * wanted / size), 4)
    coarse = [coarser(frame, small) for frame in frames]
    mask = cv2.resize(first_mask, (small, small), interpolation=cv2.INTER_NEAREST)
    mask = cv2.resize(mask, (side, side), interpolation=cv2.INTER_NEAREST)
    return coarse, mask if mask.any() else first_mask


def coarser(frame: np.ndarray, small: int) -> np.ndarray:
    """Returns a square frame reduced to `small` pixels a side, and enlarged again."""
    reduced = cv2.resize(frame, (small, small), interpolation=cv2.INTER_AREA)
    return cv2.resize(reduced, frame.shape[1::-1], interpolation=cv2.INTER_LINEAR)
