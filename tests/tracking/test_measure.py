import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.geometry import crops
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
    return measure.Measurement(
        component, jnp.bool_(found), center, jnp.float32(area), one
    )


def numpy_update(target, area, found, step, may_scale, limit, down=1.0):
    """Center, size and area, from the rule in words."""
    if not found:
        return target.center_xy, np.maximum(target.size_wh, 4.0), target.area
    size = np.asarray(target.size_wh, np.float64)
    ratio = max(area, 1e-9) / float(target.area)
    if may_scale and 1 / limit < ratio < limit:
        wanted = float(target.first_size_wh[0]) * np.sqrt(area / target.first_area)
        size = size * min(max(wanted / size[0], 1 - min(step, down)), 1 + step)
    return (60.0, 45.0), np.maximum(size, 4.0), area


@pytest.mark.parametrize("found", [True, False])
@pytest.mark.parametrize("may_scale", [True, False])
@pytest.mark.parametrize("step", [0.05, 0.1])
@pytest.mark.parametrize("down", [0.02, 1.0])
def test_update_follows_the_rule(found, may_scale, step, down):
    config = dataclasses.replace(CONFIG, max_area_ratio=3.0, scale_step_down=down)
    target = make_target()
    # Unchanged, slightly smaller and larger, at the limit's both sides, far outside.
    for area in (400.0, 390.0, 430.0, 1100.0, 150.0, 1250.0, 120.0, 9000.0):
        measured = make_measurement(area, found)
        given = jnp.float32(step), jnp.bool_(may_scale)
        new = update(target, measured, *given, config=config)
        wanted = numpy_update(target, area, found, step, may_scale, 3.0, down)
        np.testing.assert_allclose(new.center_xy, wanted[0], rtol=1e-6)
        np.testing.assert_allclose(new.size_wh, wanted[1], rtol=1e-5)
        np.testing.assert_allclose(new.area, wanted[2], rtol=1e-6)
        assert np.all(np.abs(new.size_wh / target.size_wh - 1) <= step + 1e-6)
        np.testing.assert_array_equal(new.first_size_wh, target.first_size_wh)


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
    return prob, look(prob, CONFIG)


@functools.partial(jax.jit, static_argnums=1)
def look(prob, config):
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
    _, answer = look(prob, config)
    assert np.asarray(answer.mask)[34 + 26, 54 + 26] == 0
    np.testing.assert_array_equal(answer.box_xywh, plain.box_xywh)


def test_nothing_found_is_confidence_zero_and_no_box(seen):
    prob, _ = seen
    measured, answer = look(np.where(prob > 0.8, prob, 0.4).astype(np.float32), CONFIG)
    assert measured.found, "16 pixels are above the least area of 10"
    measured, answer = look(np.full((64, 64), 0.4, np.float32), CONFIG)
    assert not measured.found and measured.area == 0
    assert answer.confidence == 0
    np.testing.assert_array_equal(answer.box_xywh, 0)
    np.testing.assert_array_equal(answer.polygon, 0)
