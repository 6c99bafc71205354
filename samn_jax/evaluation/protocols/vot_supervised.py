"""The supervised protocol of VOT2016 to VOT2019: a failed tracker is started again."""

import time
from pathlib import Path
from typing import NamedTuple

from samn_jax.data.formats import vot_regions as regions
from samn_jax.data.formats import vot_results as region_files
from samn_jax.data.readers import vot
from samn_jax.evaluation.trackers import region_tracker
from samn_jax.geometry import polygons
from samn_jax.metrics import vot as vot_metrics

REPETITIONS = 15
# After as many runs with the same result a tracker counts as deterministic.
_SAME_RUNS = 3


class Trajectory(NamedTuple):
    """Region, or code, and time in seconds of every frame."""

    regions: tuple[regions.Region, ...]
    seconds: tuple[float, ...]


def run_repetitions(
    tracker: region_tracker.RegionTracker,
    sequence: vot.VotSequence,
    results_dir: Path,
    *,
    repetitions: int = REPETITIONS,
) -> list[Path]:
    """Files of the runs on one video; those that are there already aren't run again.

    The runs end early once three have given the same result.
    """
    experiment = results_dir / region_files.EXPERIMENT
    paths: list[Path] = []
    for repetition in range(1, repetitions + 1):
        if len(paths) == _SAME_RUNS and len({p.read_bytes() for p in paths}) == 1:
            break
        path = region_files.repetition_path(experiment, sequence.name, repetition)
        if not path.is_file():
            trajectory = run_supervised(tracker, sequence)
            region_files.write_seconds(path, trajectory.seconds)
            region_files.write_trajectory(path, trajectory.regions)
        paths.append(path)
    return paths


def run_supervised(
    tracker: region_tracker.RegionTracker, sequence: vot.VotSequence
) -> Trajectory:
    """One run through a video.

    The tracker starts from the truth. It has failed in a frame where its region and the
    truth have no pixel of the image in common; it starts again five frames later, or in
    the first frame from there on that has a true region. Skipped frames aren't read.
    """
    trajectory: list[regions.Region] = []
    seconds: list[float] = []
    state, start = None, 0
    for index, truth in enumerate(sequence.groundtruth):
        if index == start and regions.is_code(truth):
            start += 1
        if index < start:
            trajectory.append(regions.code(regions.SKIPPED))
            seconds.append(0.0)
            continue
        frame = sequence.frame(index)
        began = time.perf_counter()
        if index == start:
            state = tracker.init(frame, truth)
            region: regions.Region = regions.code(regions.INITIALIZED)
        else:
            state, region = tracker.step(state, frame)
        seconds.append(time.perf_counter() - began)
        if index > start and _has_failed(region, truth, sequence.size_hw):
            region = regions.code(regions.FAILED)
            start = index + vot_metrics.RESTART_FRAMES
        trajectory.append(region)
    return Trajectory(tuple(trajectory), tuple(seconds))


def _has_failed(
    region: regions.Region, truth: regions.Region, size_hw: tuple[int, int]
) -> bool:
    if regions.is_code(truth):
        return False
    result, truths = regions.corners([region]), regions.corners([truth])
    overlap = polygons.pixel_overlaps(result, truths, size_hw=size_hw)[0]
    return bool(not overlap > 0)  # NaN, no region at all, is a failure too
