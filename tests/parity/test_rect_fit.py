"""Largest component, least-area box and fitted boxes against the authors' release."""

import jax
import numpy as np
import pytest
import shapely

from samn_jax.geometry import boxes, components, rectangle_fit, rectangles
from tests.parity.golden import files

SIZE = 384
MIN_OVERLAP = 0.97


@jax.jit
def measure(mask):
    component, _ = components.largest_component(components.fill_holes(mask))
    return (
        component,
        rectangles.corners(rectangles.minimum_area_box(component)),
        rectangles.corners(rectangle_fit.fit_box(component)),
        boxes.mask_to_xyxy(component),
    )


def overlap(ours, golden):
    """Intersection over union of two polygons; golden (0, 0) is a pixel's center."""
    ours, golden = shapely.Polygon(ours), shapely.Polygon(golden + 0.5)
    return ours.intersection(golden).area / ours.union(golden).area


def unpack(bits):
    return np.unpackbits(bits).reshape(SIZE, SIZE).astype(bool)


@pytest.mark.parametrize("file", files("*rect_fit*.npz"))
def test_boxes_of_masks_equal_golden(file):
    golden = np.load(file)
    for i in range(sum(key.startswith("mask_") for key in golden)):
        component, least, fitted, upright = measure(unpack(golden[f"mask_{i}"]))
        want = unpack(golden[f"largest_component_{i}"])
        np.testing.assert_array_equal(component, want)
        assert overlap(least, golden[f"min_area_rect_{i}"]) >= MIN_OVERLAP
        assert overlap(fitted, golden[f"fit_rotated_{i}"]) >= MIN_OVERLAP
        # The upright box runs through pixel centers, ours around whole pixels.
        upright = np.asarray(upright) - [0, 0, 1, 1]
        corners = golden[f"fit_axis_aligned_{i}"]
        np.testing.assert_array_equal(upright[:2], corners.min(0))
        np.testing.assert_array_equal(upright[2:], corners.max(0))
