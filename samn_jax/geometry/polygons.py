"""Polygons on the host: their boxes, area and overlap in pixels.

`pixel_overlaps` counts pixels the way the VOT toolkit and the pysot evaluator do, which
is what published VOT numbers are made of: it is up to some per cent higher than the
exact overlap for small targets, since every pixel that a border touches counts.
"""

import numpy as np
from jaxtyping import Bool, Float

Size = tuple[int, int]  # (height, width) in pixels

_FRAMES_PER_CHUNK = 64  # bounds the working memory of `pixel_overlaps`


def box_to_polygon(box_xywh: Float[np.ndarray, "*n 4"]) -> Float[np.ndarray, "*n 4 2"]:
    """Returns corners (x, y): top-left, top-right, bottom-right, bottom-left.

    >>> box_to_polygon(np.array([1.0, 2.0, 3.0, 4.0])).tolist()
    [[1.0, 2.0], [4.0, 2.0], [4.0, 6.0], [1.0, 6.0]]
    """
    x, y, width, height = np.moveaxis(box_xywh, -1, 0)
    xs = np.stack([x, x + width, x + width, x], axis=-1)
    ys = np.stack([y, y, y + height, y + height], axis=-1)
    return np.stack([xs, ys], axis=-1)


def polygon_to_box(polygon: Float[np.ndarray, "*n V 2"]) -> Float[np.ndarray, "*n 4"]:
    """Returns the smallest box (x, y, width, height) around each polygon.

    >>> polygon_to_box(np.array([[3.0, 0.0], [6.0, 2.0], [0.0, 4.0]])).tolist()
    [0.0, 0.0, 6.0, 4.0]
    """
    low, high = polygon.min(axis=-2), polygon.max(axis=-2)
    return np.concatenate([low, high - low], axis=-1)


def polygon_area(polygon: Float[np.ndarray, "V 2"]) -> float:
    """Returns the area; negative where the corners run anticlockwise on screen.

    >>> polygon_area(np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 3.0]]))
    6.0
    """
    x, y = polygon.T
    return 0.5 * float(x @ np.roll(y, -1) - np.roll(x, -1) @ y)


def pixel_overlaps(
    polygons: Float[np.ndarray, "F V 2"],
    others: Float[np.ndarray, "F U 2"],
    *,
    size_hw: Size,
) -> Float[np.ndarray, " F"]:
    """Intersection over union, counted in pixels, of each pair of polygons.

    The rule of the VOT toolkit's region library: corners are rounded to whole pixels,
    each row is filled from the first to the last pixel that the outline touches (both
    included), and pixels outside the image do not count. NaN where a corner is NaN, 0
    where nothing is left inside the image.

    Args:
        polygons: corners (x, y) in pixels.
        others: corners (x, y) in pixels.
        size_hw: the last row and column that count. The pysot evaluator passes the
            image size for accuracy and one pixel less for expected overlap.
    """
    overlaps = np.empty(len(polygons), np.float64)
    for start in range(0, len(polygons), _FRAMES_PER_CHUNK):
        part = slice(start, start + _FRAMES_PER_CHUNK)
        overlaps[part] = _pixel_overlaps(polygons[part], others[part], size_hw)
    return overlaps


def _pixel_overlaps(
    polygons: np.ndarray, others: np.ndarray, size_hw: Size
) -> Float[np.ndarray, " F"]:
    known = np.isfinite(polygons).all((1, 2)) & np.isfinite(others).all((1, 2))
    overlaps = np.where(known, 0.0, np.nan)
    # The toolkit computes in single precision; a corner at x.5 must round as there.
    pair = [
        np.where(known[:, None, None], p, 0).astype(np.float32)
        for p in (polygons, others)
    ]
    limit = np.array(size_hw[::-1], np.float32)
    low = [np.maximum(np.floor(p.min(axis=1)), 0) for p in pair]
    high = [np.minimum(np.ceil(p.max(axis=1)), limit) for p in pair]
    origin = np.minimum(*low)
    extent = np.maximum(*high) - origin + 1
    meets = (np.minimum(*high) > np.maximum(*low)).all(axis=1) & known
    if not meets.any():
        return overlaps
    origin, extent = origin[meets], extent[meets]
    spans, others_spans = (
        _row_spans(_round(p[meets] - origin[:, None]), extent) for p in pair
    )
    area, other_area = (_pixels(*s).sum(axis=(1, 2)) for s in (spans, others_spans))
    starts = np.maximum(spans[0][..., :, None], others_spans[0][..., None, :])
    stops = np.minimum(spans[1][..., :, None], others_spans[1][..., None, :])
    intersection = _pixels(starts, stops).sum(axis=(1, 2, 3))
    union = area + other_area - intersection
    overlaps[meets] = np.where(union > 0, intersection / np.maximum(union, 1), 0.0)
    return overlaps


def _row_spans(
    corners: Float[np.ndarray, "F V 2"], extent: Float[np.ndarray, "F 2"]
) -> tuple[Float[np.ndarray, "F R S"], Float[np.ndarray, "F R S"]]:
    """First and last pixel of up to V - 1 disjoint runs in each row of each window.

    A run that is empty has its last pixel before its first.
    """
    nodes = _row_nodes(corners, int(extent[:, 1].max()))
    last_column = extent[:, 0, None] - 1
    beyond = np.arange(nodes.shape[1])[None] >= extent[:, 1, None]
    first, last = [], []
    taken: Bool[np.ndarray, "F R"] = beyond
    filled_to = np.full(beyond.shape, -1.0)
    for k in range(nodes.shape[2] - 1):
        left, right = nodes[..., k], nodes[..., k + 1]
        # Two equal nodes are one corner met by both its edges: not a run.
        is_run = ~taken & (left != right) & np.isfinite(right)
        first.append(np.maximum(left, filled_to + 1))
        last.append(np.where(is_run, np.minimum(right, last_column), -1.0))
        filled_to = np.maximum(filled_to, last[-1])
        taken = is_run | beyond
    return np.stack(first, axis=-1), np.stack(last, axis=-1)


def _row_nodes(corners: np.ndarray, rows: int) -> Float[np.ndarray, "F R V"]:
    """Columns at which the outline meets each row, sorted, +inf where it does not."""
    x, y = corners[:, None, :, 0], corners[:, None, :, 1]
    rise, run = np.roll(y, 1, axis=-1) - y, np.roll(x, 1, axis=-1) - x
    row = np.arange(rows, dtype=np.float64)[None, :, None]
    offset = row - y
    # Level edges (rise 0) give no node: their ends do, by the edges that meet them.
    meets = (offset * (offset - rise) <= 0) & (rise != 0)
    column = np.trunc(x + offset / np.where(rise == 0, 1.0, rise) * run)
    return np.sort(np.where(meets, column, np.inf), axis=-1)


def _round(values: np.ndarray) -> Float[np.ndarray, "..."]:
    """Nearest whole number, halves away from zero, in double precision."""
    return np.trunc(values + np.copysign(np.float32(0.5), values)).astype(np.float64)


def _pixels(first: np.ndarray, last: np.ndarray) -> np.ndarray:
    return np.maximum(last - first + 1, 0)
