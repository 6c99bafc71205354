import jax
import jax.numpy as jnp
import numpy as np
import pytest
import shapely

from samn_jax.geometry import boxes


def test_formats_by_hand():
    box_xyxy = jnp.array([10.0, 20.0, 40.0, 60.0])
    np.testing.assert_array_equal(boxes.xyxy_to_xywh(box_xyxy), [10, 20, 30, 40])


def test_box_of_a_mask_has_the_bounds_of_shapely(rng):
    mask = rng.random((9, 12)) > 0.9
    pixels = [shapely.box(x, y, x + 1, y + 1) for y, x in np.argwhere(mask)]
    bounds = shapely.union_all(pixels).bounds
    np.testing.assert_array_equal(jax.jit(boxes.mask_to_xyxy)(mask), bounds)


@pytest.mark.parametrize("box", [(0, 0, 12, 9), (3, 2, 4, 9), (11, 8, 12, 9)])
def test_box_of_a_filled_box_is_that_box(box):
    left, top, right, bottom = box
    mask = np.zeros((9, 12), bool)
    mask[top:bottom, left:right] = True
    np.testing.assert_array_equal(jax.jit(boxes.mask_to_xyxy)(mask), box)


def test_box_of_an_empty_mask_is_zero():
    np.testing.assert_array_equal(boxes.mask_to_xyxy(jnp.zeros((9, 12), bool)), [0] * 4)
