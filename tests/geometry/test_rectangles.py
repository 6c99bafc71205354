import cv2
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import shapely

from samn_jax.geometry import rectangles

minimum_area_box = jax.jit(rectangles.minimum_area_box)
corners = jax.jit(rectangles.corners)


def random_polygon(rng, count=5, size=128):
    """A filled polygon, mostly not convex."""
    mask = np.zeros((size, size), np.uint8)
    points = rng.integers(5, size - 5, (count, 2)).astype(np.int32)
    return cv2.fillPoly(mask, [points], 1).astype(bool)


def opencv_corners(mask):
    """cv2's least-area rectangle; its (0, 0) is the center of a pixel."""
    points = np.argwhere(mask)[:, ::-1].astype(np.float32)
    return cv2.boxPoints(cv2.minAreaRect(points)) + 0.5


def test_least_area_equals_opencv(rng):
    for count in (3, 3, 4, 5, 5, 6, 8, 9, 12, 12):
        mask = random_polygon(rng, count)
        ours = shapely.Polygon(corners(minimum_area_box(mask)))
        want = shapely.Polygon(opencv_corners(mask))
        assert ours.area == pytest.approx(want.area, rel=1e-3)
        points = shapely.points(np.argwhere(mask)[:, ::-1] + 0.5)
        assert np.all(shapely.within(points, ours.buffer(1e-2)))


@pytest.mark.parametrize("angle_degrees", [0, 20, 44, 60, 90, 135, 179])
def test_a_turned_rectangle_is_found(angle_degrees):
    box = ((64.0, 60.0), (90.0, 21.0), float(angle_degrees))
    mask = np.zeros((128, 128), np.uint8)
    cv2.fillPoly(mask, [np.round(cv2.boxPoints(box)).astype(np.int32)], 1)
    found = minimum_area_box(mask.astype(bool))
    np.testing.assert_allclose(found.center_xy, [64.5, 60.5], atol=1)
    turned = 45 < angle_degrees < 135
    want = (21, 90) if turned else (90, 21)
    np.testing.assert_allclose(found.size_wh, want, atol=2)
    off = np.degrees(float(found.angle)) - angle_degrees
    assert abs(off - 90 * np.round(off / 90)) < 1.5
    assert abs(float(found.angle)) <= np.pi / 4 + 1e-6


def test_sizes_are_measured_between_pixel_centers():
    mask = np.zeros((20, 30), bool)
    mask[4:9, 10:22] = True
    found = minimum_area_box(mask)
    np.testing.assert_allclose(found.center_xy, [16, 6.5], atol=1e-5)
    np.testing.assert_allclose(found.size_wh, [11, 4], atol=1e-5)
    want = [[10.5, 4.5], [21.5, 4.5], [21.5, 8.5], [10.5, 8.5]]
    np.testing.assert_allclose(corners(found), want, atol=1e-5)


@pytest.mark.parametrize(
    ("rows", "columns", "size"),
    [([3], [7], (0, 0)), ([3] * 4, range(4), (3, 0)), (range(4), [3] * 4, (0, 3))],
)
def test_points_and_lines(rows, columns, size):
    mask = np.zeros((20, 30), bool)
    mask[list(rows), list(columns)] = True
    found = minimum_area_box(mask)
    np.testing.assert_allclose(found.size_wh, size, atol=1e-5)
    middle = [np.mean(list(columns)) + 0.5, np.mean(list(rows)) + 0.5]
    np.testing.assert_allclose(found.center_xy, middle, atol=1e-5)


def test_empty_mask_gives_zeros():
    found = minimum_area_box(np.zeros((20, 30), bool))
    assert not any(np.any(field) for field in found)


def test_corners_turn_clockwise_on_the_screen():
    box = rectangles.RotatedBox(
        jnp.array([10.0, 10.0]), jnp.array([4.0, 2.0]), jnp.float32(np.pi / 2)
    )
    np.testing.assert_allclose(
        corners(box), [[11, 8], [11, 12], [9, 12], [9, 8]], atol=1e-5
    )
