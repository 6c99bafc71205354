"""VOT measures on cases worked by hand."""

import numpy as np
import pytest

from samn_jax.metrics import vot

NAN = float("nan")


def _run(overlaps, starts=(0,), failures=()) -> vot.Run:
    overlaps = np.array(overlaps, np.float64)
    frames = np.arange(len(overlaps))
    return vot.Run(
        np.isin(frames, starts), np.isin(frames, failures), overlaps, overlaps
    )


def _failing_run() -> vot.Run:
    """Fails in frame 3, starts again in frame 8, ends with frame 11."""
    overlaps = [NAN, 0.5, 0.5, NAN, NAN, NAN, NAN, NAN, NAN, 0.9, 0.9, 0.9]
    return _run(overlaps, starts=(0, 8), failures=(3,))


def test_curve_of_a_run_without_failure_is_its_running_mean():
    run = _run([NAN, 0.8, 0.6, 0.4, 0.2, 0.0])
    curve = vot.expected_overlap_curve([[run]], max_length=10)
    np.testing.assert_allclose(curve, [1, 0.8, 0.7, 0.6, 0.5, 0.4])
    eao = vot.expected_average_overlap([[run]], interval=(2, 4))
    assert eao == pytest.approx((0.8 + 0.7 + 0.6) / 3)


def test_curve_counts_a_failed_track_to_any_length_and_a_cut_one_to_its_own():
    curve = vot.expected_overlap_curve([[_failing_run()]], max_length=12)
    first = [0.5, 0.5] + [1.0 / n for n in range(3, 12)]
    second = [0.9, 0.9, 0.9]
    expected = [(a + b) / 2 for a, b in zip(first, second, strict=False)] + first[3:]
    np.testing.assert_allclose(curve[1:], expected)


def test_curve_weighs_a_failed_track_by_the_part_of_it_in_the_video():
    # The restart would be frame 8, just past the end: 8 of 9 frames were seen.
    failed = _run([NAN, 0.6, 0.6, NAN, NAN, NAN, NAN, NAN], failures=(3,))
    steady = _run([NAN] + [1.0] * 7)
    curve = vot.expected_overlap_curve([[failed], [steady]], max_length=8)
    weight = 8 / 9
    assert curve[1] == pytest.approx((0.6 * weight + 1) / (weight + 1))
    assert curve[7] == pytest.approx((1.2 / 7 * weight + 1) / (weight + 1))


def test_a_failure_too_late_to_restart_does_not_count_past_the_video():
    late = _run([NAN, 0.6, NAN, NAN], failures=(2,))
    steady = _run([NAN] + [1.0] * 7)
    curve = vot.expected_overlap_curve([[late], [steady]], max_length=8)
    assert curve[3] == pytest.approx((0.2 + 1) / 2)
    np.testing.assert_allclose(curve[4:], 1.0)


def test_repetitions_share_the_weight_of_their_video():
    good, bad = _run([NAN] + [1.0] * 5), _run([NAN] + [0.0] * 5)
    curve = vot.expected_overlap_curve([[good, good, good], [bad]], max_length=6)
    np.testing.assert_allclose(curve[1:], 0.5)


def test_eao_is_nan_where_no_video_is_long_enough():
    run = _run([NAN, 1.0, 1.0])
    assert np.isnan(vot.expected_average_overlap([[run]], interval=(4, 9)))


def test_accuracy_leaves_out_ten_frames_from_each_start():
    overlaps = np.full(40, 0.5)
    overlaps[:10] = 0.1  # burn-in of the first start
    overlaps[12:17] = NAN  # failed and skipped
    overlaps[17:27] = 0.9  # burn-in of the second start
    run = _run(overlaps, starts=(0, 17), failures=(12,))
    assert vot.accuracy([[run]]) == pytest.approx(0.5)


def test_accuracy_averages_repetitions_frame_by_frame():
    often = _run(np.full(20, 0.4))
    failed = _run([0.8] * 15 + [NAN] * 5, failures=(15,))
    # Frames 10-14 have the mean of both runs, frames 15-19 only one.
    assert vot.accuracy([[often, failed]]) == pytest.approx((0.6 * 5 + 0.4 * 5) / 10)


def test_accuracy_is_nan_where_every_frame_is_burn_in():
    assert np.isnan(vot.accuracy([[_run(np.full(10, 0.5))]]))


def test_robustness_is_failures_in_a_hundred_frames():
    runs = [[_failing_run(), _run(np.ones(12))], [_run(np.ones(38))]]
    assert vot.num_failures(runs) == pytest.approx(0.5)
    assert vot.robustness(runs) == pytest.approx(100 * 0.5 / 50)
