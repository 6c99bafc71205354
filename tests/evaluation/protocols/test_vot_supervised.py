"""The supervised runner: failures, restarts, repetitions, and published runs again."""

import dataclasses
import itertools

import numpy as np
import pytest

from samn_jax.data.formats import vot_regions as regions
from samn_jax.data.formats import vot_results as region_files
from samn_jax.data.readers import vot
from samn_jax.evaluation import stopwatch
from samn_jax.evaluation.protocols import vot_supervised

TRUTH = np.array([10.0, 10, 8, 6])
NEAR = np.array([12.0, 11, 8, 6])
FAR = np.array([30.0, 30, 4, 4])


def _numbered_frame(index: int) -> np.ndarray:
    """A frame that says which one it is."""
    return np.array([[[index // 256, index % 256, 0]]], np.uint8)


def _frame_number(frame: np.ndarray) -> int:
    return int(frame[0, 0, 0]) * 256 + int(frame[0, 0, 1])


class Replay:
    """Answers each frame with the region that a list has for it, FAR for a failure."""

    def __init__(self, answers):
        self.answers = answers
        self.starts, self.frames = [], []

    def init(self, frame, region):
        self.starts.append((_frame_number(frame), region))
        return _frame_number(frame)

    def step(self, state, frame):
        number = _frame_number(frame)
        assert number == state + 1, "a state must be carried to the next frame"
        self.frames.append(number)
        answer = self.answers[number]
        return number, FAR * 100 if regions.is_code(answer, regions.FAILED) else answer


def _sequence(truths, size_hw=(40, 50)) -> vot.VotSequence:
    return vot.VotSequence(
        name="made",
        frame_names=tuple(str(k) for k in range(len(truths))),
        read_frame=_numbered_frame,
        read_mask=lambda index: None,
        groundtruth=tuple(truths),
        size_hw=size_hw,
    )


def _supervised(tracker, sequence):
    return vot_supervised.run_supervised(tracker, sequence, stopwatch.Stopwatch())


def _repetitions(tracker, sequence, results_dir, **limits):
    watch = stopwatch.Stopwatch()
    return vot_supervised.run_repetitions(
        tracker, sequence, results_dir, watch, **limits
    )


def _lines(trajectory) -> list[str]:
    return [regions.format_region(region) for region in trajectory.regions]


def test_a_failed_tracker_starts_again_five_frames_later():
    answers = [NEAR] * 12
    answers[3] = FAR
    tracker = Replay(answers)
    trajectory = _supervised(tracker, _sequence([TRUTH] * 12))
    near = regions.format_region(NEAR)
    expected = ["1", near, near, "2", "0", "0", "0", "0", "1", near, near, near]
    assert _lines(trajectory) == expected
    assert [number for number, _ in tracker.starts] == [0, 8]
    np.testing.assert_array_equal(tracker.starts[1][1], TRUTH)
    assert tracker.frames == [1, 2, 3, 9, 10, 11]
    assert np.array(trajectory.seconds[4:8]).sum() == 0


def test_a_failure_near_the_end_is_not_started_again():
    answers = [NEAR] * 9
    answers[5] = FAR
    trajectory = _supervised(Replay(answers), _sequence([TRUTH] * 9))
    assert _lines(trajectory)[5:] == ["2", "0", "0", "0"]


def test_a_restart_waits_for_a_true_region_and_unknown_truth_is_no_failure():
    truths = [TRUTH] * 12
    truths[2] = truths[6] = truths[7] = regions.code(regions.SKIPPED)
    answers = [NEAR] * 12
    answers[1], answers[2] = FAR, FAR
    tracker = Replay(answers)
    trajectory = _supervised(tracker, _sequence(truths))
    assert _lines(trajectory)[:9] == ["1", "2", *["0"] * 6, "1"]
    answers[1] = NEAR
    trajectory = _supervised(Replay(answers), _sequence(truths))
    assert _lines(trajectory)[2] == regions.format_region(FAR)


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (np.array([18.0, 10, 5, 5]), True),  # only touches the truth's border
        (np.array([17.0, 10, 5, 5]), False),
        (np.full(8, np.nan), True),
        (regions.code(regions.SKIPPED), True),
        (np.array([10.0, 10, 20, 10, 20, 15, 10, 15]), False),
    ],
)
def test_what_counts_as_a_failure(answer, failed):
    trajectory = _supervised(Replay([answer] * 2), _sequence([TRUTH] * 2))
    assert regions.is_code(trajectory.regions[1], regions.FAILED) == failed


def test_an_overlap_past_the_image_is_a_failure():
    outside = np.array([45.0, 10, 30, 10])
    trajectory = _supervised(
        Replay([np.array([60.0, 10, 15, 10])] * 2), _sequence([outside] * 2)
    )
    assert regions.is_code(trajectory.regions[1], regions.FAILED)


def test_a_deterministic_tracker_runs_three_times(tmp_path):
    sequence = _sequence([TRUTH] * 4)
    tracker = Replay([NEAR] * 4)
    paths = _repetitions(tracker, sequence, tmp_path)
    assert [path.name for path in paths] == [f"made_00{k}.txt" for k in (1, 2, 3)]
    assert paths[0].parent == tmp_path / "baseline" / "made"
    times = paths[0].with_name("made_001_time.value").read_text().split()
    assert len(times) == 4 and all(float(value) >= 0 for value in times)


def test_a_random_tracker_runs_every_repetition_and_continues(tmp_path):
    class Drifting(Replay):
        shifts = itertools.count()

        def step(self, state, frame):
            state, region = super().step(state, frame)
            return state, region + np.array([next(self.shifts) * 1e-3, 0, 0, 0])

    sequence = _sequence([TRUTH] * 4)
    tracker = Drifting([NEAR] * 4)
    _repetitions(tracker, sequence, tmp_path, repetitions=4)
    kept = region_files.repetition_path(tmp_path / "baseline", "made", 2)
    before = kept.read_text()
    assert len(tracker.starts) == 4
    paths = _repetitions(tracker, sequence, tmp_path, repetitions=6)
    assert len(paths) == 6 and len(tracker.starts) == 6
    assert kept.read_text() == before
    assert len({path.read_text() for path in paths}) == 6


def test_published_runs_are_written_again_to_the_letter(reference_dir, tmp_path):
    folder = reference_dir / "vot2018"
    results = folder / "results" / "SiamRPNpp" / "baseline"
    # All of these fail, the last one too late to start again.
    names = ("crabs1", "rabbit", "handball2", "bag")
    num_starts = 0
    for sequence in vot.read_vot(folder).select(names).sequences:
        published = results / sequence.name / f"{sequence.name}_001.txt"
        tracker = Replay(regions.read_regions(published))
        sequence = dataclasses.replace(sequence, read_frame=_numbered_frame)
        (path,) = _repetitions(tracker, sequence, tmp_path, repetitions=1)
        assert path.read_text().split() == published.read_text().split()
        num_starts += len(tracker.starts)
    assert num_starts > len(names)
