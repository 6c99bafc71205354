import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import ndimage

from samn_jax.geometry import components

EIGHT = np.ones((3, 3), int)
fill_holes = jax.jit(components.fill_holes)
largest_component = jax.jit(components.largest_component, static_argnames=("min_area",))


def spiral(size):
    """A path one pixel wide that winds inwards with gaps of one pixel."""
    mask = np.zeros((size, size), bool)
    for ring in range(0, size // 2, 2):
        last = size - 1 - ring
        mask[ring, max(ring - 2, 0) : last + 1] = True
        mask[ring : last + 1, last] = True
        mask[last, ring : last + 1] = True
        mask[ring + 2 : last + 1, ring] = True
    return mask


def noise(density, shape=(64, 64), seed=0):
    return np.random.default_rng(seed).random(shape) < density


def blobs(threshold, shape=(64, 64), seed=0):
    field = ndimage.gaussian_filter(noise(0.5, shape, seed).astype(float), 3)
    return field > np.quantile(field, threshold)


MASKS = {
    "spiral": spiral(64),
    "gaps of a spiral": ~spiral(64),
    "sparse noise": noise(0.2),
    "half noise": noise(0.5),
    "percolating noise": noise(0.4),
    "dense noise": noise(0.8),
    "many blobs": blobs(0.6),
    "odd sizes": blobs(0.8, (63, 71)),
    "holes": blobs(0.2),
    "full": np.ones((64, 64), bool),
    "empty": np.zeros((64, 64), bool),
    "one row": noise(0.7, (1, 64)),
}


@pytest.mark.parametrize("name", MASKS)
def test_holes_are_filled_as_scipy_does(name):
    want = ndimage.binary_fill_holes(MASKS[name])
    np.testing.assert_array_equal(fill_holes(MASKS[name]), want)


@pytest.mark.parametrize("name", MASKS)
def test_euler_number_is_that_of_scipys_counts(name):
    mask = np.pad(MASKS[name], 1)
    inside = ndimage.label(mask, EIGHT)[1]
    holes = ndimage.label(~mask)[1] - 1
    assert jax.jit(components.euler_number)(MASKS[name]) == inside - holes


@pytest.mark.parametrize("name", MASKS)
def test_a_component_is_filled_as_scipy_does(name):
    labels, count = ndimage.label(MASKS[name], EIGHT)
    fill = jax.jit(components.fill_component)
    for index in range(min(count, 5) + 1):
        one = labels == index if index else np.zeros_like(MASKS[name])
        np.testing.assert_array_equal(fill(one), ndimage.binary_fill_holes(one))


@pytest.mark.parametrize("name", MASKS)
def test_largest_component_equals_scipy(name):
    mask = MASKS[name]
    labels, count = ndimage.label(mask, EIGHT)
    sizes = np.bincount(labels.reshape(-1), minlength=count + 1)[1:]
    ours, area = largest_component(mask, min_area=1)
    assert int(area) == max(sizes, default=0) == np.sum(ours)
    if count:
        inside = labels[np.asarray(ours)]
        assert inside.min() == inside.max() > 0


@pytest.mark.parametrize(("shape", "kept"), [((7, 7), False), ((5, 10), True)])
def test_components_under_fifty_pixels_are_none(shape, kept):
    mask = np.zeros((20, 20), bool)
    mask[3 : 3 + shape[0], 4 : 4 + shape[1]] = True
    ours, area = largest_component(mask)
    np.testing.assert_array_equal(ours, mask & kept)
    assert int(area) == (50 if kept else 0)


def test_diagonal_pixels_connect_objects_and_not_background():
    diamond = np.abs(np.arange(-5, 6))[:, None] + np.abs(np.arange(-5, 6))[None] == 4
    ours, area = largest_component(diamond, min_area=1)
    assert int(area) == diamond.sum() == 16
    np.testing.assert_array_equal(ours, diamond)
    assert np.sum(fill_holes(diamond)) == 41


def test_objects_by_vmap():
    masks = np.stack([noise(0.3), noise(0.6, seed=1)])
    ours, areas = jax.jit(jax.vmap(components.largest_component))(jnp.asarray(masks))
    for mask, one, area in zip(masks, ours, areas, strict=True):
        want, want_area = largest_component(mask)
        np.testing.assert_array_equal(one, want)
        assert int(area) == int(want_area)
