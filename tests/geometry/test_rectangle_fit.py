import cv2
import jax
import numpy as np
import pytest
import shapely

from samn_jax.geometry import components, rectangle_fit, rectangles

SIZE = 96
fit_box = jax.jit(rectangle_fit.fit_box)
minimum_area_box = jax.jit(rectangles.minimum_area_box)


@jax.jit
def solid_component(mask):
    return components.largest_component(components.fill_holes(mask))[0]


def filled(polygon_xy):
    mask = np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillPoly(mask, [np.round(polygon_xy).astype(np.int32)], 1)
    return mask.astype(bool)


def random_blob(rng):
    field = cv2.GaussianBlur(rng.random((SIZE, SIZE)), (0, 0), 7)
    field *= cv2.getGaussianKernel(SIZE, 18) @ cv2.getGaussianKernel(SIZE, 18).T
    return np.asarray(solid_component(field > np.quantile(field, 0.85)))


def shrink_by_brute_force(turned, box):
    """The greedy search with every count taken anew."""
    total, best = turned.sum(), -1.0

    def score(box):
        left, top, right, bottom = box
        inside = turned[top : bottom + 1, left : right + 1].sum()
        area = (right - left + 1) * (bottom - top + 1)
        return inside / (total + (area - inside) / 4) if inside >= 0.9 * total else -1

    shrunk = True
    while shrunk:
        shrunk = False
        for side, step in ((1, 1), (0, 1), (3, -1), (2, -1)):
            candidate = box.copy()
            candidate[side] += step
            if score(candidate) > best:
                box, best, shrunk = candidate, score(candidate), True
    return box


def test_search_equals_brute_force(rng):
    shrink = jax.jit(rectangle_fit._shrink)
    for _ in range(5):
        mask = random_blob(rng)
        rows, columns = np.nonzero(mask)
        box = np.array([columns.min(), rows.min(), columns.max(), rows.max()], np.int32)
        np.testing.assert_array_equal(
            shrink(mask, box), shrink_by_brute_force(mask, box)
        )


def test_ellipse_equals_opencv(rng):
    ellipse = jax.jit(rectangle_fit._outline_ellipse)
    for _ in range(5):
        mask = random_blob(rng)
        contours, _ = cv2.findContours(
            mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
        )
        center, axes, degrees = cv2.fitEllipse(contours[0])
        ours = ellipse(mask)
        np.testing.assert_allclose(ours[0], np.array(center) + 0.5, atol=0.02)
        np.testing.assert_allclose(ours[1], axes, rtol=1e-3)
        assert abs(np.sin(np.radians(degrees) - float(ours[2]))) < 5e-3


@pytest.mark.parametrize("name", ["thin", "solid"])
def test_outline_visits_equal_the_contour_walk(name):
    mask = np.zeros((SIZE, SIZE), np.uint8)
    if name == "thin":
        mask[5, 5:30] = mask[5:20, 12] = mask[19, 8:20] = 1
        mask[range(20, 30), range(20, 30)] = 1
    else:
        cv2.circle(mask, (40, 40), 20, 1, -1)
        mask[40, 50:80] = 1
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    want = np.zeros((SIZE, SIZE), int)
    for x, y in contours[0][:, 0]:
        want[y, x] += 1
    np.testing.assert_array_equal(
        jax.jit(rectangle_fit._outline_visits)(mask.astype(bool)), want
    )


@pytest.mark.rounding
@pytest.mark.parametrize("degrees", [0, 30, 80, 130])
def test_a_spike_is_cut_off(degrees):
    """The least-area box reaches to the end of a spike, the fitted one does not."""
    body = np.array([[-20, -10], [20, -10], [20, 10], [-20, 10]])
    spike = np.array([[-1, -35], [1, -35], [1, 0], [-1, 0]])
    turn = cv2.getRotationMatrix2D((0, 0), degrees, 1)[:, :2].T
    mask = filled(body @ turn + 48) | filled(spike @ turn + 48)
    fitted = shapely.Polygon(rectangles.corners(fit_box(mask)))
    least = shapely.Polygon(rectangles.corners(minimum_area_box(mask)))
    true = shapely.Polygon(body @ turn + 48.5)
    overlap = fitted.intersection(true).area / fitted.union(true).area
    assert overlap > 0.75
    assert least.area > 1.25 * fitted.area


def test_the_least_box_may_be_that_of_the_mask_with_its_holes(rng):
    for _ in range(3):
        mask = random_blob(rng)
        holed = mask & ~cv2.erode(mask.astype(np.uint8), np.ones((5, 5))).astype(bool)
        assert holed.sum() < mask.sum()
        ours = fit_box(mask, minimum_area_box(holed))
        jax.tree.map(np.testing.assert_array_equal, ours, fit_box(mask))


@pytest.mark.parametrize("mask", ["empty", "pixel", "line", "full"])
def test_degenerate_masks_give_finite_boxes(mask):
    array = np.zeros((SIZE, SIZE), bool)
    if mask == "pixel":
        array[40, 50] = True
    elif mask == "line":
        array[40, 20:60] = True
    elif mask == "full":
        array[:] = True
    fitted = fit_box(array)
    assert all(np.all(np.isfinite(field)) for field in fitted)
    assert np.any(fitted.size_wh) == (mask in ("line", "full"))
