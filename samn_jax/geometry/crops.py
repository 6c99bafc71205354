"""Square crops around a target: cut, resample to a fixed size, map back.

Coordinates are corner-based: (0, 0) is the top-left corner of the top-left pixel, and
pixel (row, column) has its center at (column + 0.5, row + 0.5). Resampling is bilinear
between pixel centers without anti-aliasing, as in OpenCV's `resize`.
"""

import itertools
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, UInt8

from samn_jax import varying

# A side is divided by the output size less this much before it is rounded down, so
# that thinning begins only a little after the next whole ratio (authors' release).
_THINNING_SLACK = 0.1


class SquareCrop(NamedTuple):
    """A square of the image, in image pixels, aligned with the pixel grid.

    Made by `segmentation_crop` or `filter_crop`; any other center and side work as
    well. `stride` is the thinning before resampling: of the pixels inside the square
    only each `stride`-th row and column is looked at.
    """

    center_xy: Float[Array, " 2"]
    side: Float[Array, ""]
    stride: Int[Array, ""]


class _Taps(NamedTuple):
    """For each output position along one axis: two input pixels and their weights."""

    low: Int[Array, " S"]
    high: Int[Array, " S"]
    low_weight: Float[Array, " S"]
    high_weight: Float[Array, " S"]


def search_side(size_wh: Float[Array, " 2"], area_factor: float) -> Float[Array, ""]:
    """Side in pixels of the square that is `area_factor` times the target's size.

    The target's size is the geometric mean of its width and height.

    >>> float(search_side(jnp.array([40.0, 90.0]), 4.0))
    240.0
    """
    return jnp.sqrt(size_wh[0] * size_wh[1]) * area_factor


def segmentation_crop(
    center_xy: Float[Array, " 2"], side: Float[Array, ""]
) -> SquareCrop:
    """The pixel-aligned square that the appearance network sees.

    Args:
      center_xy: Wanted center.
      side: Wanted side; rounded up to whole pixels, at least 1.

    Returns:
      The square whose left and top edges are rounded to whole pixels, halves to even.
    """
    side = jnp.maximum(jnp.ceil(side), 1)
    top_left = jnp.round(center_xy - side / 2)
    return SquareCrop(top_left + side / 2, side, jnp.int32(1))


def filter_crop(
    center_xy: Float[Array, " 2"], side: Float[Array, ""], *, out_size: int
) -> SquareCrop:
    """The pixel-aligned square that the correlation filter sees.

    Where it is much larger than the output, the image is thinned first, as in the
    authors' release. The square is centered on the pixel that holds `center_xy`, half
    a step to the right and below of it where the number of sampled pixels is even.

    Args:
      center_xy: Wanted center.
      side: Wanted side; rounded to whole pixels and to a multiple of the stride.
      out_size: Side of the resampled crop, for the choice of the stride.
    """
    side = jnp.round(side)
    stride = jnp.maximum(jnp.floor(side / out_size - _THINNING_SLACK), 1)
    count = jnp.maximum(jnp.round(side / stride), 2)
    first_pixel = jnp.floor(center_xy) - stride * jnp.floor((count - 1) / 2)
    center_xy = first_pixel + 0.5 + stride * (count - 1) / 2
    return SquareCrop(center_xy, count * stride, stride.astype(jnp.int32))


def sample_crop(
    image: Float[Array, "H W *C"] | UInt8[Array, "H W *C"],
    extent_hw: Int[Array, " 2"],
    crop: SquareCrop,
    *,
    out_size: int,
    border: Literal["edge", "zero"] = "edge",
) -> Float[Array, "S S *C"]:
    """The crop resampled to `out_size` x `out_size`.

    Args:
      image: Image or mask; rows and columns past `extent_hw` are never read. Of bytes,
        the result is their share of 255.
      extent_hw: True height and width, at most (H, W).
      crop: The square; it may reach past the image, even lie wholly outside.
      out_size: Side of the result in pixels, S.
      border: What lies outside the image: its nearest edge pixel, or zero.
    """
    top_left = crop.center_xy - crop.side / 2
    rows = _axis_taps(top_left[1], crop, extent_hw[0], out_size, border)
    columns = _axis_taps(top_left[0], crop, extent_hw[1], out_size, border)
    return _interpolate(image, rows, columns)


