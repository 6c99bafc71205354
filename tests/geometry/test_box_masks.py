"""Boxes as masks, against a loop over pixels."""

import numpy as np
import pytest

from samn_jax.geometry import box_masks


def _fill(box):
    return box_masks.fill_box(np.array(box, float), (6, 8))


@pytest.mark.parametrize(
    "box",
    [(2, 1, 3, 2), (1.5, 0.5, 2.0, 3.0), (1.4, 0.6, 2.2, 0.8), (-2, -2, 4, 20)],
)
def test_pixels_are_in_where_their_centers_are(box):
    left, top, width, height = box
    expected = np.zeros((6, 8), bool)
    for y, x in np.ndindex(6, 8):
        across = left <= x + 0.5 < left + width
        expected[y, x] = across and top <= y + 0.5 < top + height
    np.testing.assert_array_equal(_fill(box), expected)


def test_boxes_side_by_side_share_no_pixel():
    halves = [_fill((x, 0, 2.5, 4)) for x in (0.0, 2.5)]
    assert not (halves[0] & halves[1]).any()
    assert (halves[0] | halves[1]).sum() == 4 * 5


@pytest.mark.parametrize("box", [(9, 0, 3, 3), (2, 2, 0, 5), (0, 0, 0.4, 0.4)])
def test_a_box_may_have_no_pixel(box):
    assert not _fill(box).any()
