"""The rotated box that a tracker reports for a mask.

The angle comes from an ellipse fitted to the outline. In the mask turned by it the
bounding box is shrunk pixel by pixel as long as that raises

    inside / (all + empty / 4),

with the mask's pixels inside the box and in all, and the pixels in the box that are not
the mask's (authors' release). The search is greedy and the score flat, so the order
of steps matters and is kept.
"""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from samn_jax import varying
from samn_jax.geometry import boxes, components, rectangles

# Weight of a pixel of the box outside the mask, and the least share of the mask inside.
_EMPTY_WEIGHT = 0.25
_MIN_INSIDE = 0.9
# An ellipse with an axis longer than this share of the crop is not trusted.
_MAX_ELLIPSE_AXIS = 0.6
_BAND_ROWS = 64
# One round shrinks the box's top, left, bottom and right side, in this order.
_SIDES = ((1, 1), (0, 1), (3, -1), (2, -1))


class _Search(NamedTuple):
    """The box (first and last column and row) and what is known of it."""

    box: Int[Array, " 4"]
    inside: Float[Array, ""]
    score: Float[Array, ""]
    shrunk: Bool[Array, ""]


def fit_box(
    mask: Bool[Array, "S S"], least: rectangles.RotatedBox | None = None
) -> rectangles.RotatedBox:
    """The rotated box that fits a mask best; all zeros for an empty mask.

    Like the authors it runs through the centers of the outermost pixels.

    Args:
      mask: One component without holes (`components.fill_holes`,
        `components.largest_component`), in a square crop.
      least: Its `rectangles.minimum_area_box`, where that is known; holes do not
        change it.
    """
    least = rectangles.minimum_area_box(mask) if least is None else least
    center_xy, angle = _frame(mask, least)
    turned = _turn(mask, center_xy, angle)
    # Turning may break thin parts off: they count as mask, but not for the first box.
    largest, _ = components.largest_component(turned, min_area=1)
    bounds = boxes.mask_to_xyxy(largest).astype(jnp.int32)
    last_pixel = jnp.array([0, 0, 1, 1], jnp.int32)
    box = _shrink(turned, bounds - last_pixel)
    low = box[:2].astype(jnp.float32) + 0.5
    high = box[2:].astype(jnp.float32) + 0.5
    offset = (low + high) / 2 - center_xy
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    offset = jnp.stack(
        [cos * offset[0] - sin * offset[1], sin * offset[0] + cos * offset[1]]
    )
    fitted = rectangles.RotatedBox(center_xy + offset, high - low, angle)
    empty = ~jnp.any(mask)
    return rectangles.RotatedBox(*(jnp.where(empty, 0, field) for field in fitted))


def _frame(
    mask: Bool[Array, "S S"], box: rectangles.RotatedBox
) -> tuple[Float[Array, " 2"], Float[Array, ""]]:
    """Center and angle: the ellipse's, or the least-area box's where that is unsure."""
    center_xy, axes, angle = _outline_ellipse(mask)
    # NaN, from an outline that determines no ellipse, is not trusted either.
    trusted = jnp.max(axes) <= _MAX_ELLIPSE_AXIS * mask.shape[0]
    # The release's angle for the box is in (-pi/2, 0].
    box_angle = jnp.where(box.angle > 0, box.angle - jnp.pi / 2, box.angle)
    return (
        jnp.where(trusted, center_xy, box.center_xy),
        jnp.where(trusted, angle, box_angle),
    )


def _outline_ellipse(
    mask: Bool[Array, "S S"],
) -> tuple[Float[Array, " 2"], Float[Array, " 2"], Float[Array, ""]]:
    """Center, axis lengths (shorter first) and the shorter one's angle in [0, pi).

    Least squares on the conic's equation in the outline's pixel centers, twice: a conic
    anywhere gives the center, then one about it the axes (as `cv2.fitEllipse`).
    """
    size = mask.shape[0]
    outline = _outline_visits(mask).astype(jnp.float32)
    # Coordinates of order one keep the normal equations well conditioned.
    grid = (jnp.arange(size, dtype=jnp.float32) + 0.5) / size
    count = jnp.maximum(outline.sum(), 1)
    mean = jnp.stack([outline.sum(0) @ grid, outline.sum(1) @ grid]) / count
    conic = _solve_conic(
        _moments(outline, grid - mean[0], grid - mean[1]),
        ((2, 0), (0, 2), (1, 1), (1, 0), (0, 1)),
    )
    a, b, c, d, e = conic
    center = jnp.stack([c * e - 2 * b * d, c * d - 2 * a * e]) / (4 * a * b - c * c)
    center = mean + center
    a, b, c = _solve_conic(
        _moments(outline, grid - center[0], grid - center[1]),
        ((2, 0), (0, 2), (1, 1)),
    )
    spread = jnp.hypot(c, b - a)
    # Along a direction the conic a x^2 + b y^2 + c x y = 1 has the curvature that an
    # eigenvalue of its matrix gives: the larger one belongs to the shorter axis.
    curvature = jnp.stack([a + b + spread, a + b - spread]) / 2
    axes = 2 / jnp.sqrt(curvature)
    angle = jnp.mod(jnp.arctan2(c, a - b) / 2, jnp.pi)
    return center * size, axes * size, angle


