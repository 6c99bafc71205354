"""The multi-start protocol of VOT2020: a run from every anchor, never started again."""

import time
from pathlib import Path

from samn_jax import errors
from samn_jax.data.formats import vot_regions as regions
from samn_jax.data.formats import vot_results as region_files
from samn_jax.data.readers import vot
from samn_jax.evaluation.trackers import region_tracker


def run_anchors(
    tracker: region_tracker.RegionTracker, sequence: vot.VotSequence, results_dir: Path
) -> list[Path]:
    """Files of the runs from all anchors; those there already aren't run again.

    Raises:
      InputError: if the sequence has no anchors, or one without a true region.
    """
    experiment = results_dir / region_files.EXPERIMENT
    paths = []
    for frames in anchor_runs(sequence):
        path = region_files.anchor_path(experiment, sequence.name, frames[0])
        if not path.is_file():
            _run_anchor(tracker, sequence, frames, path)
        paths.append(path)
    return paths


def anchor_runs(sequence: vot.VotSequence) -> list[range]:
    """The frames of each run in the order in which the tracker sees them.

    Raises:
      InputError: if the sequence has no anchors, or one without a true region.
    """
    forward = [range(a, sequence.num_frames) for a in sequence.forward_anchors]
    backward = [range(a, -1, -1) for a in sequence.backward_anchors]
    runs = forward + backward
    if not runs:
        raise errors.InputError(
            f"sequence {sequence.name} has no anchor.value: the multi-start protocol "
            "needs the data of VOT2020 or later"
        )
    for frames in runs:
        if regions.is_empty(sequence.groundtruth[frames[0]]):
            raise errors.InputError(
                f"sequence {sequence.name} has its anchor {frames[0]} in a frame "
                "without a true region: copy its anchor.value again"
            )
    return runs


def _run_anchor(
    tracker: region_tracker.RegionTracker,
    sequence: vot.VotSequence,
    frames: range,
    path: Path,
) -> None:
    anchor = frames[0]
    image = sequence.frame(anchor)
    began = time.perf_counter()
    state = tracker.init(image, sequence.groundtruth[anchor])
    seconds = [time.perf_counter() - began]
    trajectory: list[regions.Region] = [regions.code(regions.INITIALIZED)]
    for index in frames[1:]:
        image = sequence.frame(index)
        began = time.perf_counter()
        state, region = tracker.step(state, image)
        seconds.append(time.perf_counter() - began)
        trajectory.append(region)
    region_files.write_seconds(path, seconds)
    region_files.write_trajectory(path, trajectory)
