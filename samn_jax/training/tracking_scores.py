"""Training clips tracked in full by a network that has not seen them, and scored."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import UInt8

from samn_jax.data.clips.sources import Frame, Video
from samn_jax.metrics import davis

THRESHOLD = 0.5  # of the object probability


class TrackingScore(NamedTuple):
    """How well the objects of a clip were tracked, means over objects and frames."""

    region: float  # J, in [0, 1]
    boundary: float  # F, in [0, 1]
    frames: int  # that count, over all objects

    @property
    def mean(self) -> float:
        """Returns J&F."""
        return (self.region + self.boundary) / 2


def track_video(
    tracker: Any, video: Video, *, backward: bool = False, from_box: bool = False
) -> TrackingScore | None:
    """Returns the score of a clip, each object tracked by itself from its first mask.

    None if it has no frame that counts: neither the first nor the last does.

    Args:
      tracker: as `samn_jax.Tracker`.
      video: the frame that it starts with says what to follow; others before it, which
        show no object, are left out.
      backward: from the last frame to the first.
      from_box: start with the objects' boxes instead of their masks.
    """
    frames = _from_first_object(video.frames[::-1] if backward else video.frames)
    scored = davis.scored_frames(len(frames))
    if not scored:
        return None
    first, ids = frames[0].load()
    regions, boundaries = [], []
    for number in np.unique(ids[ids > 0]):
        given = _box_of(ids == number) if from_box else {"mask": ids == number}
        state, _ = tracker.init(first, **given)
        for index in range(1, scored.stop):
            frame, truth = frames[index].load()
            state, answer = tracker.step(state, frame)
            found = np.asarray(answer.mask) > THRESHOLD
            regions.append(davis.region_overlap(found, truth == number))
            boundaries.append(davis.boundary_accuracy(found, truth == number))
    return TrackingScore(
        float(np.mean(regions)), float(np.mean(boundaries)), len(regions)
    )


def _from_first_object(frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
    for index, frame in enumerate(frames):
        if frame.load()[1].any():
            return frames[index:]
    return ()


def _box_of(mask: UInt8[np.ndarray, "H W"] | np.ndarray) -> dict[str, list[float]]:
    """Returns the argument of a tracker that starts from the mask's box."""
    columns, rows = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
    left, top = int(columns[0]), int(rows[0])
    size = [int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top]
    return {"box_xywh": [float(x) for x in (left, top, *size)]}
