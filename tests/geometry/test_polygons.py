"""Overlaps against shapely, and pixel counts against cases worked by hand."""

import numpy as np
import pytest
import shapely

from samn_jax.geometry import polygons

SIZE_HW = (60, 90)


def _shapely_overlap(first: np.ndarray, second: np.ndarray, size_hw) -> float:
    window = shapely.box(0, 0, size_hw[1], size_hw[0])
    a, b = (shapely.Polygon(p) & window for p in (first, second))
    union = (a | b).area
    return (a & b).area / union if union else 0.0


def test_boxes_and_polygons_convert_back_and_forth():
    boxes = np.random.default_rng(3).uniform(0, 50, (5, 2, 4))
    corners = polygons.box_to_polygon(boxes)
    assert corners.shape == (5, 2, 4, 2)
    np.testing.assert_allclose(polygons.polygon_to_box(corners), boxes)
    assert polygons.polygon_area(corners[0, 0]) == pytest.approx(boxes[0, 0, 2:].prod())


def test_area_of_a_concave_polygon_equals_shapely():
    dart = np.array([[0.0, 0.0], [9.0, 4.0], [2.0, 3.0], [1.0, 8.0]])
    area = polygons.polygon_area(dart)
    assert area == pytest.approx(shapely.Polygon(dart).area)
    assert polygons.polygon_area(dart[::-1]) == pytest.approx(-area)


def _pixel_overlap(first, second, size_hw=SIZE_HW) -> float:
    pair = (np.array(p, np.float64)[None] for p in (first, second))
    return float(polygons.pixel_overlaps(*pair, size_hw=size_hw)[0])


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        # Columns and rows 0-2 and 1-3: 9 pixels each, 4 in common.
        ([0, 0, 2, 2], [1, 1, 2, 2], 4 / 14),
        # Corners round to the nearest pixel, halves upwards: again 0-2 and 1-3.
        ([0.4, 0.4, 2, 2], [0.5, 0.5, 2, 2], 4 / 14),
        # Only the row and column in the image count: 0-1 of -2 to 1.
        ([-2, -2, 3, 3], [0, 0, 1, 1], 1.0),
        # Columns 88-90 and 89-90: the border column belongs to the image.
        ([88, 10, 20, 1], [89, 10, 20, 1], 4 / 6),
        # Touching bounding boxes do not overlap, whatever pixels they share.
        ([0, 0, 2, 2], [2, 0, 2, 2], 0.0),
        ([100, 10, 5, 5], [100, 10, 5, 5], 0.0),
    ],
)
def test_pixel_overlap_of_boxes_worked_by_hand(first, second, expected):
    pair = (polygons.box_to_polygon(np.array(b, float)) for b in (first, second))
    assert _pixel_overlap(*pair) == pytest.approx(expected)


def test_pixel_overlap_of_a_triangle_worked_by_hand():
    # Rows 1-4 have columns 0-1, 0-2, 0-3, 0-4; the tip, met by two edges in one
    # pixel, is not filled. The box has 25 pixels.
    triangle = [[0, 0], [4, 4], [0, 4]]
    box = [[0, 0], [4, 0], [4, 4], [0, 4]]
    assert _pixel_overlap(triangle, box) == pytest.approx(14 / 25)


def test_pixel_overlap_of_a_concave_polygon_worked_by_hand():
    # Row 0 is filled from tip to tip, row 1 loses the right arm (one pixel wide after
    # rounding down), rows 2 and 3 have two arms, from row 4 on they are one, and the
    # lower tip (row 8) is not filled.
    vee = [[0, 0], [4, 4], [8, 0], [4, 8]]
    rows = [9, 2, 2 + 2, 3 + 2, 5, 4, 3, 2, 0]
    frame = [[0, 0], [8, 0], [8, 8], [0, 8]]
    assert _pixel_overlap(vee, frame) == pytest.approx(sum(rows) / 81)


def test_pixel_overlap_approaches_the_exact_one_with_size():
    rng = np.random.default_rng(4)
    errors = []
    for scale in (4, 64):
        size_hw = (SIZE_HW[0] * scale, SIZE_HW[1] * scale)
        worst = 0.0
        for _ in range(20):
            corners = [
                polygons.box_to_polygon(rng.uniform([0, 0, 20, 20], [50, 30, 60, 60]))
                + rng.uniform(-8, 8, (4, 2))
                for _ in range(2)
            ]
            first, second = (c * scale for c in corners)
            exact = _shapely_overlap(first, second, size_hw)
            worst = max(worst, abs(_pixel_overlap(first, second, size_hw) - exact))
        errors.append(worst)
    assert errors[0] < 0.04 and errors[1] < 0.0025


def test_pixel_overlaps_of_many_frames_equal_those_one_by_one():
    rng = np.random.default_rng(5)
    first, second = rng.uniform(-10, 100, (2, 150, 4, 2))
    first[7] = np.nan
    together = polygons.pixel_overlaps(first, second, size_hw=SIZE_HW)
    alone = [_pixel_overlap(a, b) for a, b in zip(first, second, strict=True)]
    np.testing.assert_array_equal(together, alone)
    assert np.isnan(together[7]) and np.isfinite(np.delete(together, 7)).all()
    swapped = polygons.pixel_overlaps(second, first, size_hw=SIZE_HW)
    np.testing.assert_array_equal(swapped, together)