def _moments(
    weights: Float[Array, "S S"], x: Float[Array, " S"], y: Float[Array, " S"]
) -> Float[Array, "5 5"]:
    """Sums of weight * x^i * y^j for i, j = 0..4."""
    powers = jnp.arange(5, dtype=jnp.float32)
    return (x[None, :] ** powers[:, None]) @ weights.T @ (y[:, None] ** powers[None, :])


def _solve_conic(
    moments: Float[Array, "5 5"], terms: tuple[tuple[int, int], ...]
) -> Float[Array, " K"]:
    """Coefficients of the terms x^i y^j whose sum is nearest to 1 in all points."""
    normal = jnp.stack(
        [jnp.stack([moments[i + k, j + m] for k, m in terms]) for i, j in terms]
    )
    return jnp.linalg.solve(normal, jnp.stack([moments[i, j] for i, j in terms]))


def _outline_visits(mask: Bool[Array, "H W"]) -> Int[Array, "H W"]:
    """How often a walk around a mask without holes passes through each pixel.

    Once for each run of background among the eight neighbors that holds one of the
    four direct ones (Yokoi's connectivity number); none inside, twice on thin lines.
    """
    height, width = mask.shape
    empty = jnp.pad(~mask, 1, constant_values=True)
    # Counter-clockwise from the right: direct neighbors have even numbers.
    steps = ((0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1))
    ring = [
        empty[1 + down : 1 + down + height, 1 + right : 1 + right + width]
        for down, right in steps
    ]
    runs = jnp.zeros(mask.shape, jnp.int32)
    for k in (0, 2, 4, 6):
        run_ends = ring[k] & ~(ring[k + 1] & ring[(k + 2) % 8])
        runs += run_ends.astype(jnp.int32)
    direct = ring[0] | ring[2] | ring[4] | ring[6]
    return jnp.where(mask, jnp.maximum(runs, direct.astype(jnp.int32)), 0)


def _turn(
    mask: Bool[Array, "S S"], center_xy: Float[Array, " 2"], angle: Float[Array, ""]
) -> Bool[Array, "S S"]:
    """The mask turned back by the angle about the center, bilinear, cut at one half."""
    size = mask.shape[0]
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    # A border of zeros spares the tests, and four pixels in one number three gathers.
    padded = jnp.pad(mask, ((1, 2), (1, 2))).astype(jnp.int32)
    upper = padded[:-1, :-1] + 2 * padded[:-1, 1:]
    fours = upper + 4 * (padded[1:, :-1] + 2 * padded[1:, 1:])
    grid = jnp.arange(size, dtype=jnp.float32) + 0.5
    along = (grid - center_xy[0])[None, :]

    def turn_rows(rows: Float[Array, " R"]) -> Bool[Array, "R S"]:
        across = (rows - center_xy[1])[:, None]
        x = jnp.clip(cos * along - sin * across + center_xy[0] + 0.5, 0, size + 1)
        y = jnp.clip(sin * along + cos * across + center_xy[1] + 0.5, 0, size + 1)
        right, low = x - jnp.floor(x), y - jnp.floor(y)
        column, row = x.astype(jnp.int32), y.astype(jnp.int32)
        four = fours.at[row, column].get(mode="promise_in_bounds")
        value = jnp.where(four & 1 != 0, (1 - right) * (1 - low), 0)
        value += jnp.where(four & 2 != 0, right * (1 - low), 0)
        value += jnp.where(four & 4 != 0, (1 - right) * low, 0)
        return value + jnp.where(four & 8 != 0, right * low, 0) > 0.5

    # In bands, since XLA would gather anew for every reader of the result otherwise.
    bands = grid.reshape(-1, math.gcd(size, _BAND_ROWS))
    return jax.lax.map(turn_rows, bands).reshape(size, size)


def _shrink(turned: Bool[Array, "S S"], box: Int[Array, " 4"]) -> Int[Array, " 4"]:
    """The box after greedy shrinking, one pixel of one side at a time."""
    rows = turned.astype(jnp.float32)
    lines = {1: rows, 0: rows.T}
    total = jnp.maximum(rows.sum(), 1)

    def score(inside: Array, box: Array) -> Array:
        area = jnp.prod(box[2:] - box[:2] + 1).astype(jnp.float32)
        value = inside / (total + _EMPTY_WEIGHT * (area - inside))
        return jnp.where(inside >= _MIN_INSIDE * total, value, -1)

    def try_side(search: _Search, side: int, step: int) -> _Search:
        axis, other = side % 2, 1 - side % 2
        line = lines[axis][search.box[side]]
        place = jnp.arange(line.size)
        lost = (place >= search.box[other]) & (place <= search.box[other + 2])
        inside = search.inside - jnp.sum(jnp.where(lost, line, 0))
        candidate = search.box.at[side].add(step)
        value = score(inside, candidate)
        better = _Search(candidate, inside, value, jnp.bool_(True))
        keep = value > search.score
        return jax.tree.map(lambda new, old: jnp.where(keep, new, old), better, search)

    def shrink_once(search: _Search) -> _Search:
        search = search._replace(shrunk=jnp.bool_(False))
        for side, step in _SIDES:
            search = try_side(search, side, step)
        return search

    # The first step is taken whatever it gains, as in the release.
    start = _Search(box, rows.sum(), jnp.float32(-1), jnp.bool_(True))
    start = varying.like(start, (turned, box))
    return jax.lax.while_loop(lambda search: search.shrunk, shrink_once, start).box