def sample_mean(
    image: Float[Array, "H W C"] | UInt8[Array, "H W C"],
    extent_hw: Int[Array, " 2"],
    crop: SquareCrop,
    *,
    out_size: int,
    samples: int,
) -> Float[Array, "S S C"]:
    """The crop, each pixel the mean of `samples` × `samples` points in it.

    Bilinear resampling looks at no more than four pixels, so that a crop much smaller
    than what it shows aliases. With two samples it does not, down to about a third.

    Args:
      image: as in `sample_crop`, whose edges are repeated.
      extent_hw: True height and width, at most (H, W).
      crop: The square.
      out_size: Side of the result in pixels, S.
      samples: Points along each axis of a pixel; 1 is `sample_crop`.
    """
    pixel = crop.side / out_size
    shifts = [((i + 0.5) / samples - 0.5) * pixel for i in range(samples)]
    moves = jnp.stack([jnp.stack(move) for move in itertools.product(shifts, shifts)])

    def add(
        total: Float[Array, "S S C"], move_xy: Float[Array, "2"]
    ) -> tuple[Float[Array, "S S C"], None]:
        moved = crop._replace(center_xy=crop.center_xy + move_xy)
        return total + sample_crop(image, extent_hw, moved, out_size=out_size), None

    # A loop keeps XLA from fusing the blends into the network's first convolution,
    # which on CPUs computed them anew for each of its taps: a tenth of a frame's time.
    zeros = jnp.zeros((out_size, out_size, image.shape[2]), jnp.float32)
    zeros = varying.like(zeros, (image, extent_hw, crop))
    total, _ = jax.lax.scan(add, zeros, moves)
    return total / samples**2


def paste_crop(
    crop_map: Float[Array, "S S"], crop: SquareCrop, *, image_hw: tuple[int, ...]
) -> Float[Array, "H W"]:
    """A map over the crop resampled into the image, zero outside the crop.

    Args:
      crop_map: Values over the crop, such as object probabilities.
      crop: Where the map lies in the image.
      image_hw: Height and width of the result, (H, W).
    """
    top_left = crop.center_xy - crop.side / 2
    rows = _paste_taps(top_left[1], crop.side, crop_map.shape[0], image_hw[0])
    columns = _paste_taps(top_left[0], crop.side, crop_map.shape[1], image_hw[1])
    return _interpolate(crop_map, rows, columns)


def recrop(
    crop_map: Float[Array, "S S"],
    crop: SquareCrop,
    other: SquareCrop,
    *,
    out_size: int,
) -> Float[Array, "R R"]:
    """A map over one crop as another crop sees it, zero outside of the first.

    Args:
      crop_map: Values over the first crop, such as object probabilities.
      crop: Where the map lies in the image.
      other: What to look at.
      out_size: Side of the result in pixels, R.
    """
    size = crop_map.shape[0]
    center = points_to_crop(other.center_xy, crop, out_size=size)
    side = other.side * crop_scale(crop, size)
    return sample_crop(
        crop_map,
        jnp.full((2,), size, jnp.int32),
        SquareCrop(center, side, jnp.int32(1)),
        out_size=out_size,
        border="zero",
    )


def crop_scale(crop: SquareCrop, out_size: int) -> Float[Array, ""]:
    """Crop pixels per image pixel; multiply lengths by it, divide to go back."""
    return out_size / crop.side


def points_to_crop(
    points_xy: Float[Array, "*N 2"], crop: SquareCrop, *, out_size: int
) -> Float[Array, "*N 2"]:
    """Points of the image in the pixels of the crop resampled to `out_size`.

    >>> crop = segmentation_crop(jnp.array([100.0, 60.0]), jnp.float32(50))
    >>> points_to_crop(jnp.array([100.0, 85.0]), crop, out_size=100).tolist()
    [50.0, 100.0]
    """
    top_left = crop.center_xy - crop.side / 2
    top_left = jnp.broadcast_to(top_left, points_xy.shape)
    return (points_xy - top_left) * crop_scale(crop, out_size)


