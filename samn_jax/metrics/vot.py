"""Accuracy, robustness and expected average overlap of VOT2016 to VOT2019.

The supervised protocol of the VOT challenges (Kristan et al.), as the pysot evaluator
computes it, since that is what papers print.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

# Frames after a start that don't count for accuracy: trackers are still helped by it.
BURN_IN_FRAMES = 10
# Frames from a failure to the next start.
RESTART_FRAMES = 5
# Lengths of track, in frames, over which each year averages the expected overlap.
EAO_INTERVALS = {2016: (108, 371), 2018: (100, 356), 2019: (46, 291)}


class Run(NamedTuple):
    """One run of a tracker through one video.

    Attributes:
      starts: frames in which the tracker was started.
      failures: frames in which it failed.
      overlaps: overlap with the truth, NaN where the tracker gave no region.
      inner_overlaps: the same with the image's last row and column left out, by which
        the evaluator measures the expected overlap.
    """

    starts: Bool[np.ndarray, " F"]
    failures: Bool[np.ndarray, " F"]
    overlaps: Float[np.ndarray, " F"]
    inner_overlaps: Float[np.ndarray, " F"]


def accuracy(sequences: Sequence[Sequence[Run]]) -> float:
    """Mean overlap over all frames of all videos, past each burn-in.

    Repetitions of a video are averaged frame by frame first. NaN if no frame counts.
    """
    frames = [
        _nanmean(np.stack([_burnt_in(run) for run in runs]), axis=0)
        for runs in sequences
    ]
    return float(_nanmean(np.concatenate(frames), axis=0))


def num_failures(sequences: Sequence[Sequence[Run]]) -> float:
    """Number of failures in all videos, averaged over the repetitions."""
    return float(
        sum(np.mean([run.failures.sum() for run in runs]) for runs in sequences)
    )


def robustness(sequences: Sequence[Sequence[Run]]) -> float:
    """Failures in a hundred frames: 0 is best."""
    num_frames = sum(len(runs[0].overlaps) for runs in sequences)
    return 100.0 * num_failures(sequences) / num_frames


def expected_average_overlap(
    sequences: Sequence[Sequence[Run]], interval: tuple[int, int]
) -> float:
    """Mean overlap to expect on a video as long as those of the interval.

    NaN if no video is as long as the interval's lower end.

    Args:
      sequences: the runs of each video.
      interval: shortest and longest length, in frames, both included.
    """
    low, high = interval
    curve = expected_overlap_curve(sequences, high)
    return float(np.mean(curve[low - 1 :])) if len(curve) >= low else float("nan")


def expected_overlap_curve(
    sequences: Sequence[Sequence[Run]], max_length: int
) -> Float[np.ndarray, " L"]:
    """Expected overlap of a track of 1, 2, ... frames, its first frame left out.

    It ends with the longest video. Each start gives a track: one that ended in a
    failure counts as overlap 0 from there to any length, one that ended with the video
    counts for the lengths that it has.
    """
    longest = max(len(run.overlaps) for runs in sequences for run in runs)
    length = min(max_length, longest)
    tracks = [
        (track, weight / len(runs))
        for runs in sequences
        for run in runs
        for track, weight in _tracks(run, length)
    ]
    table = np.stack([track for track, _ in tracks])
    weights = np.array([weight for _, weight in tracks])[:, None] * ~np.isnan(table)
    sums = np.cumsum(np.nan_to_num(table[:, 1:]), axis=1)
    means = sums / np.arange(1, length)[None, :]
    weights = weights[:, 1:]
    return np.concatenate([[1.0], (means * weights).sum(axis=0) / weights.sum(axis=0)])


def _tracks(run: Run, length: int) -> list[tuple[Float[np.ndarray, " L"], float]]:
    """Overlaps of each track with its weight: 0 past a failure, NaN past the video.

    A track takes in the frames that its failure cost and the next start; its weight is
    the share of these that the video has.
    """
    num_frames = len(run.inner_overlaps)
    restarts = np.flatnonzero(run.failures) + RESTART_FRAMES
    starts = [0, *restarts[restarts <= num_frames].tolist()]
    stops = [start + 1 for start in starts[1:]]
    tracks = []
    for start, stop in itertools.zip_longest(starts, stops):
        overlaps = np.nan_to_num(run.inner_overlaps[start:stop])
        track = np.full(length, np.nan if stop is None else 0.0)
        track[: len(overlaps)] = overlaps[:length]
        weight = 1.0 if stop is None else len(overlaps) / (stop - start)
        tracks.append((track, weight))
    return tracks


def _burnt_in(run: Run) -> Float[np.ndarray, " F"]:
    """Overlaps without those of the first frames after each start."""
    overlaps = run.overlaps.copy()
    for start in np.flatnonzero(run.starts):
        overlaps[start : start + BURN_IN_FRAMES] = np.nan
    return overlaps


def _nanmean(values: np.ndarray, axis: int) -> np.ndarray:
    """Mean of what isn't NaN, NaN (and no warning) where there is nothing."""
    known = ~np.isnan(values)
    count = known.sum(axis)
    total = np.where(known, values, 0).sum(axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
