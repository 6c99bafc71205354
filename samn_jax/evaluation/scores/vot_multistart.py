"""Scores of VOT2020 results on disk, in the layout of the toolkit."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from samn_jax import errors, files
from samn_jax.data.formats import vot_regions as regions
from samn_jax.data.formats import vot_results
from samn_jax.data.readers import vot
from samn_jax.evaluation.protocols import vot_multistart
from samn_jax.evaluation.scores.types import Scores
from samn_jax.metrics import vot2020

Bounds = tuple[int, int, int, int]


def score_multistart(sequences: Sequence[vot.VotSequence], results_dir: Path) -> Scores:
    """Returns accuracy, robustness (share tracked) and expected average overlap.

    Args:
      sequences: videos to score, with their anchors.
      results_dir: the folder that holds `baseline`, or that folder.

    Raises:
      InputError: results are missing or aren't of this protocol, naming file and
        line.
    """
    runs = [read_runs(sequence, results_dir) for sequence in sequences]
    metrics = _measures(runs)
    metrics["EAO"] = vot2020.expected_average_overlap(runs)
    names = [sequence.name for sequence in sequences]
    per_sequence = [_measures([one]) for one in runs]
    return Scores(metrics, dict(zip(names, per_sequence, strict=True)))


def read_runs(sequence: vot.VotSequence, results_dir: Path) -> vot2020.SequenceRuns:
    """Returns the runs from all anchors of one video, compared with its truth."""
    experiment = vot_results.experiment_dir(results_dir)
    runs = []
    for frames in vot_multistart.anchor_runs(sequence):
        path = vot_results.anchor_path(experiment, sequence.name, frames[0])
        trajectory = vot_results.read_trajectory(path, len(frames))
        _check_multistart(path, trajectory)
        truths = [sequence.groundtruth[index] for index in frames]
        overlaps = [
            region_overlap(result, truth, size_hw=sequence.size_hw)
            for result, truth in zip(trajectory, truths, strict=True)
        ]
        is_absent = [regions.is_empty(truth) for truth in truths]
        runs.append(vot2020.Run(np.array(overlaps), np.array(is_absent)))
    return vot2020.SequenceRuns(sequence.num_frames, tuple(runs))


def region_overlap(
    region: regions.Region, truth: regions.Region, *, size_hw: tuple[int, int]
) -> float:
    """Returns intersection over union in pixels of the image; codes are empty.

    1 if both are empty as given, 0 if one is or if nothing of either is in the image.
    """
    if regions.is_empty(region) and regions.is_empty(truth):
        return 1.0
    first, second = regions.as_mask(region, size_hw), regions.as_mask(truth, size_hw)
    image = (0, 0, *size_hw)
    both = _intersect(_bounds(first), _bounds(second), image)
    intersection = np.count_nonzero(_part(first, both) & _part(second, both))
    areas = (
        np.count_nonzero(_part(m, _intersect(_bounds(m), image)))
        for m in (first, second)
    )
    union = sum(areas) - intersection
    return intersection / union if union else 0.0


def _bounds(mask: regions.MaskRegion) -> Bounds:
    """Returns top, left, bottom and right of a region's window."""
    height, width = mask.pixels.shape
    return mask.top, mask.left, mask.top + height, mask.left + width


def _intersect(*bounds: Bounds) -> Bounds:
    """Returns what windows have in common; without extent where that is nothing."""
    top, left = (max(b[axis] for b in bounds) for axis in (0, 1))
    bottom, right = (min(b[axis] for b in bounds) for axis in (2, 3))
    return top, left, max(top, bottom), max(left, right)


def _part(mask: regions.MaskRegion, bounds: Bounds) -> Bool[np.ndarray, "h w"]:
    top, left, bottom, right = bounds
    rows = slice(top - mask.top, bottom - mask.top)
    return mask.pixels[rows, left - mask.left : right - mask.left]


def _check_multistart(path: Path, trajectory: Sequence[regions.Region]) -> None:
    """Refuses what the multi-start protocol can't have written."""
    if not regions.is_code(trajectory[0], regions.INITIALIZED):
        raise errors.InputError(
            f"{files.shown(path)}, line 1: must be 1, the start of the tracker; "
            "results of another protocol have a region there"
        )
    for number, region in enumerate(trajectory[1:], start=2):
        if regions.is_code(region) and not regions.is_code(region, regions.SKIPPED):
            raise errors.InputError(
                f"{files.shown(path)}, line {number}: a restart or failure (1, 2) has "
                "no place in a multi-start run; these results are of another protocol"
            )


def _measures(runs: Sequence[vot2020.SequenceRuns]) -> dict[str, float]:
    return {"A": vot2020.accuracy(runs), "R": vot2020.robustness(runs)}
