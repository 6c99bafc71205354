"""What the frames of a video say of a tracker: course, failures, confidence, events."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from samn_jax.lab.frame_table import FrameTable
from samn_jax.lab.video import TARGET, Event
from samn_jax.metrics import davis

GOOD = 0.5  # J from which a frame counts as tracked
PATIENCE = 10  # frames in succession that make a failure
WITHIN = 25  # frames after an event in which a target may be found again
_TENTHS = 10

Measures = dict[str, Any]


def of_video(
    table: FrameTable, num_frames: int, events: Sequence[Event] = ()
) -> Measures:
    """Returns the measures of a video; those that can't be told are None.

    `J`, `F` and `J&F` are means over DAVIS's frames, all but the first and the last; a
    frame without the target counts 1 if nothing is found there, and else 0.

    Args:
      table: of its frames.
      num_frames: length of the video.
      events: what happens in it.
    """
    counted = table.frame < davis.scored_frames(num_frames).stop
    region = _mean(table.region[counted])
    boundary = _mean(table.boundary[counted])
    visible = table.true_area > 0
    failure = first_failure(table.region, visible)
    start = None if failure is None else int(table.frame[failure])
    told = [of_event(table, event) for event in events]
    return {
        "J&F": None if region is None or boundary is None else (region + boundary) / 2,
        "J": region,
        "F": boundary,
        "J_by_tenth": [_mean(part) for part in np.array_split(table.region, _TENTHS)],
        "first_failure": start,
        "survived": 1.0 if start is None else start / num_frames,
        "auroc": auroc(table.confidence[visible], table.region[visible] < GOOD),
        "false_alarms": _mean((table.found_area > 0)[~visible]),
        "switches": switches(table.owner),
        "recovered": _mean([float(one["recovered"]) for one in told]),
        "frames_to_recover": _mean(
            [float(one["frames"]) for one in told if one["frames"] is not None]
        ),
        "events": told,
    }


def of_event(table: FrameTable, event: Event) -> Measures:
    """Returns what an event did: whether and when the target was found after it.

    Recovered is a target with J above .5 within 25 frames after the event's end;
    `frames` counts from there. `false_alarms` is the share of the event's frames
    without the target in which something was found, None if it was always there.
    """
    after = (table.frame >= event.end) & (table.frame < event.end + WITHIN)
    good = table.frame[after & (table.region > GOOD) & (table.true_area > 0)]
    during = (table.frame >= event.start) & (table.frame < event.end)
    absent = during & (table.true_area == 0)
    return {
        "kind": event.kind,
        "start": event.start,
        "end": event.end,
        "recovered": bool(len(good)),
        "frames": int(good[0]) - event.end if len(good) else None,
        "false_alarms": _mean((table.found_area > 0)[absent]),
        "switches": switches(table.owner[during | after]),
    }


def first_failure(
    region: Float[np.ndarray, " F"], visible: Bool[np.ndarray, " F"]
) -> int | None:
    """Returns the row from which J stays below .5 for ten frames that show the target.

    None if that never happens.
    """
    rows = np.flatnonzero(visible)
    bad = 0
    for count, row in enumerate(rows):
        bad = bad + 1 if region[row] < GOOD else 0
        if bad == PATIENCE:
            return int(rows[count - PATIENCE + 1])
    return None


def auroc(
    confidence: Float[np.ndarray, " F"], failed: Bool[np.ndarray, " F"]
) -> float | None:
    """Returns the chance that a failed frame is less certain than a good one.

    The area under the ROC curve of 1 - confidence as a sign of failure (Mann and
    Whitney's U); ties count half. None without failed or without good frames.
    """
    num_failed, num_good = int(failed.sum()), int((~failed).sum())
    if not num_failed or not num_good:
        return None
    _, inverse, counts = np.unique(confidence, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    u = ranks[~failed].sum() - num_good * (num_good + 1) / 2
    return float(u / (num_failed * num_good))


def switches(owner: np.ndarray) -> int:
    """Returns how often the answer went over to another actor, or back.

    It starts on the target; frames in which nobody has most of the answer don't count.
    """
    on = np.concatenate(([TARGET], owner[owner > 0]))
    return int(np.count_nonzero(np.diff(on)))


def _mean(values: np.ndarray | Sequence[float]) -> float | None:
    return float(np.mean(values)) if len(values) else None
