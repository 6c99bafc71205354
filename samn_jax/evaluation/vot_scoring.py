"""Scores of VOT results on disk, in the layout of the toolkits."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from samn_jax import errors
from samn_jax.data import regions, vot
from samn_jax.evaluation import region_files
from samn_jax.geometry import polygons
from samn_jax.metrics import vot as vot_metrics


class VotScores(NamedTuple):
    """Measures of the whole set, and of each video by its name."""

    metrics: dict[str, float]
    sequences: dict[str, dict[str, float]]


def score_supervised(
    sequences: Sequence[vot.VotSequence], results_dir: Path, year: int
) -> VotScores:
    """Accuracy, robustness, expected average overlap and failures of VOT2016-2019.

    Args:
      sequences: videos to score.
      results_dir: the folder that holds `baseline`, or that folder.
      year: 2016, 2018 or 2019; sets the lengths of the expected average overlap.

    Raises:
      InputError: if results are missing or aren't of this protocol, naming file and
        line.
    """
    runs = [read_runs(sequence, results_dir) for sequence in sequences]
    interval = vot_metrics.EAO_INTERVALS[year]
    metrics = _measures(runs)
    metrics["EAO"] = vot_metrics.expected_average_overlap(runs, interval)
    names = [sequence.name for sequence in sequences]
    per_sequence = [_measures([repetitions]) for repetitions in runs]
    return VotScores(metrics, dict(zip(names, per_sequence, strict=True)))


def read_runs(sequence: vot.VotSequence, results_dir: Path) -> list[vot_metrics.Run]:
    """All repetitions of one video, compared with its truth."""
    paths = region_files.repetition_files(results_dir, sequence.name)
    return [_read_run(sequence, path) for path in paths]


def _read_run(sequence: vot.VotSequence, path: Path) -> vot_metrics.Run:
    trajectory = region_files.read_trajectory(path, sequence.num_frames)
    _check_supervised(path, trajectory)
    height, width = sequence.size_hw
    try:
        result, truth = map(regions.corners, (trajectory, sequence.groundtruth))
    except errors.InputError as error:
        raise errors.InputError(f"{path}: {error}") from error
    overlaps = polygons.pixel_overlaps(result, truth, size_hw=(height, width))
    inner = polygons.pixel_overlaps(result, truth, size_hw=(height - 1, width - 1))
    is_start, is_failure = (
        np.array([regions.is_code(region, code) for region in trajectory])
        for code in (regions.INITIALISED, regions.FAILED)
    )
    return vot_metrics.Run(is_start, is_failure, overlaps, inner)


def _check_supervised(path: Path, trajectory: Sequence[regions.Region]) -> None:
    """Refuse what the supervised protocol can't have written."""
    if not regions.is_code(trajectory[0], regions.INITIALISED):
        raise errors.InputError(
            f"{path}, line 1: must be 1, the start of the tracker; results of another "
            "protocol have a region there"
        )
    since_failure = None
    for number, region in enumerate(trajectory, start=1):
        if regions.is_code(region, regions.FAILED):
            since_failure = 0
        elif since_failure is not None:
            since_failure += 1
            if not regions.is_code(region):
                raise errors.InputError(
                    f"{path}, line {number}: a region before the restart (1) after a "
                    "failure (2); these results are of another protocol"
                )
            if regions.is_code(region, regions.INITIALISED):
                since_failure = None


def _measures(runs: list[list[vot_metrics.Run]]) -> dict[str, float]:
    return {
        "A": vot_metrics.accuracy(runs),
        "R": vot_metrics.robustness(runs),
        "failures": vot_metrics.num_failures(runs),
    }
