"""Rotated boxes, and the one of least area around a mask.

As in the authors' release a mask is measured at its pixels' centers: the box of a
filled w x h rectangle has size (w - 1, h - 1). Coordinates stay corner-based.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float


class RotatedBox(NamedTuple):
    """A rectangle whose width runs along (cos angle, sin angle).

    With y pointing down, a positive angle (radians) turns clockwise on the screen.
    """

    center_xy: Float[Array, " 2"]
    size_wh: Float[Array, " 2"]
    angle: Float[Array, ""]


def corners(box: RotatedBox) -> Float[Array, "4 2"]:
    """The corners (x, y), clockwise on the screen from the top-left one at angle 0."""
    along, across = _axes(jnp.cos(box.angle), jnp.sin(box.angle))
    x = jnp.array([-0.5, 0.5, 0.5, -0.5], jnp.float32) * box.size_wh[0]
    y = jnp.array([-0.5, -0.5, 0.5, 0.5], jnp.float32) * box.size_wh[1]
    offset = x[:, None] * along[None, :] + y[:, None] * across[None, :]
    return box.center_xy[None, :] + offset


def minimum_area_box(mask: Bool[Array, "H W"]) -> RotatedBox:
    """The rectangle of least area around the centers of the mask's pixels.

    One of its sides lies along an edge of the convex hull, so the directions of all
    edges are tried. Its angle is in [-pi/4, pi/4]; an empty mask gives all zeros.

    >>> box = minimum_area_box(jnp.zeros((8, 8), bool).at[2:5, 1:7].set(True))
    >>> box.center_xy.tolist()
    [4.0, 3.5]
    """
    points, valid, directions = _extreme_points(mask)
    cos, sin = directions[:, 0, None], directions[:, 1, None]
    x, y = points[None, :, 0], points[None, :, 1]
    low_u, high_u = _range(cos * x + sin * y, valid)
    low_v, high_v = _range(cos * y - sin * x, valid)
    best = jnp.argmin((high_u - low_u) * (high_v - low_v))
    low = jnp.stack([low_u, low_v])[:, best]
    high = jnp.stack([high_u, high_v])[:, best]
    along, across = _axes(directions[best, 0], directions[best, 1])
    middle = (low + high) / 2
    box = RotatedBox(
        middle[0] * along + middle[1] * across,
        high - low,
        jnp.arctan2(directions[best, 1], directions[best, 0]),
    )
    # Directions have x >= 0 except down a column, so one quarter turn is enough.
    box = _quarter_turn(box)
    empty = ~jnp.any(mask)
    return RotatedBox(*(jnp.where(empty, 0, field) for field in box))


def _axes(
    cos: Float[Array, ""], sin: Float[Array, ""]
) -> tuple[Float[Array, " 2"], Float[Array, " 2"]]:
    """Unit vectors along the width and the height."""
    return jnp.stack([cos, sin]), jnp.stack([-sin, cos])


def _quarter_turn(box: RotatedBox) -> RotatedBox:
    """The same rectangle with its angle brought into [-pi/4, pi/4]."""
    turns = jnp.round(box.angle / (jnp.pi / 2))
    swap = jnp.mod(turns, 2) == 1
    size_wh = jnp.where(swap, box.size_wh[::-1], box.size_wh)
    return RotatedBox(box.center_xy, size_wh, box.angle - turns * (jnp.pi / 2))


def _extreme_points(
    mask: Bool[Array, "H W"],
) -> tuple[Float[Array, "P 2"], Bool[Array, " P"], Float[Array, "D 2"]]:
    """The first and last pixel center of each row, which rows count, and directions.

    The directions hold those of all edges of the convex hull: from each row's first
    pixel the leftmost way down, from its last pixel the rightmost, and the horizontal.
    """
    height, width = mask.shape
    valid = jnp.any(mask, axis=1)
    y = jnp.arange(height, dtype=jnp.float32) + 0.5
    left = jnp.argmax(mask, axis=1).astype(jnp.float32) + 0.5
    right = width - jnp.argmax(mask[:, ::-1], axis=1).astype(jnp.float32) - 0.5
    down = y[None, :] - y[:, None]
    usable = valid[None, :] & valid[:, None] & (down > 0)
    down = jnp.where(usable, down, 1)
    far = jnp.float32(jnp.inf)
    left_slope = (left[None, :] - left[:, None]) / down
    left_slope = jnp.min(jnp.where(usable, left_slope, far), axis=1)
    right_slope = (right[None, :] - right[:, None]) / down
    right_slope = jnp.max(jnp.where(usable, right_slope, -far), axis=1)
    slopes = jnp.concatenate([left_slope, right_slope])
    # Rows with nothing below them give the horizontal, an edge that is needed anyway.
    known = jnp.isfinite(slopes)
    directions = jnp.stack(
        [jnp.where(known, slopes, 1), jnp.where(known, 1.0, 0.0)], axis=1
    )
    directions /= jnp.linalg.norm(directions, axis=1, keepdims=True)
    points = jnp.concatenate([jnp.stack([left, y], 1), jnp.stack([right, y], 1)])
    return points, jnp.concatenate([valid, valid]), directions


def _range(
    positions: Float[Array, "D P"], valid: Bool[Array, " P"]
) -> tuple[Float[Array, " D"], Float[Array, " D"]]:
    """The least and the largest of the valid positions along each direction."""
    far = jnp.float32(jnp.inf)
    low = jnp.min(jnp.where(valid[None, :], positions, far), axis=1)
    return low, jnp.max(jnp.where(valid[None, :], positions, -far), axis=1)
