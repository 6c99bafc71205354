"""Scores of VOT results on disk, in the layout of the toolkits."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from samn_jax import errors, files
from samn_jax.data.formats import vot_regions as regions
from samn_jax.data.formats import vot_results
from samn_jax.data.readers import vot
from samn_jax.evaluation.scores.types import Scores
from samn_jax.geometry import polygons
from samn_jax.metrics import vot as vot_metrics


def score_supervised(
    sequences: Sequence[vot.VotSequence], results_dir: Path, year: int
) -> Scores:
    """Returns accuracy, robustness, expected average overlap, failures of VOT2016-2019.

    Args:
      sequences: videos to score.
      results_dir: the folder that holds `baseline`, or that folder.
      year: 2016, 2018 or 2019; sets the lengths of the expected average overlap.

    Raises:
      InputError: results are missing or aren't of this protocol, naming file and
        line.
    """
    runs = [read_runs(sequence, results_dir) for sequence in sequences]
    interval = vot_metrics.EAO_INTERVALS[year]
    metrics = _measures(runs)
    metrics["EAO"] = vot_metrics.expected_average_overlap(runs, interval)
    names = [sequence.name for sequence in sequences]
    per_sequence = [_measures([repetitions]) for repetitions in runs]
    return Scores(metrics, dict(zip(names, per_sequence, strict=True)))


def read_runs(sequence: vot.VotSequence, results_dir: Path) -> list[vot_metrics.Run]:
    """Returns all repetitions of one video, compared with its truth."""
    paths = vot_results.repetition_files(results_dir, sequence.name)
    return [_read_run(sequence, path) for path in paths]


def _read_run(sequence: vot.VotSequence, path: Path) -> vot_metrics.Run:
    trajectory = vot_results.read_trajectory(path, sequence.num_frames)
    _check_supervised(path, trajectory)
    result, truth = map(regions.corners, (trajectory, sequence.groundtruth))
    overlaps, inner = _overlaps(result, truth, sequence.size_hw)
    codes = regions.codes(trajectory)
    is_start, is_failure = codes == regions.INITIALIZED, codes == regions.FAILED
    return vot_metrics.Run(is_start, is_failure, overlaps, inner)


def _overlaps(
    result: Float[np.ndarray, "F V 2"],
    truth: Float[np.ndarray, "F U 2"],
    size_hw: tuple[int, int],
) -> tuple[Float[np.ndarray, " F"], Float[np.ndarray, " F"]]:
    """Returns the overlaps in the image, and without its last row and column."""
    overlaps = polygons.pixel_overlaps(result, truth, size_hw=size_hw)
    inner_hw = (size_hw[0] - 1, size_hw[1] - 1)
    reach = np.fmax(result.max(axis=1), truth.max(axis=1))
    at_border = (reach > np.array(inner_hw[::-1])[None, :]).any(axis=1)
    inner = overlaps.copy()
    inner[at_border] = polygons.pixel_overlaps(
        result[at_border], truth[at_border], size_hw=inner_hw
    )
    return overlaps, inner


def _check_supervised(path: Path, trajectory: Sequence[regions.Region]) -> None:
    """Refuses what the supervised protocol can't have written."""
    if not regions.is_code(trajectory[0], regions.INITIALIZED):
        raise errors.InputError(
            f"{files.shown(path)}, line 1: must be 1, the start of the tracker; "
            "results of another protocol have a region there"
        )
    has_failed, shown = False, files.shown(path)
    for number, code in enumerate(regions.codes(trajectory).tolist(), start=1):
        if isinstance(trajectory[number - 1], regions.MaskRegion):
            raise errors.InputError(
                f"{shown}, line {number}: a mask, where this protocol has boxes and "
                "polygons; these results are of VOT2020"
            )
        if has_failed and code == regions.REGION:
            raise errors.InputError(
                f"{shown}, line {number}: a region before the restart (1) after a "
                "failure (2); these results are of another protocol"
            )
        if code in (regions.FAILED, regions.INITIALIZED):
            has_failed = code == regions.FAILED


def _measures(runs: list[list[vot_metrics.Run]]) -> dict[str, float]:
    return {
        "A": vot_metrics.accuracy(runs),
        "R": vot_metrics.robustness(runs),
        "failures": vot_metrics.num_failures(runs),
    }
