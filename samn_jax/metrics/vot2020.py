"""Accuracy, robustness and expected average overlap of VOT2020.

The multi-start protocol (Kristan et al., ECCVW 2020) as the VOT toolkit computes it. A
run starts at an anchor frame and is never started again: it fails for good in the first
of ten frames in a row with an overlap of at most 0.1.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

# Lengths of track, in frames, over which the expected overlap is averaged.
EAO_INTERVAL = (115, 755)
_FAILURE_OVERLAP = 0.1
_TOLERATED_FRAMES = 10


class Run(NamedTuple):
    """One run from an anchor, in the order in which the frames were seen.

    Attributes:
      overlaps: overlap with the truth; 0 in the anchor frame, where nothing is
        predicted.
      is_absent: frames in which the target can't be seen; they never count as failed.
    """

    overlaps: Float[np.ndarray, " F"]
    is_absent: Bool[np.ndarray, " F"]


class SequenceRuns(NamedTuple):
    """All runs in one video."""

    num_frames: int
    runs: tuple[Run, ...]


def num_tracked_frames(run: Run) -> int:
    """Frames before the failure; all of them if there is none."""
    is_low = (run.overlaps <= _FAILURE_OVERLAP) & ~run.is_absent
    in_a_row = 0
    for index, low in enumerate(is_low):
        in_a_row = in_a_row + 1 if low else 0
        if in_a_row == _TOLERATED_FRAMES:
            return index + 1 - _TOLERATED_FRAMES
    return len(is_low)


def accuracy(sequences: Sequence[SequenceRuns]) -> float:
    """Mean overlap over the frames before each failure; 0 if there are none."""
    runs = [run for sequence in sequences for run in sequence.runs]
    tracked = [num_tracked_frames(run) for run in runs]
    total = sum(run.overlaps[:n].sum() for run, n in zip(runs, tracked, strict=True))
    return float(total / sum(tracked)) if any(tracked) else 0.0


def robustness(sequences: Sequence[SequenceRuns]) -> float:
    """Share of frames before each failure (1 is best), videos weighed by length."""
    shares = [
        sum(map(num_tracked_frames, sequence.runs))
        / sum(len(run.overlaps) for run in sequence.runs)
        for sequence in sequences
    ]
    return float(np.average(shares, weights=[s.num_frames for s in sequences]))


def expected_average_overlap(
    sequences: Sequence[SequenceRuns], interval: tuple[int, int] = EAO_INTERVAL
) -> float:
    """Mean of the expected overlap curve over the lengths of the interval."""
    low, high = interval
    return float(np.mean(expected_overlap_curve(sequences, high)[low:]))


def expected_overlap_curve(
    sequences: Sequence[SequenceRuns], length: int
) -> Float[np.ndarray, " L"]:
    """Expected mean overlap in frames 1 to n, for n = 0, 1, ..., length - 1.

    A run counts for as many frames as it has, a failed one for any number, as if its
    video went on. 0 where no run counts.
    """
    total, count = np.zeros(length), np.zeros(length)
    for sequence in sequences:
        for run in sequence.runs:
            means = _running_means(run, length)
            total[1 : len(means) + 1] += means
            count[1 : len(means) + 1] += 1
    return total / np.maximum(count, 1)


def _running_means(run: Run, length: int) -> Float[np.ndarray, " n"]:
    """Mean overlap in frames 1 to n, for n = 1, 2, ... below `length`."""
    num_frames, tracked = len(run.overlaps), num_tracked_frames(run)
    overlaps = np.where(np.arange(num_frames) < tracked, run.overlaps, 0.0)
    sums = np.cumsum(overlaps[1:])
    means = sums / np.arange(1, num_frames)
    if tracked < num_frames:
        # The toolkit divides by one frame less past the end of the video.
        past = np.arange(num_frames, max(length, num_frames))
        means = np.concatenate([means, sums[-1:].sum() / np.maximum(past - 1, 1)])
    return means[: length - 1]
