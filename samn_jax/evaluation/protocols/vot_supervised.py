"""The supervised protocol of VOT2016 to VOT2019: a failed tracker is started again.

Results are `<results>/baseline/<video>/<video>_001.txt` and so on, a repetition each.
"""

from pathlib import Path
from typing import NamedTuple

from samn_jax import errors, places
from samn_jax.data.formats import vot_regions as regions
from samn_jax.data.formats import vot_results
from samn_jax.data.readers import vot
from samn_jax.evaluation import stopwatch
from samn_jax.evaluation.protocols import frames, region_protocol
from samn_jax.evaluation.trackers import regions as region_trackers
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
    tracker: region_trackers.RegionTracker,
    sequence: vot.VotSequence,
    results_dir: Path,
    watch: stopwatch.Stopwatch,
    *,
    repetitions: int = REPETITIONS,
) -> list[Path]:
    """Returns the files of the runs on one video; whole ones aren't run again.

    The runs end early once three have given the same result.
    """
    experiment = results_dir / vot_results.EXPERIMENT
    paths: list[Path] = []
    for repetition in range(1, repetitions + 1):
        if len(paths) == _SAME_RUNS and len({p.read_bytes() for p in paths}) == 1:
            break
        path = vot_results.repetition_path(experiment, sequence.name, repetition)
        places.inside(results_dir, path)
        if not vot_results.is_whole(path, sequence.num_frames):
            trajectory = run_supervised(tracker, sequence, watch)
            vot_results.write_seconds(path, trajectory.seconds)
            vot_results.write_trajectory(path, trajectory.regions)
        paths.append(path)
    return paths


def run_supervised(
    tracker: region_trackers.RegionTracker,
    sequence: vot.VotSequence,
    watch: stopwatch.Stopwatch,
) -> Trajectory:
    """Returns one run through a video.

    The tracker starts from the truth. It has failed in a frame where its region and the
    truth have no pixel of the image in common; it starts again five frames later, or in
    the first frame from there on that has a true region. Skipped frames aren't read.
    """
    trajectory: list[regions.Region] = []
    seconds: list[float] = []
    state, start, first = None, 0, None
    for index, truth in enumerate(sequence.groundtruth):
        if index == start and regions.is_code(truth):
            start += 1
        if index < start:
            trajectory.append(regions.code(regions.SKIPPED))
            seconds.append(0.0)
            continue
        frame = frames.read(sequence, index, first)
        first = frame if first is None else first
        if index == start:
            state = watch.start(tracker.init, frame, truth)
            region: regions.Region = regions.code(regions.INITIALIZED)
        else:
            state, region = watch.step(tracker.step, state, frame)
        seconds.append(watch.last)
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


def _result_files(sequence: vot.VotSequence, results_dir: Path) -> list[Path]:
    """Returns the files of the repetitions that are there."""
    try:
        found = vot_results.repetition_files(results_dir, sequence.name)
    except errors.InputError:  # There is none.
        return []
    return [places.inside(results_dir, path) for path in found]


def _first_run(
    sequence: vot.VotSequence, results_dir: Path
) -> dict[int, regions.Region]:
    path = vot_results.repetition_files(results_dir, sequence.name)[0]
    return dict(enumerate(vot_results.read_trajectory(path, sequence.num_frames)))


VOT_SUPERVISED = region_protocol.make_protocol(
    region_protocol.RegionProtocol(
        run=run_repetitions,
        result_files=_result_files,
        seconds_file=vot_results.seconds_path,
        starts=("box",),
        gives_mask=lambda sequence: False,
        size_hw=lambda sequence: sequence.size_hw,
        truths=lambda sequence: sequence.groundtruth,
        read=_first_run,
    )
)
