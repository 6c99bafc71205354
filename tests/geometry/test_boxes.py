import jax
import jax.numpy as jnp
import numpy as np
import pytest
import shapely

from samn_jax.geometry import boxes


def random_xyxy(rng, count=200):
    ends = rng.uniform(0, 50, (count, 2, 2)).astype(np.float32)
    return jnp.asarray(np.concatenate([ends.min(1), ends.max(1)], 1))


@pytest.mark.parametrize(
    ("there", "back"),
    [
        (boxes.xyxy_to_xywh, boxes.xywh_to_xyxy),
        (boxes.xywh_to_cxcywh, boxes.cxcywh_to_xywh),
        (boxes.xyxy_to_corners, boxes.corners_to_xyxy),
    ],
)
def test_formats_round_trip(rng, there, back):
    box = random_xyxy(rng)
    np.testing.assert_allclose(jax.jit(back)(jax.jit(there)(box)), box, atol=1e-5)


def test_formats_by_hand():
    box_xyxy = jnp.array([10.0, 20.0, 40.0, 60.0])
    np.testing.assert_array_equal(boxes.xyxy_to_xywh(box_xyxy), [10, 20, 30, 40])
    np.testing.assert_array_equal(
        boxes.xywh_to_cxcywh(jnp.array([10.0, 20.0, 30.0, 40.0])), [25, 40, 30, 40]
    )
    np.testing.assert_array_equal(
        boxes.xyxy_to_corners(box_xyxy), [[10, 20], [40, 20], [40, 60], [10, 60]]
    )


def test_overlap_equals_shapely(rng):
    first, second = random_xyxy(rng), random_xyxy(rng)
    ours = jax.jit(boxes.intersection_over_union)(first, second)
    a, b = (shapely.box(*np.asarray(box, np.float64).T) for box in (first, second))
    want = shapely.area(shapely.intersection(a, b)) / shapely.area(shapely.union(a, b))
    assert 0 < np.mean(want > 0) < 1
    np.testing.assert_allclose(ours, want, atol=1e-5)


def test_overlap_of_empty_boxes_is_zero():
    empty, inverted = jnp.zeros(4), jnp.array([5.0, 5.0, 1.0, 1.0])
    assert float(boxes.intersection_over_union(empty, empty)) == 0
    assert float(boxes.intersection_over_union(inverted, inverted)) == 0


@pytest.mark.parametrize("box", [(0, 0, 12, 9), (3, 2, 4, 9), (11, 8, 12, 9)])
def test_box_of_a_filled_box_is_that_box(box):
    left, top, right, bottom = box
    mask = np.zeros((9, 12), bool)
    mask[top:bottom, left:right] = True
    np.testing.assert_array_equal(jax.jit(boxes.mask_to_xyxy)(mask), box)


def test_box_of_an_empty_mask_is_zero():
    np.testing.assert_array_equal(boxes.mask_to_xyxy(jnp.zeros((9, 12), bool)), [0] * 4)
