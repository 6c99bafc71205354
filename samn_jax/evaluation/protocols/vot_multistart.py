"""The multi-start protocol of VOT2020: a run from every anchor, never started again.

Results are `<results>/baseline/<video>/<video>_00000050.txt` of the run from anchor 50.
"""

from pathlib import Path

from samn_jax import errors, places
from samn_jax.data.formats import vot_regions as regions
from samn_jax.data.formats import vot_results
from samn_jax.data.readers import vot
from samn_jax.evaluation import stopwatch
from samn_jax.evaluation.protocols import frames, region_protocol
from samn_jax.evaluation.trackers import regions as region_trackers


def run_anchors(
    tracker: region_trackers.RegionTracker,
    sequence: vot.VotSequence,
    results_dir: Path,
    watch: stopwatch.Stopwatch,
) -> list[Path]:
    """Returns the files of the runs from all anchors; whole ones aren't run again.

    Raises:
      InputError: the sequence has no anchors, or one without a true region.
    """
    paths = anchor_files(sequence, results_dir)
    for indices, path in zip(anchor_runs(sequence), paths, strict=True):
        if not vot_results.is_whole(path, len(indices)):
            _run_anchor(tracker, sequence, indices, path, watch)
    return paths


def anchor_files(sequence: vot.VotSequence, results_dir: Path) -> list[Path]:
    """Returns the files that the runs from all anchors have or will have.

    Raises:
      InputError: as `anchor_runs`, or one would lie outside the results folder.
    """
    experiment = results_dir / vot_results.EXPERIMENT
    paths = (
        vot_results.anchor_path(experiment, sequence.name, indices[0])
        for indices in anchor_runs(sequence)
    )
    return [places.inside(results_dir, path) for path in paths]


def anchor_runs(sequence: vot.VotSequence) -> list[range]:
    """Returns the frames of each run in the order in which the tracker sees them.

    Raises:
      InputError: the sequence has no anchors, or one without a true region.
    """
    forward = [range(a, sequence.num_frames) for a in sequence.forward_anchors]
    backward = [range(a, -1, -1) for a in sequence.backward_anchors]
    runs = forward + backward
    if not runs:
        raise errors.InputError(
            f"sequence {sequence.name} has no anchor.value: the multi-start protocol "
            "needs the data of VOT2020 or later"
        )
    for indices in runs:
        if regions.is_empty(sequence.groundtruth[indices[0]]):
            raise errors.InputError(
                f"sequence {sequence.name} has its anchor {indices[0]} in a frame "
                "without a true region: copy its anchor.value again"
            )
    return runs


def _run_anchor(
    tracker: region_trackers.RegionTracker,
    sequence: vot.VotSequence,
    indices: range,
    path: Path,
    watch: stopwatch.Stopwatch,
) -> None:
    all_frames = frames.read_ahead(sequence, indices)
    truth = sequence.groundtruth[indices[0]]
    state = watch.start(tracker.init, next(all_frames), truth)
    seconds = [watch.last]
    trajectory: list[regions.Region] = [regions.code(regions.INITIALIZED)]
    for frame in all_frames:
        state, region = watch.step(tracker.step, state, frame)
        seconds.append(watch.last)
        trajectory.append(region)
    vot_results.write_seconds(path, seconds)
    vot_results.write_trajectory(path, trajectory)


def _first_run(
    sequence: vot.VotSequence, results_dir: Path
) -> dict[int, regions.Region]:
    indices = anchor_runs(sequence)[0]
    experiment = vot_results.experiment_dir(results_dir)
    path = vot_results.anchor_path(experiment, sequence.name, indices[0])
    trajectory = vot_results.read_trajectory(path, len(indices))
    return dict(zip(indices, trajectory, strict=True))


def _gives_mask(sequence: vot.VotSequence) -> bool:
    truth = sequence.groundtruth[anchor_runs(sequence)[0][0]]
    return isinstance(truth, regions.MaskRegion)


VOT_MULTISTART = region_protocol.make_protocol(
    region_protocol.RegionProtocol(
        run=run_anchors,
        result_files=anchor_files,
        seconds_file=vot_results.seconds_path,
        starts=("mask", "box"),
        gives_mask=_gives_mask,
        size_hw=lambda sequence: sequence.size_hw,
        truths=lambda sequence: sequence.groundtruth,
        read=_first_run,
    )
)
