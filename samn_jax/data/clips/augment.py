"""Random changes of training frames, each drawn from a generator that is passed in."""

import cv2
import numpy as np
from scipy import interpolate

_CONTROL_POINTS = 4  # of a bent frame, along each side
_COARSE_CELLS = 24  # that its spline is evaluated on, along each side


def box_of(mask: np.ndarray) -> np.ndarray:
    """Returns center x, y and size w, h of a boolean mask that is not empty."""
    columns, rows = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
    low = np.array([columns[0], rows[0]], np.float64)
    high = np.array([columns[-1] + 1, rows[-1] + 1], np.float64)
    return np.concatenate(((low + high) / 2, high - low))


def crop_transform(
    center: np.ndarray, side: float, size: int, linear: np.ndarray
) -> np.ndarray:
    """Returns the 2×3 map from crop pixel indices to image pixel indices.

    Args:
      center: the crop's center in the image (x, y), pixel corners at whole numbers.
      side: the crop's side in image pixels.
      size: the crop's side in crop pixels.
      linear: 2×2 rotation, shear, mirror and scale about the center.
    """
    matrix = linear * (side / size)
    offset = center - matrix @ np.full(2, size / 2)
    # Pixel index i has its center at i + 0.5.
    shift = offset + matrix @ np.full(2, 0.5) - 0.5
    return np.concatenate((matrix, shift[:, None]), axis=1)


def warp(
    image: np.ndarray,
    transform: np.ndarray,
    size: int,
    bend: np.ndarray | None = None,
) -> np.ndarray:
    """Returns the crop: frames repeat their edge, masks (2-d) are 0 outside.

    Args:
      image: frame (H, W, 3) or mask (H, W), uint8.
      transform: as `crop_transform` gives it.
      size: the crop's side in pixels.
      bend: crop pixel indices (size, size, 2), x and y, that each pixel of an unbent
        crop would be found at, as `random_bend` gives them.
    """
    is_mask = image.ndim == 2
    interpolation = cv2.INTER_NEAREST if is_mask else cv2.INTER_LINEAR
    border = cv2.BORDER_CONSTANT if is_mask else cv2.BORDER_REPLICATE
    if bend is None:
        flags = cv2.WARP_INVERSE_MAP | interpolation
        shape = (size, size)
        return cv2.warpAffine(image, transform, shape, flags=flags, borderMode=border)
    places = (bend @ transform[:, :2].T + transform[:, 2]).astype(np.float32)
    return cv2.remap(
        image, places[..., 0], places[..., 1], interpolation, borderMode=border
    )


def random_bend(
    rng: np.random.Generator, size: int, *, thin_plate: float, perspective: float
) -> np.ndarray:
    """Returns crop pixel indices (size, size, 2) of a tilted and bent crop.

    Args:
      rng: generator.
      size: the crop's side in pixels.
      thin_plate: standard deviation of the shifts of 4 × 4 control points, in crop
        sides; between them a thin plate is bent as little as can be.
      perspective: how much nearer than the center an edge may come, as a share.
    """
    axis = (np.arange(size) + 0.5) / size - 0.5
    points = np.stack(np.meshgrid(axis, axis), axis=-1)  # x, y in crop sides
    nearer = 1.0 + (points @ rng.uniform(-1, 1, 2)) * perspective
    tilted = points / nearer[..., None]
    cells = np.linspace(-0.5, 0.5, _CONTROL_POINTS)
    controls = np.stack(np.meshgrid(cells, cells), axis=-1).reshape(-1, 2)
    shifts = rng.normal(0.0, thin_plate, controls.shape)
    axis = (np.arange(_COARSE_CELLS) + 0.5) / _COARSE_CELLS - 0.5
    coarse = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    bent = interpolate.RBFInterpolator(controls, shifts, kernel="thin_plate_spline")
    shift = bent(coarse).reshape(_COARSE_CELLS, _COARSE_CELLS, 2)
    smooth = cv2.resize(shift, (size, size), interpolation=cv2.INTER_CUBIC)
    return (tilted + smooth + 0.5) * size - 0.5


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


def random_blur(
    rng: np.random.Generator, frame: np.ndarray, lengths_px: tuple[int, int]
) -> np.ndarray:
    """Returns the frame blurred along a random direction, as by a moving camera.

    The length of the blur lies in a range.
    """
    length = int(rng.integers(lengths_px[0], lengths_px[1] + 1))
    kernel = np.zeros((length, length), np.float32)
    angle = rng.uniform(0, np.pi)
    reach = (length - 1) / 2
    dx, dy = np.cos(angle) * reach, np.sin(angle) * reach
    start, end = ((round(reach + s * dx), round(reach + s * dy)) for s in (-1, 1))
    cv2.line(kernel, start, end, 1.0)
    return cv2.filter2D(frame, -1, kernel / kernel.sum())


def paste(frame: np.ndarray, patch: np.ndarray, patch_mask: np.ndarray) -> np.ndarray:
    """Returns the frame with `patch` over it where `patch_mask` is set."""
    soft = cv2.GaussianBlur(patch_mask.astype(np.float32), (3, 3), 0)[..., None]
    return (frame + (patch.astype(np.float32) - frame) * soft).astype(np.uint8)
