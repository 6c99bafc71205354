"""Axis-aligned boxes: their formats, overlap, and the box of a mask.

Formats: xywh is (left, top, width, height), cxcywh (center x, center y, width, height),
xyxy (left, top, right, bottom), all in pixels with corner-based coordinates, so that a
box that covers one pixel has width and height 1.
"""

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float


def xywh_to_cxcywh(box_xywh: Float[Array, "*N 4"]) -> Float[Array, "*N 4"]:
    """The boxes as center and size."""
    position, size = _halves(box_xywh)
    return jnp.concatenate([position + size / 2, size], axis=-1)


def cxcywh_to_xywh(box_cxcywh: Float[Array, "*N 4"]) -> Float[Array, "*N 4"]:
    """The boxes as top-left corner and size."""
    center, size = _halves(box_cxcywh)
    return jnp.concatenate([center - size / 2, size], axis=-1)


def xywh_to_xyxy(box_xywh: Float[Array, "*N 4"]) -> Float[Array, "*N 4"]:
    """The boxes as top-left and bottom-right corners."""
    position, size = _halves(box_xywh)
    return jnp.concatenate([position, position + size], axis=-1)


def xyxy_to_xywh(box_xyxy: Float[Array, "*N 4"]) -> Float[Array, "*N 4"]:
    """The boxes as top-left corner and size."""
    top_left, bottom_right = _halves(box_xyxy)
    return jnp.concatenate([top_left, bottom_right - top_left], axis=-1)


def xyxy_to_corners(box_xyxy: Float[Array, "*N 4"]) -> Float[Array, "*N 4 2"]:
    """The four corners (x, y), clockwise on the screen from the top-left one."""
    left, top, right, bottom = jnp.moveaxis(box_xyxy, -1, 0)
    x = jnp.stack([left, right, right, left], axis=-1)
    y = jnp.stack([top, top, bottom, bottom], axis=-1)
    return jnp.stack([x, y], axis=-1)


def corners_to_xyxy(corners_xy: Float[Array, "*N K 2"]) -> Float[Array, "*N 4"]:
    """The smallest boxes that hold all K corners of each polygon."""
    return jnp.concatenate([corners_xy.min(axis=-2), corners_xy.max(axis=-2)], axis=-1)


def intersection_over_union(
    first_xyxy: Float[Array, "*N 4"], second_xyxy: Float[Array, "*N 4"]
) -> Float[Array, "*N"]:
    """The overlap of each pair of boxes in [0, 1]; 0 if both are empty."""
    first_min, first_max = _halves(first_xyxy)
    second_min, second_max = _halves(second_xyxy)
    inner_min = jnp.maximum(first_min, second_min)
    inner_max = jnp.minimum(first_max, second_max)
    inner = _area(inner_min, inner_max)
    union = _area(first_min, first_max) + _area(second_min, second_max) - inner
    return jnp.where(union > 0, inner / jnp.where(union > 0, union, 1), 0)


def mask_to_xyxy(mask: Bool[Array, "H W"]) -> Float[Array, " 4"]:
    """The smallest box that covers all pixels of the mask; all zero if it is empty."""
    top, bottom = _span(jnp.any(mask, axis=1))
    left, right = _span(jnp.any(mask, axis=0))
    return jnp.stack([left, top, right, bottom])


def _halves(box: Float[Array, "*N 4"]) -> tuple[Array, Array]:
    return box[..., :2], box[..., 2:]


def _area(low: Float[Array, "*N 2"], high: Float[Array, "*N 2"]) -> Float[Array, "*N"]:
    return jnp.prod(jnp.maximum(high - low, 0), axis=-1)


def _span(occupied: Bool[Array, " n"]) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Where the occupied cells of an axis begin and end; (0, 0) if there are none."""
    first = jnp.argmax(occupied)
    end = occupied.size - jnp.argmax(occupied[::-1])
    end = jnp.where(jnp.any(occupied), end, 0)
    return first.astype(jnp.float32), end.astype(jnp.float32)