def points_to_image(
    points_xy: Float[Array, "*N 2"], crop: SquareCrop, *, out_size: int
) -> Float[Array, "*N 2"]:
    """Points of the crop resampled to `out_size` in the pixels of the image."""
    top_left = crop.center_xy - crop.side / 2
    top_left = jnp.broadcast_to(top_left, points_xy.shape)
    return top_left + points_xy / crop_scale(crop, out_size)


def _axis_taps(
    start: Float[Array, ""],
    crop: SquareCrop,
    extent: Int[Array, ""],
    out_size: int,
    border: str,
) -> _Taps:
    """Taps of one axis of `sample_crop`; `start` is the square's left or top edge."""
    stride = crop.stride.astype(start.dtype)
    count = crop.side / stride
    # Only pixels of the square are looked at, so positions stop at the outermost ones.
    position = (jnp.arange(out_size, dtype=start.dtype) + 0.5) * (count / out_size)
    position = jnp.clip(position - 0.5, 0, count - 1)
    # The thinned image holds the pixels phase, phase + stride, phase + 2 stride, ...
    first_pixel = start + (stride - 1) / 2
    phase = jnp.mod(jnp.floor(first_pixel), stride)
    position = position + (first_pixel - phase) / stride
    low = jnp.floor(position)
    weight = position - low
    phase = phase.astype(extent.dtype)
    last = (extent - 1 - phase) // crop.stride
    low = low.astype(extent.dtype)
    pixels, weights = [], []
    for index, w in ((low, 1 - weight), (low + 1, weight)):
        inside = (index >= 0) & (index <= last)
        pixels.append(phase + crop.stride * jnp.clip(index, 0, last))
        weights.append(w if border == "edge" else jnp.where(inside, w, 0))
    return _Taps(*pixels, *weights)


def _paste_taps(
    start: Float[Array, ""], side: Float[Array, ""], crop_size: int, image_size: int
) -> _Taps:
    """Taps of one axis of `paste_crop`; `start` is the square's left or top edge."""
    offset = jnp.arange(image_size, dtype=start.dtype) + 0.5 - start
    inside = (offset >= 0) & (offset < side)
    position = jnp.clip(offset * (crop_size / side) - 0.5, 0, crop_size - 1)
    low = jnp.floor(position)
    weight = position - low
    low = low.astype(jnp.int32)
    high = jnp.minimum(low + 1, crop_size - 1)
    return _Taps(
        low, high, jnp.where(inside, 1 - weight, 0), jnp.where(inside, weight, 0)
    )


def _interpolate(
    image: Float[Array, "H W *C"] | UInt8[Array, "H W *C"], rows: _Taps, columns: _Taps
) -> Float[Array, "S R *C"]:
    """The weighted sum of four gathers; on CPUs the fastest of the forms tried.

    Bytes become floats after the gather: the frame is never held in floats.
    """

    def gather(row_index: Array, column_index: Array) -> Array:
        at = image.at[row_index[:, None], column_index[None, :]]
        pixels = at.get(mode="promise_in_bounds")
        if pixels.dtype == jnp.uint8:
            return pixels.astype(jnp.float32) / 255.0
        return pixels

    def along(axis_weight: Array, axis: int) -> Array:
        shape = [1] * image.ndim
        shape[axis] = -1
        return axis_weight.reshape(shape)

    def blend_rows(column_index: Array) -> Array:
        low = gather(rows.low, column_index) * along(rows.low_weight, 0)
        return low + gather(rows.high, column_index) * along(rows.high_weight, 0)

    low = blend_rows(columns.low) * along(columns.low_weight, 1)
    return low + blend_rows(columns.high) * along(columns.high_weight, 1)
