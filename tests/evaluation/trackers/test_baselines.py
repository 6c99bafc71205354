import numpy as np

from samn_jax.evaluation.trackers import baselines

FRAME = np.zeros((6, 8, 3), np.uint8)


def test_first_mask_is_repeated():
    mask = np.eye(6, 8) > 0
    tracker = baselines.CopyFirst()
    state, first = tracker.init(FRAME, mask=mask)
    _, later = tracker.step(state, FRAME + 9)
    np.testing.assert_array_equal(first.mask, mask)
    np.testing.assert_array_equal(later.mask, mask)
    assert later.box_xywh.tolist() == [0, 0, 6, 6]
    assert later.polygon.tolist() == [[0, 0], [6, 0], [6, 6], [0, 6]]


def test_box_is_filled_where_pixel_centers_lie_inside():
    _, output = baselines.CopyFirst().init(FRAME, box_xywh=(2.0, 1.4, 3.0, 2.2))
    expected = np.zeros((6, 8))
    expected[1:4, 2:5] = 1
    np.testing.assert_array_equal(output.mask, expected)
