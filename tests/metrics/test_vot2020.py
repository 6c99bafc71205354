"""VOT2020 measures on cases worked by hand."""

import numpy as np
import pytest

from samn_jax.metrics import vot2020


def _run(*overlaps, absent=()) -> vot2020.Run:
    frames = np.arange(len(overlaps))
    return vot2020.Run(np.array(overlaps, np.float64), np.isin(frames, absent))


def _video(*runs) -> vot2020.SequenceRuns:
    return vot2020.SequenceRuns(max(len(run.overlaps) for run in runs), runs)


def test_failure_is_the_first_of_ten_low_frames():
    assert vot2020.num_tracked_frames(_run(0, *[0.5] * 4, *[0.1] * 10, 0.9)) == 5
    assert vot2020.num_tracked_frames(_run(0, *[0.5] * 4, *[0.1] * 9)) == 14
    assert vot2020.num_tracked_frames(_run(0, 0.5, *[0.11] * 20)) == 22


def test_the_anchor_frame_counts_as_low():
    assert vot2020.num_tracked_frames(_run(*[0.0] * 10, 0.9)) == 0


def test_frames_without_the_target_end_a_row_of_low_ones():
    low = [0.5, *[0.0] * 12]
    assert vot2020.num_tracked_frames(_run(*low)) == 1
    assert vot2020.num_tracked_frames(_run(*low, absent=[6])) == 13


def test_accuracy_and_robustness_worked_by_hand():
    # 21 frames, 11 of them tracked, overlaps 0 and 10 times 0.6.
    failed = _run(0, *[0.6] * 10, *[0.0] * 10)
    whole = _run(0, *[0.8] * 4)  # 5 frames
    other = _run(0, *[1.0] * 9)  # 10 frames
    videos = [
        vot2020.SequenceRuns(21, (failed, whole)),
        vot2020.SequenceRuns(10, (other,)),
    ]
    total = 10 * 0.6 + 4 * 0.8 + 9
    assert vot2020.accuracy(videos) == pytest.approx(total / (11 + 5 + 10))
    assert vot2020.robustness(videos) == pytest.approx((16 / 26 * 21 + 10) / 31)


def test_accuracy_of_a_tracker_that_never_tracks_is_zero():
    assert vot2020.accuracy([_video(_run(*[0.0] * 12))]) == 0.0


def test_curve_of_runs_that_end_with_their_video():
    videos = [_video(_run(0, 0.8, 0.4)), _video(_run(0, 0.2, 0.2, 0.2))]
    curve = vot2020.expected_overlap_curve(videos, 6)
    np.testing.assert_allclose(curve, [0, 0.5, 0.4, 0.2, 0, 0])


def test_curve_goes_on_past_the_video_for_a_failed_run():
    failed = _run(0, 0.9, 0.9, *[0.05] * 10)  # tracked: 3 of 13 frames
    curve = vot2020.expected_overlap_curve([_video(failed)], 20)
    expected = [0, 0.9] + [1.8 / n for n in range(2, 13)]
    expected += [1.8 / (n - 1) for n in range(13, 20)]
    np.testing.assert_allclose(curve, expected)


def test_curve_shorter_than_the_runs():
    failed = _run(0, 0.9, 0.9, *[0.0] * 10)
    curve = vot2020.expected_overlap_curve([_video(failed, _run(0, 0.5))], 3)
    np.testing.assert_allclose(curve, [0, 0.7, 0.9])


def test_eao_is_the_mean_of_the_curve_over_the_interval():
    run = _run(0, *[0.5] * 9)
    curve = vot2020.expected_overlap_curve([_video(run)], 12)
    eao = vot2020.expected_average_overlap([_video(run)], (4, 12))
    assert eao == pytest.approx(curve[4:].mean())
