"""Several objects with a tracker of one."""

import numpy as np

from samn_jax.evaluation.trackers import objects


def test_pixel_goes_to_the_most_probable_of_background_and_objects():
    first = np.array([[0.4, 0.6, 0.3, 0.7]], np.float32)
    second = np.array([[0.4, 0.7, 0.3, 0.1]], np.float32)
    # Background: 0.36, 0.12, 0.49, 0.27.
    found = objects.winners({3: first, 4: second})
    np.testing.assert_array_equal(found, [[3, 4, 0, 3]])


def test_winners_equal_a_count_pixel_by_pixel():
    rng = np.random.default_rng(0)
    masks = {i: rng.random((7, 9), np.float32) for i in (2, 5, 250)}
    expected = np.zeros((7, 9), np.uint8)
    for y, x in np.ndindex(7, 9):
        each = {i: float(mask[y, x]) for i, mask in masks.items()}
        each[0] = float(np.prod([1 - p for p in each.values()]))
        expected[y, x] = max(each, key=each.get)
    np.testing.assert_array_equal(objects.winners(masks), expected)
