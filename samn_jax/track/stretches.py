"""Where in a video an object was lost or its confidence fell: frames worth a look."""

import statistics
from collections.abc import Sequence
from typing import NamedTuple

LOW_CONFIDENCE = 0.7  # below it a frame is worth a look
_FALL = 0.1  # of confidence against the median of the frames before
_WINDOW = 9  # frames


class Stretch(NamedTuple):
    """Frames, first and last included, that are alike."""

    first: int
    last: int
    kind: str  # "lost" or "unsure"


def find(confidences: Sequence[tuple[int, float]]) -> list[Stretch]:
    """Returns the stretches of one object in which it was lost or unsure.

    Args:
      confidences: frame index and confidence, in the order of the video; 0 is lost.
    """
    stretches: list[Stretch] = []
    kind_before = ""
    for index, confidence in confidences:
        kind = _kind(confidence)
        if kind and kind == kind_before:
            stretches[-1] = stretches[-1]._replace(last=index)
        elif kind:
            stretches.append(Stretch(index, index, kind))
        kind_before = kind
    return stretches


def falls(confidences: Sequence[tuple[int, float]]) -> set[int]:
    """Returns the frames in which the confidence of an object fell suddenly.

    Args:
      confidences: as in `find`.
    """
    found: set[int] = set()
    for at in range(_WINDOW, len(confidences)):
        window = [value for _, value in confidences[at - _WINDOW : at]]
        index, value = confidences[at]
        fell = 0 < value < statistics.median(window) - _FALL
        if fell and not found & {i for i, _ in confidences[at - _WINDOW : at]}:
            found.add(index)
    return found


def describe(name: str, stretches: Sequence[Stretch], limit: int = 12) -> str:
    """Returns a line that lists an object's stretches, the first ones of many."""
    parts = []
    for first, last, kind in stretches[:limit]:
        frames = f"{first}" if first == last else f"{first}-{last}"
        parts.append(f"{kind} in {frames}")
    if len(stretches) > limit:
        parts.append(f"and {len(stretches) - limit} stretches more")
    return f"{name}: {', '.join(parts) or 'found in every frame'}"


def _kind(confidence: float) -> str:
    if confidence <= 0:
        return "lost"
    return "unsure" if confidence < LOW_CONFIDENCE else ""
