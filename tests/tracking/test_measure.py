import dataclasses
import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.geometry import crops, rectangles
from samn_jax.tracking import measure
from samn_jax.tracking.state import Target, floats
from tests.tracking import color_net

CONFIG = color_net.CONFIG
update = jax.jit(measure.update_target, static_argnames="config")


def make_target(size=(20.0, 30.0), area=400.0, first_size=(10.0, 15.0), first=100.0):
    return Target(
        floats(50.0, 40.0),
        floats(*size),
        jnp.float32(area),
        floats(*first_size),
        jnp.float32(first),
    )


def make_measurement(area, found=True):
    component = jnp.zeros((8, 8), bool)
    center = floats(60.0, 45.0)
    one = jnp.float32(1.0)
    box = rectangles.minimum_area_box(component)
    return measure.Measurement(
        component, jnp.bool_(found), box, center, jnp.float32(area), one
    )


# The target is 20 x 30 with area 400; it was 10 x 15 with area 100. So an area of 441
# asks for a width of 10 · sqrt(441 / 100) = 21.
@pytest.mark.parametrize(
    ("area", "step", "down", "width"),
    [
        (400.0, 0.1, 1.0, 20.0),
        (441.0, 0.1, 1.0, 21.0),
        (484.0, 0.1, 1.0, 22.0),
        (484.0, 0.05, 1.0, 21.0),  # 22 is more than 5 % up
        (361.0, 0.1, 1.0, 19.0),
        (361.0, 0.1, 0.02, 19.6),  # down by 2 % at most
        (441.0, 0.1, 0.02, 21.0),  # which doesn't hold back what grows
        (324.0, 0.05, 1.0, 19.0),  # 18 is more than 5 % down
        (1199.0, 0.1, 1.0, 22.0),  # just below three times the area
        (1201.0, 0.1, 1.0, 20.0),  # above: not believed
        (134.0, 0.1, 1.0, 18.0),  # just above a third of the area
        (133.0, 0.1, 1.0, 20.0),  # below: not believed
    ],
)
def test_size_follows_the_area_by_a_bounded_step(area, step, down, width):
    config = dataclasses.replace(CONFIG, max_area_ratio=3.0, scale_step_down=down)
    target = make_target()
    given = jnp.float32(step), jnp.bool_(True)
    new = update(target, make_measurement(area), *given, config=config)
    np.testing.assert_allclose(new.size_wh, [width, 1.5 * width], rtol=1e-5)
    np.testing.assert_allclose(new.center_xy, [60.0, 45.0])
    assert new.area == area
    np.testing.assert_array_equal(new.first_size_wh, target.first_size_wh)


def test_size_stays_where_it_may_not_change():
    given = jnp.float32(0.1), jnp.bool_(False)
    new = update(make_target(), make_measurement(441.0), *given, config=CONFIG)
    np.testing.assert_array_equal(new.size_wh, [20.0, 30.0])
    np.testing.assert_array_equal(new.center_xy, [60.0, 45.0])
    assert new.area == 441.0


def test_target_that_was_not_found_is_left_as_it_was():
    target = make_target()
    given = jnp.float32(0.1), jnp.bool_(True)
    lost = make_measurement(441.0, found=False)
    chex.assert_trees_all_equal(update(target, lost, *given, config=CONFIG), target)


def test_size_stays_above_four_pixels_and_is_finite_without_area():
    target = make_target(size=(4.1, 4.1), area=0.0, first=0.0)
    measured = make_measurement(1.0)
    given = jnp.float32(0.1), jnp.bool_(True)
    new = update(target, measured, *given, config=CONFIG)
    assert np.all(np.isfinite(new.size_wh)) and np.all(new.size_wh >= 4.0)


CROP = crops.SquareCrop(floats(70.0, 50.0), jnp.float32(32.0), jnp.int32(1))


@pytest.fixture(scope="module")
def seen():
    """A rectangle and a smaller one beside it, measured and reported."""
    prob = np.zeros((64, 64), np.float32)
    prob[20:30, 10:40] = 0.75
    prob[50:54, 50:54] = 0.9
    return prob, report_of(prob, CONFIG)


@functools.partial(jax.jit, static_argnums=1)
def report_of(prob, config):
    measured = measure.measure(config, prob, CROP, jnp.float32(0.5))
    return measured, measure.report(config, prob, measured, CROP, (96, 120))


def test_measure_takes_the_largest_component_in_image_pixels(seen):
    prob, (measured, _) = seen
    np.testing.assert_array_equal(measured.component, prob == 0.75)
    # Half an image pixel per crop pixel, from (54, 34).
    assert measured.found and measured.area == 300 / 4
    np.testing.assert_allclose(measured.center_xy, [54 + 12.5, 34 + 12.5], atol=0.3)


def test_report_says_where_the_target_is(seen):
    prob, (_, answer) = seen
    assert answer.mask.shape == (96, 120)
    rows, columns = np.nonzero(np.asarray(answer.mask[34:58, 54:74]) > 0.5)
    assert (rows.min(), rows.max() + 1) == (10, 15)
    assert (columns.min(), columns.max() + 1) == (5, 20)
    np.testing.assert_allclose(answer.box_xywh, [59.0, 44.0, 15.0, 5.0], atol=1e-4)
    low, high = np.min(answer.polygon, axis=0), np.max(answer.polygon, axis=0)
    np.testing.assert_allclose(low, [59.0, 44.0], atol=1.0)
    np.testing.assert_allclose(high, [74.0, 49.0], atol=1.0)
    np.testing.assert_allclose(answer.confidence, 0.75, rtol=1e-5)
    other = np.asarray(answer.mask)[34 + 26, 54 + 26]
    assert other > 0.5, "the mask shows all that the network found"


def test_report_keeps_the_component_alone_on_demand(seen):
    prob, (_, plain) = seen
    config = dataclasses.replace(CONFIG, keep_component=True)
    _, answer = report_of(prob, config)
    assert np.asarray(answer.mask)[34 + 26, 54 + 26] == 0
    np.testing.assert_array_equal(answer.box_xywh, plain.box_xywh)


def test_nothing_found_is_confidence_zero_and_no_box(seen):
    prob, _ = seen
    measured, answer = report_of(
        np.where(prob > 0.8, prob, 0.4).astype(np.float32), CONFIG
    )
    assert measured.found, "16 pixels are above the least area of 10"
    measured, answer = report_of(np.full((64, 64), 0.4, np.float32), CONFIG)
    assert not measured.found and measured.area == 0
    assert answer.confidence == 0
    np.testing.assert_array_equal(answer.box_xywh, 0)
    np.testing.assert_array_equal(answer.polygon, 0)
