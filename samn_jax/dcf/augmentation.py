"""Training samples of the first frame: shifted, mirrored, blurred, turned copies."""

import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from samn_jax import errors, settings


@dataclasses.dataclass(frozen=True)
class AugmentationConfig:
    """Which copies are made, in this order after the unchanged one.

    Attributes:
        shifts: (x, y) by which the target moves, in half crop sides.
        mirror: Whether to add a left-right mirrored copy.
        blurs: Standard deviations (vertical, horizontal) in crop pixels.
        rotations: Degrees, counter-clockwise.
    """

    shifts: tuple[tuple[float, float], ...] = (
        *((0.25, 0.25), (0.25, -0.25), (-0.25, 0.25), (-0.25, -0.25)),
        *((0.75, 0.75), (0.75, -0.75), (-0.75, 0.75), (-0.75, -0.75)),
    )
    mirror: bool = True
    blurs: tuple[tuple[float, float], ...] = (
        *((2.0, 0.2), (0.2, 2.0), (3.0, 1.0), (1.0, 3.0), (2.0, 2.0)),
    )
    rotations: tuple[float, ...] = (
        *(5.0, -5.0, 10.0, -10.0, 20.0, -20.0),
        *(30.0, -30.0, 45.0, -45.0, -60.0, 60.0),
    )

    def __post_init__(self) -> None:
        """Checks that moves and blurs are pairs, and blurs blur.

        Raises:
          InputError: one is not.
        """
        for name in ("shifts", "blurs"):
            for pair in getattr(self, name):
                settings.check_pair(pair, f"augmentation.{name}")
        if not all(deviation > 0 for pair in self.blurs for deviation in pair):
            raise errors.InputError(
                f"augmentation.blurs is {self.blurs}: give deviations above 0"
            )

    @property
    def num_samples(self) -> int:
        """Returns how many samples it makes of the first frame."""
        copies = len(self.shifts) + len(self.blurs) + len(self.rotations)
        return 1 + copies + self.mirror


class AugmentedSamples(NamedTuple):
    """Copies of the first frame's crop and where the target is in each."""

    crops: Float[Array, "N S S C"]
    target_centers_px: Float[Array, "N 2"]  # (x, y) from the crop's top-left corner


def _shift(
    patch: Float[Array, "P P C"], shift_px: tuple[int, int]
) -> Float[Array, "S S C"]:
    """The middle of the patch after its content has moved by (x, y) pixels."""
    size = patch.shape[0] // 2
    left, top = size // 2 - shift_px[0], size // 2 - shift_px[1]
    return patch[top : top + size, left : left + size]


def _blur(patch: Float[Array, "P P C"], sigma: float, axis: int) -> Array:
    """The patch blurred along one axis by a Gaussian cut off after 2σ."""
    radius = int(np.ceil(2 * sigma))
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    weights = weights / weights.sum()
    length = patch.shape[axis] - 2 * radius
    terms = (
        np.float32(weight) * jax.lax.slice_in_dim(patch, tap, tap + length, axis=axis)
        for tap, weight in enumerate(weights)
    )
    blurred = sum(terms, jnp.zeros((), patch.dtype))
    margins = [(0, 0)] * patch.ndim
    margins[axis] = (radius, radius)
    return jnp.pad(blurred, margins, mode="edge")


def _rotate(
    patch: Float[Array, "P P C"], degrees: Float[Array, ""]
) -> Float[Array, "S S C"]:
    """The middle of the patch, turned about its center, bilinear."""
    full, channels = patch.shape[0], patch.shape[2]
    size = full // 2
    angle = jnp.deg2rad(degrees)
    offset = jnp.arange(size, dtype=jnp.float32) - (size - 1) / 2
    # Where each output pixel's center came from, as pixel indices of the patch. The
    # crop's corners stay within the patch at any angle, since S·√2 < P.
    x, y = offset[None, :], offset[:, None]
    source_x = jnp.cos(angle) * x - jnp.sin(angle) * y + (full - 1) / 2
    source_y = jnp.sin(angle) * x + jnp.cos(angle) * y + (full - 1) / 2
    left, top = jnp.floor(source_x), jnp.floor(source_y)
    right_share = (source_x - left)[:, :, None]
    bottom_share = (source_y - top)[:, :, None]
    index = top.astype(jnp.int32) * full + left.astype(jnp.int32)
    pixels = patch.reshape(-1, channels)
    upper = pixels[index] * (1 - right_share) + pixels[index + 1] * right_share
    index = index + full
    lower = pixels[index] * (1 - right_share) + pixels[index + 1] * right_share
    return upper * (1 - bottom_share) + lower * bottom_share


def _rotated_point(point_xy: Float[Array, "2"], degrees: float) -> Float[Array, "2"]:
    """An offset from the center after a counter-clockwise turn (y points down)."""
    cosine, sine = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    matrix = np.array([[cosine, sine], [-sine, cosine]], np.float32)
    return jnp.matmul(matrix, point_xy)


def augment_first_frame(
    patch: Float[Array, "P Q C"],
    target_center_px: Float[Array, "2"],
    *,
    config: AugmentationConfig,
) -> AugmentedSamples:
    """Copies of the patch's middle half (27 by default), the unchanged one first.

    Args:
        patch: Twice the side of a crop, around the same point, so that no copy needs
            pixels from outside; P = Q a multiple of 4, and S = P/2.
        target_center_px: The target's center (x, y) in pixels from the patch's
            top-left corner: near its middle, up to the rounding of the crop.
        config: Which copies to make; static under jit.

    Raises:
        InputError: The patch is not square or its side not a multiple of 4.
    """
    full = patch.shape[0]
    if patch.shape[1] != full or full % 4:
        raise errors.InputError(
            f"first-frame patch of {patch.shape[:2]} pixels: make it square, with a"
            " side that is a multiple of 4"
        )
    size = full // 2
    offset = target_center_px - full / 2
    crops, offsets = [_shift(patch, (0, 0))], [offset]
    for shift in config.shifts:
        shift_px = (int(shift[0] * size / 2), int(shift[1] * size / 2))
        crops.append(_shift(patch, shift_px))
        offsets.append(offset + np.array(shift_px, np.float32))
    if config.mirror:
        crops.append(_shift(patch[:, ::-1], (0, 0)))
        offsets.append(offset * np.array([-1, 1], np.float32))
    for vertical, horizontal in config.blurs:
        blurred = _blur(_blur(patch, vertical, axis=0), horizontal, axis=1)
        crops.append(_shift(blurred, (0, 0)))
        offsets.append(offset)
    if config.rotations:
        # One at a time: the gather is compiled once and its indices stay small.
        degrees = jnp.array(config.rotations, jnp.float32)
        crops.extend(jax.lax.map(lambda angle: _rotate(patch, angle), degrees))
        offsets.extend(_rotated_point(offset, angle) for angle in config.rotations)
    return AugmentedSamples(jnp.stack(crops), jnp.stack(offsets) + size / 2)
