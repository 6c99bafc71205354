"""One-pass measures on cases worked by hand, and against the got10k package."""

import numpy as np
import pytest

from samn_jax.metrics import sot


def _boxes(*rows) -> np.ndarray:
    return np.array(rows, np.float64)


def test_overlaps_worked_by_hand():
    boxes = _boxes([0, 0, 2, 2], [0, 0, 2, 2], [0, 0, 0, 0], [0, 0, 4, 4])
    truths = _boxes([1, 1, 2, 2], [5, 5, 2, 2], [0, 0, 0, 0], [0, 0, 4, 4])
    overlaps = sot.box_overlaps(boxes, truths)
    np.testing.assert_allclose(overlaps, [1 / 7, 0, 0, 1])


def test_center_errors_worked_by_hand():
    errors = sot.center_errors(_boxes([0, 0, 2, 2]), _boxes([3, 4, 2, 2]))
    np.testing.assert_allclose(errors, [5.0])


def test_otb_scores_worked_by_hand():
    truths = _boxes(*[[0, 0, 10, 10]] * 4)
    # The first result does not count; overlaps 1, 0.5, 0; 5 and 25 px off.
    boxes = _boxes([9, 9, 1, 1], [0, 0, 10, 10], [0, 0, 10, 5], [25, 0, 10, 10])
    scores = sot.otb_scores(boxes, truths)
    # Overlap 1 is above 20 of 21 thresholds, 0.5 above those from 0 to 0.45, 0 of none.
    assert scores.success == pytest.approx((20 + 20 + 10 + 0) / 4 / 21)
    assert scores.precision == pytest.approx(3 / 4)


def test_precision_counts_an_error_of_just_20_px():
    truths = _boxes([0, 0, 4, 4], [0, 0, 4, 4], [0, 0, 4, 4])
    boxes = _boxes([0, 0, 4, 4], [20, 0, 4, 4], [20.001, 0, 4, 4])
    assert sot.otb_scores(boxes, truths).precision == pytest.approx(2 / 3)


def test_got10k_leaves_out_the_first_frame_and_hidden_targets():
    truths = _boxes(*[[0, 0, 10, 10]] * 5)
    boxes = _boxes(
        [0, 0, 1, 1], [0, 0, 10, 10], [50, 50, 1, 1], [0, 0, 10, 6], [0, 0, 10, 5]
    )
    visible = np.array([True, True, False, True, True])
    overlaps = sot.got10k_overlaps(boxes, truths, size_hw=(60, 80), is_visible=visible)
    np.testing.assert_allclose(overlaps, [1.0, 0.6, 0.5])
    scores = sot.got10k_scores(overlaps)
    assert scores == pytest.approx((0.7, 2 / 3, 1 / 3))
    assert np.isnan(sot.got10k_scores(np.zeros(0))).all()


def test_got10k_cuts_boxes_at_the_far_border_and_moves_them_from_the_near_one():
    truths = _boxes([0, 0, 1, 1], [70, 0, 10, 10], [0, 0, 10, 10])
    boxes = _boxes([0, 0, 1, 1], [70, 0, 30, 10], [-5, 0, 10, 10])
    overlaps = sot.got10k_overlaps(
        boxes, truths, size_hw=(60, 80), is_visible=np.ones(3, bool)
    )
    np.testing.assert_allclose(overlaps, [1.0, 1.0])


def test_trackingnet_scores_worked_by_hand():
    truths = _boxes([0, 0, 10, 10], [0, 0, 10, 10], [0, 0, 20, 20])
    # After rounding: overlap 1; 5 px, half a width, to the right of a 20 px box.
    boxes = _boxes([3, 3, 1, 1], [0.4, -0.4, 10.4, 9.6], [5, 0, 20, 20])
    scores = sot.trackingnet_scores(boxes, truths)
    # Trapezoids: a curve that is 1 on k thresholds from the first has (k - 0.5) / 20.
    perfect_success, at_0_6 = 19.5 / 20, 11.5 / 20  # 0.6 is above 0, 0.05, ... 0.55
    assert scores.success == pytest.approx((2 * perfect_success + at_0_6) / 3)
    # 5 px is reached at the third of the thresholds 0, 2.5, 5 ...: 18.5 intervals.
    assert scores.precision == pytest.approx((2 + 18.5 / 20) / 3)
    # 0.25 sizes at the eleventh of 0, 0.025 ...: 10.5 intervals.
    assert scores.normalized_precision == pytest.approx((2 + 10.5 / 20) / 3)


def test_a_true_box_without_area_counts_as_missed():
    truths = _boxes([0, 0, 10, 10], [0, 0, 0, 0])
    scores = sot.trackingnet_scores(truths, truths)
    assert scores.success == pytest.approx(0.5 * 19.5 / 20)
    assert scores.normalized_precision == pytest.approx(0.5)


def _random_tracks(seed: int, frames: int = 200) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truths = rng.uniform([-10, -10, 5, 5], [70, 50, 40, 30], (frames, 4))
    boxes = truths + rng.normal(0, 4, truths.shape)
    boxes[:, 2:] = np.maximum(boxes[:, 2:], 0)
    return boxes, truths


def test_trackingnet_scores_equal_a_plain_count_on_whole_pixels():
    boxes, truths = (np.round(track) for track in _random_tracks(7, frames=40))
    boxes[0] = truths[0]
    counts = np.zeros((3, 21))
    for (x, y, w, h), (tx, ty, tw, th) in zip(boxes, truths, strict=True):
        pixels = {(i, j) for i in range(int(w)) for j in range(int(h))}
        found = {(x + i, y + j) for i, j in pixels}
        true = {(tx + i, ty + j) for i in range(int(tw)) for j in range(int(th))}
        dx, dy = x + w / 2 - tx - tw / 2, y + h / 2 - ty - th / 2
        for k in range(21):
            counts[0, k] += len(found & true) / len(found | true) > k / 20
            counts[1, k] += np.hypot(dx, dy) <= 2.5 * k
            counts[2, k] += np.hypot(dx / tw, dy / th) <= 0.025 * k
    curves = counts / 40
    areas = (curves[:, 1:] + curves[:, :-1]).sum(axis=1) / 2 / 20
    assert sot.trackingnet_scores(boxes, truths) == pytest.approx(areas, abs=1e-6)


def test_otb_and_got10k_equal_the_got10k_package():
    metrics = pytest.importorskip("got10k.utils.metrics")
    size_hw = (60, 80)
    for seed in range(5):
        boxes, truths = _random_tracks(seed)
        boxes[0] = truths[0]
        overlaps = metrics.rect_iou(boxes.copy(), truths.copy())
        errors = metrics.center_error(boxes, truths)
        np.testing.assert_allclose(sot.box_overlaps(boxes, truths), overlaps, atol=1e-9)
        expected = (
            np.mean([(overlaps > t).mean() for t in np.linspace(0, 1, 21)]),
            (errors <= 20).mean(),
        )
        assert sot.otb_scores(boxes, truths) == pytest.approx(expected, abs=1e-6)
        overlaps = metrics.rect_iou(
            boxes[1:].copy(), truths[1:].copy(), bound=size_hw[::-1]
        )
        ours = sot.got10k_overlaps(
            boxes, truths, size_hw=size_hw, is_visible=np.ones(len(boxes), bool)
        )
        np.testing.assert_allclose(ours, overlaps, atol=1e-9)
