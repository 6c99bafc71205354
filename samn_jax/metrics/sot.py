"""Measures of the one-pass box benchmarks: OTB, GOT-10k and TrackingNet.

A success curve is the share of frames whose overlap is above each threshold, a
precision curve the share whose center error is not.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

_SUCCESS_THRESHOLDS = np.linspace(0, 1, 21)
_PRECISION_PX = 20
# TrackingNet's evaluation server takes 21 thresholds of each measure.
_TRACKINGNET_PX = np.linspace(0, 50, 21)
_TRACKINGNET_NORMALIZED = np.linspace(0, 0.5, 21)
# Keeps the overlap of two boxes without area at 0.
_EPSILON = np.finfo(np.float64).eps

Boxes = Float[np.ndarray, "F 4"]


class OtbScores(NamedTuple):
    """Area under the success curve, and share of frames at most 20 px off (0-1)."""

    success: float
    precision: float


class Got10kScores(NamedTuple):
    """Mean overlap, and shares of frames with an overlap above 0.5 and 0.75 (0-1)."""

    average_overlap: float
    success_50: float
    success_75: float


class TrackingNetScores(NamedTuple):
    """Areas under the curves of overlap, center error and center error over size."""

    success: float
    precision: float
    normalized_precision: float


def box_overlaps(boxes_xywh: Boxes, truths_xywh: Boxes) -> Float[np.ndarray, " F"]:
    """Intersection over union of each pair of boxes; 0 where neither has an area."""
    low = np.maximum(boxes_xywh[:, :2], truths_xywh[:, :2])
    high = np.minimum(_far_corner(boxes_xywh), _far_corner(truths_xywh))
    intersection = np.maximum(high - low, 0).prod(axis=1)
    areas = boxes_xywh[:, 2:].prod(axis=1) + truths_xywh[:, 2:].prod(axis=1)
    return np.clip(intersection / (areas - intersection + _EPSILON), 0, 1)


def center_errors(boxes_xywh: Boxes, truths_xywh: Boxes) -> Float[np.ndarray, " F"]:
    """Returns the distance in pixels between the centers of each pair of boxes.

    >>> boxes = np.array([[0.0, 0.0, 10.0, 10.0]])
    >>> center_errors(boxes, boxes + np.array([[3.0, 4.0, 0.0, 0.0]])).tolist()
    [5.0]
    """
    return np.linalg.norm(_center(boxes_xywh) - _center(truths_xywh), axis=1)


def success_curve(
    overlaps: Float[np.ndarray, " F"], thresholds: Float[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    """Returns the share of frames with an overlap above each threshold.

    >>> success_curve(np.array([0.2, 0.6, 0.9]), np.array([0.0, 0.5])).round(2).tolist()
    [1.0, 0.67]
    """
    return (overlaps[:, None] > thresholds[None, :]).mean(axis=0)


def precision_curve(
    distances: Float[np.ndarray, " F"], thresholds: Float[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    """Share of frames with a distance not above each threshold."""
    return (distances[:, None] <= thresholds[None, :]).mean(axis=0)


def otb_scores(boxes_xywh: Boxes, truths_xywh: Boxes) -> OtbScores:
    """Scores of one video as the got10k package computes them for OTB.

    The first frame counts, with its true box as the result. The score of the set is the
    mean over videos.
    """
    boxes_xywh = _with_true_start(boxes_xywh, truths_xywh)
    success = success_curve(box_overlaps(boxes_xywh, truths_xywh), _SUCCESS_THRESHOLDS)
    precise = center_errors(boxes_xywh, truths_xywh) <= _PRECISION_PX
    return OtbScores(float(success.mean()), float(precise.mean()))


def got10k_overlaps(
    boxes_xywh: Boxes,
    truths_xywh: Boxes,
    *,
    size_hw: tuple[int, int],
    is_visible: Bool[np.ndarray, " F"],
) -> Float[np.ndarray, " f"]:
    """Overlaps of the frames that count in one video: all visible ones but the first.

    As in the official toolkit a box that begins left of the image or above it is moved
    inside with its size kept, and cut only at the right and lower border.
    """
    overlaps = box_overlaps(
        _move_inside(boxes_xywh[1:], size_hw), _move_inside(truths_xywh[1:], size_hw)
    )
    return overlaps[is_visible[1:]]


def got10k_scores(overlaps: Float[np.ndarray, " F"]) -> Got10kScores:
    """Scores of a set: over the frames of all videos and repetitions together.

    NaN if there is no frame.
    """
    if not len(overlaps):
        return Got10kScores(np.nan, np.nan, np.nan)
    success = success_curve(overlaps, np.array([0.5, 0.75]))
    return Got10kScores(float(overlaps.mean()), float(success[0]), float(success[1]))


def trackingnet_scores(boxes_xywh: Boxes, truths_xywh: Boxes) -> TrackingNetScores:
    """Scores of one video as TrackingNet's evaluation server computes them, in 0-1.

    Boxes are rounded to whole pixels and the first result is taken as true; areas are
    under the curve over 0-1 (overlap), 0-50 px and 0-0.5 true box sizes. The score of
    the set is the mean over videos; the server prints per cent.
    """
    truths = np.round(truths_xywh)
    boxes = _with_true_start(np.round(boxes_xywh), truths)
    offsets = _center(boxes) - _center(truths)
    with np.errstate(divide="ignore", invalid="ignore"):  # true boxes without area
        normalized = np.linalg.norm(offsets / truths[:, 2:], axis=1)
    pixels = np.linalg.norm(offsets, axis=1)
    curves = (
        success_curve(box_overlaps(boxes, truths), _SUCCESS_THRESHOLDS),
        precision_curve(pixels, _TRACKINGNET_PX),
        precision_curve(normalized, _TRACKINGNET_NORMALIZED),
    )
    areas = (float(np.trapezoid(c, _SUCCESS_THRESHOLDS)) for c in curves)
    return TrackingNetScores(*areas)


def _far_corner(boxes_xywh: Boxes) -> Float[np.ndarray, "F 2"]:
    return boxes_xywh[:, :2] + boxes_xywh[:, 2:]


def _center(boxes_xywh: Boxes) -> Float[np.ndarray, "F 2"]:
    return boxes_xywh[:, :2] + boxes_xywh[:, 2:] / 2


def _with_true_start(boxes_xywh: Boxes, truths_xywh: Boxes) -> Boxes:
    return np.concatenate([truths_xywh[:1], boxes_xywh[1:]])


def _move_inside(boxes_xywh: Boxes, size_hw: tuple[int, int]) -> Boxes:
    limit = np.array(size_hw[::-1], np.float64)[None, :]
    start = np.clip(boxes_xywh[:, :2], 0, limit)
    size = np.clip(boxes_xywh[:, 2:], 0, limit - start)
    return np.concatenate([start, size], axis=1)
