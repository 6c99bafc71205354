"""Random changes of training frames, each drawn from a generator that is passed in."""

import cv2
import numpy as np


def box_of(mask: np.ndarray) -> np.ndarray:
    """Returns centre x, y and size w, h of a boolean mask that is not empty."""
    columns, rows = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
    low = np.array([columns[0], rows[0]], np.float64)
    high = np.array([columns[-1] + 1, rows[-1] + 1], np.float64)
    return np.concatenate(((low + high) / 2, high - low))


def crop_transform(
    center: np.ndarray, side: float, size: int, linear: np.ndarray
) -> np.ndarray:
    """Returns the 2×3 map from crop pixel indices to image pixel indices.

    Args:
      center: the crop's centre in the image (x, y), pixel corners at whole numbers.
      side: the crop's side in image pixels.
      size: the crop's side in crop pixels.
      linear: 2×2 rotation, shear, mirror and scale about the centre.
    """
    matrix = linear * (side / size)
    offset = center - matrix @ np.full(2, size / 2)
    # Pixel index i has its centre at i + 0.5.
    shift = offset + matrix @ np.full(2, 0.5) - 0.5
    return np.concatenate((matrix, shift[:, None]), axis=1)


def warp(image: np.ndarray, transform: np.ndarray, size: int) -> np.ndarray:
    """Returns the crop: frames repeat their edge, masks (2-d) are 0 outside."""
    is_mask = image.ndim == 2
    return cv2.warpAffine(
        image,
        transform,
        (size, size),
        flags=cv2.WARP_INVERSE_MAP
        | (cv2.INTER_NEAREST if is_mask else cv2.INTER_LINEAR),
        borderMode=cv2.BORDER_CONSTANT if is_mask else cv2.BORDER_REPLICATE,
    )


def random_linear(
    rng: np.random.Generator, *, degrees: float, scale: float, shear: float
) -> np.ndarray:
    """Returns a 2×2 map: rotation, log-uniform scale of each axis, shear."""
    angle = np.deg2rad(rng.uniform(-degrees, degrees))
    cos, sin = np.cos(angle), np.sin(angle)
    sizes = np.exp(rng.uniform(-1, 1) * np.log(scale) + rng.uniform(-0.08, 0.08, 2))
    skew = np.array([[1, rng.uniform(-shear, shear)], [0, 1]])
    return np.array([[cos, -sin], [sin, cos]]) @ skew @ np.diag(sizes)


def color_table(rng: np.random.Generator, strength: float) -> np.ndarray:
    """Returns a (256, 3) uint8 table: random brightness, contrast, cast and gamma."""
    gain = 1 + rng.uniform(-strength, strength) + rng.uniform(-0.3, 0.3, 3) * strength
    shift = rng.uniform(-strength, strength) * 128
    gamma = np.exp(rng.uniform(-strength, strength))
    levels = (np.arange(256) / 255.0) ** gamma * 255.0
    table = (levels[:, None] - 128) * gain[None] + 128 + shift
    return np.clip(table, 0, 255).astype(np.uint8)


def recolor(frame: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Returns the frame (H, W, 3) with each channel looked up in `table`."""
    return cv2.LUT(frame, table[None])


def random_blur(rng: np.random.Generator, frame: np.ndarray) -> np.ndarray:
    """Returns the frame blurred along a random direction, as by a moving camera."""
    length = int(rng.integers(3, 10))
    kernel = np.zeros((length, length), np.float32)
    angle = rng.uniform(0, np.pi)
    reach = (length - 1) / 2
    dx, dy = np.cos(angle) * reach, np.sin(angle) * reach
    ends = [(round(reach + s * dx), round(reach + s * dy)) for s in (-1, 1)]
    cv2.line(kernel, *ends, 1.0)
    return cv2.filter2D(frame, -1, kernel / kernel.sum())


def paste(frame: np.ndarray, patch: np.ndarray, patch_mask: np.ndarray) -> np.ndarray:
    """Returns the frame with `patch` over it where `patch_mask` is set."""
    soft = cv2.GaussianBlur(patch_mask.astype(np.float32), (3, 3), 0)[..., None]
    return (frame + (patch.astype(np.float32) - frame) * soft).astype(np.uint8)
