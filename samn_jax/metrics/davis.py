"""J (region overlap) and F (boundary accuracy) with their statistics over a video.

The DAVIS-2016 benchmark (Perazzi et al., CVPR 2016) as its official evaluation does it.
"""

import functools
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

# How far a boundary pixel may be from its match, as a part of the image's diagonal.
_TOLERANCE = 0.008
_RECALL_THRESHOLD = 0.5
_NUM_DECAY_BINS = 4
# The official bin edges round halves up, numpy rounds them to even.
_ROUND_HALF_UP = 1e-10


class Statistics(NamedTuple):
    """Mean, recall and decay of a measure over the frames of a video, all in 0-1."""

    mean: float
    recall: float
    decay: float


def region_overlap(
    mask: Bool[np.ndarray, "H W"], truth: Bool[np.ndarray, "H W"]
) -> float:
    """Returns J: intersection over union, 1 if both masks are empty.

    >>> mask, truth = np.array([[True, True]]), np.array([[True, False]])
    >>> float(region_overlap(mask, truth))
    0.5
    """
    union = np.count_nonzero(mask | truth)
    return np.count_nonzero(mask & truth) / union if union else 1.0


def boundary_accuracy(
    mask: Bool[np.ndarray, "H W"], truth: Bool[np.ndarray, "H W"]
) -> float:
    """F: harmonic mean of boundary precision and recall.

    A boundary pixel counts as found where the other boundary is within 0.8 % of the
    image's diagonal, rounded up to pixels. Two empty boundaries give 1, a single one 0.
    """
    found, true = _boundary(mask), _boundary(truth)
    if not found.any() or not true.any():
        return float(found.any() == true.any())
    radius = int(np.ceil(_TOLERANCE * np.hypot(*mask.shape)))
    rows, columns = _window(found | true, radius)
    found, true = found[rows, columns], true[rows, columns]
    precision = np.mean(_dilate(true, radius)[found > 0])
    recall = np.mean(_dilate(found, radius)[true > 0])
    both = precision + recall
    return float(2 * precision * recall / both) if both else 0.0


def statistics(values: Float[np.ndarray, " F"]) -> Statistics:
    """Mean, share of frames above 0.5, and loss from the first quarter to the last.

    The quarters share their border frames. There must be one frame at least.

    >>> statistics(np.array([1.0, 1.0, 0.5, 0.5, 0.25]))
    Statistics(mean=0.65, recall=0.4, decay=0.625)
    """
    edges = np.linspace(1, len(values), _NUM_DECAY_BINS + 1)
    edges = np.round(edges + _ROUND_HALF_UP).astype(int) - 1
    first, last = values[: edges[1] + 1], values[edges[-2] :]
    return Statistics(
        mean=float(values.mean()),
        recall=float((values > _RECALL_THRESHOLD).mean()),
        decay=float(first.mean() - last.mean()),
    )


def scored_frames(num_frames: int) -> range:
    """Returns the frames that count: all but the first, which is given, and the last.

    >>> list(scored_frames(5))
    [1, 2, 3]
    """
    return range(1, num_frames - 1)


def _boundary(mask: Bool[np.ndarray, "H W"]) -> UInt8[np.ndarray, "H W"]:
    """1 where a pixel differs from its right, lower or lower right neighbor.

    In the last row only the right neighbor counts, in the last column only the lower.
    """
    padded = np.pad(mask, ((0, 1), (0, 1)), mode="edge")
    right, below = padded[:-1, 1:], padded[1:, :-1]
    diagonal = padded[1:, 1:].copy()
    diagonal[-1], diagonal[:, -1] = mask[-1], mask[:, -1]
    return ((mask != right) | (mask != below) | (mask != diagonal)).astype(np.uint8)


def _window(marked: UInt8[np.ndarray, "H W"], margin: int) -> tuple[slice, slice]:
    """Rows and columns around all marked pixels, so that less has to be dilated."""
    left, top, width, height = cv2.boundingRect(marked)
    rows = slice(max(top - margin, 0), top + height + margin)
    return rows, slice(max(left - margin, 0), left + width + margin)


def _dilate(
    boundary: UInt8[np.ndarray, "H W"], radius: int
) -> UInt8[np.ndarray, "H W"]:
    return cv2.dilate(boundary, _disk(radius))


@functools.cache
def _disk(radius: int) -> UInt8[np.ndarray, "D D"]:
    y, x = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    return (x**2 + y**2 <= radius**2).astype(np.uint8)
