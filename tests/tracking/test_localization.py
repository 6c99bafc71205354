import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.tracking import localization, segmentation
from samn_jax.tracking.state import Target, floats
from tests.tracking import color_net

EXTENT = np.array([96, 120], np.int32)
SPEC = color_net.make_spec()
first = jax.jit(localization.first_memory, static_argnums=0)
localize = jax.jit(localization.localize, static_argnums=0)


def make_target(x, y):
    size, area = floats(20.0, 20.0), jnp.float32(400.0)
    return Target(floats(x, y), size, area, size, area)


@pytest.fixture(scope="module")
def memory():
    """Fitted to a red square of 20 pixels around (60, 48)."""
    frame, _ = color_net.draw([(50, 38, 20, 20)])
    return first(SPEC, {}, frame, EXTENT, make_target(60.0, 48.0))


def localized_in(memory, box, center):
    frame, _ = color_net.draw([box])
    return localize(SPEC, {}, frame, EXTENT, (memory, make_target(*center)))


def test_first_memory_holds_the_augmented_samples(memory):
    # The frame itself, one shift and the mirror image.
    assert int(jnp.sum(memory.samples.weights > 0)) == 3
    # Labels reach a quarter of the target's size, of 96 / 90 pixels in 16ths.
    np.testing.assert_allclose(memory.sigma, 0.25 * 20 * (96 / 90) / 16, rtol=1e-3)


@pytest.mark.parametrize("shift", [(0, 0), (14, 0), (-14, 8), (0, -14)])
def test_the_filter_follows_the_target(memory, shift):
    box = (50 + shift[0], 38 + shift[1], 20, 20)
    localized = localized_in(memory, box, (60.0, 48.0))
    wanted = np.array([60.0, 48.0]) + shift
    # A cell is 15 image pixels wide.
    np.testing.assert_allclose(localized.center_xy, wanted, atol=6.0)
    assert localized.uncertainty == 0, "the first frames are trusted"


def test_one_search_region_is_the_networks_own_crop():
    """Features of the network's region say what the filter's own say."""
    spec = color_net.make_spec(one_search_region=True, crop_size=96, crop_samples=2)
    frame, _ = color_net.draw([(50, 38, 20, 20)])
    moved, _ = color_net.draw([(60, 30, 20, 20)])
    target = make_target(60.0, 48.0)
    memory = first(spec, {}, frame, EXTENT, target)

    @jax.jit
    def localize_in_region(frame, extent):
        region = segmentation.search_region(
            spec, {}, frame, extent, target, jnp.int32(0)
        )
        return localization.localize_in(
            spec, region.query.pyramid[0], region.crop, extent, (memory, target)
        )

    ours = localize_in_region(moved, EXTENT)
    own = localize(spec, {}, moved, EXTENT, (memory, target))
    jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, atol=1e-4), ours, own)
    np.testing.assert_allclose(ours.center_xy, [70.0, 40.0], atol=6.0)
    # The labels' width is a quarter of the target's size in cells of this crop.
    np.testing.assert_allclose(memory.sigma, 0.25 * 20 * (96 / 80) / 16, rtol=1e-3)


def test_the_place_stays_inside_the_frame(memory):
    # The edge is repeated outside: the target seems to reach beyond it.
    localized = localized_in(memory, (110, 0, 10, 20), (119.0, 2.0))
    center = np.asarray(localized.center_xy)
    assert np.all(center >= 0) and np.all(center <= EXTENT[::-1])


def test_learning_takes_accepted_frames_alone(memory):
    localized = localized_in(memory, (54, 38, 20, 20), (60.0, 48.0))
    learn = jax.jit(localization.learn, static_argnums=0)
    center = floats(64.0, 48.0)
    accepted = learn(SPEC, memory, localized, center, jnp.bool_(True))
    refused = learn(SPEC, memory, localized, center, jnp.bool_(False))
    np.testing.assert_array_equal(refused.samples.weights, memory.samples.weights)
    np.testing.assert_array_equal(refused.samples.labels, memory.samples.labels)
    slot = int(np.flatnonzero(memory.samples.weights == 0)[0])
    label = np.asarray(accepted.samples.labels[slot])
    assert accepted.samples.weights[slot] > 0
    # Entry i of the label of an even filter is the border i cells from the left.
    left = float(localized.crop.center_xy[0] - localized.crop.side / 2)
    cell = float(localized.crop.side) / 6
    distance = np.arange(label.shape[1]) - (64.0 - left) / cell
    wanted = np.exp(-0.5 * (distance / float(memory.sigma)) ** 2)
    columns = label.sum(axis=0)
    np.testing.assert_allclose(
        columns / columns.sum(), wanted / wanted.sum(), atol=1e-3
    )
