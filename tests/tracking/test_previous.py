"""What networks that are shown the last frame's mask are shown."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax import overrides
from samn_jax.tracking import multi_object, segmentation, tracker
from samn_jax.tracking.state import TrackerSpec
from tests.tracking import color_net

FRAMES, MASKS = color_net.make_clip([(30 + 4 * i, 30 + 2 * i) for i in range(5)])
FRAMES = jnp.asarray(FRAMES)
EXTENT = jnp.array([96, 120])
BLANK = jnp.full_like(FRAMES[0], 110)


class ShownNet(color_net.ColorNet):
    """Finds a color where the last mask is or is near; nothing, if it is empty."""

    previous_mask = True

    def decode(self, readout, query, center_xy, previous=None):
        log_odds = super().decode(readout, query, center_xy)
        if previous is None:
            return log_odds
        near = jax.lax.reduce_window(
            previous, 0.0, jax.lax.max, (1, 9, 9), (1, 1, 1), "SAME"
        )
        near = jnp.repeat(jnp.repeat(near, 2, axis=1), 2, axis=2)
        return jnp.where(near > 0.5, log_odds, -9.0)


SPEC = TrackerSpec.of(
    ShownNet(), overrides.merge(color_net.CONFIG, {"use_spatial": False})
)


@functools.cache
def functions():
    init = jax.jit(tracker.init_tracker, static_argnums=0, static_argnames="from_mask")
    return init, jax.jit(tracker.track_step, static_argnums=0)


def start(from_mask=True, mask=MASKS[0]):
    mask = mask.astype(np.float32)
    return functions()[0](SPEC, {}, FRAMES[0], EXTENT, mask, from_mask=from_mask)[0]


def test_it_is_the_last_answer_as_the_new_crop_sees_it():
    state = start()
    for index in range(1, 5):
        region = tracker.observe(SPEC, {}, state, FRAMES[index]).region
        seen = segmentation.seen_again(state.previous, region.crop)
        scale = 32 / float(region.crop.side)
        left, top = np.asarray(region.crop.center_xy) - float(region.crop.side) / 2
        y, x = np.mgrid[:32, :32] + 0.5
        there = MASKS[index - 1][
            np.clip((top + y / scale).astype(int), 0, 95),
            np.clip((left + x / scale).astype(int), 0, 119),
        ]
        assert color_net.overlap(seen, there) > 0.8
        state, answer = functions()[1](SPEC, {}, state, FRAMES[index])
        assert color_net.overlap(answer.mask, MASKS[index]) > 0.8


def test_of_a_lost_target_it_is_empty():
    state, answer = functions()[1](SPEC, {}, start(), BLANK)
    assert answer.confidence == 0 and not np.any(state.previous.prob)


@pytest.mark.parametrize("from_mask", [True, False])
def test_it_is_there_from_the_first_frame_on(from_mask):
    state = start(from_mask)
    assert state.previous.prob.shape == (32, 32)
    area = float(jnp.sum(state.previous.prob)) * 4
    pixels = area * (float(state.previous.crop.side) / 64) ** 2
    assert 300 < pixels < 500  # of 20 × 20


def test_networks_that_are_not_shown_it_carry_nothing():
    spec = color_net.make_spec(use_spatial=False)
    mask = MASKS[0].astype(np.float32)
    state, _ = functions()[0](spec, {}, FRAMES[0], EXTENT, mask, from_mask=True)
    assert state.previous is None


def test_each_of_several_objects_has_its_own():
    masks = MASKS[0], np.roll(MASKS[0], 40, axis=1)
    ones = [start(mask=mask) for mask in masks]
    many = multi_object.empty_slots(ones[0], 3)
    for slot, one in enumerate(ones):
        number = jnp.int32(slot)
        many = multi_object.place_object(many, one, number, number + 1)
    step = jax.jit(multi_object.step_objects, static_argnums=0)
    after, _ = step(SPEC, {}, many, FRAMES[1])
    alone, _ = functions()[1](SPEC, {}, ones[0], FRAMES[1])
    given = jax.tree.map(lambda x: x[0], after.objects.previous)
    np.testing.assert_allclose(given.crop.center_xy, alone.previous.crop.center_xy)
    assert color_net.overlap(given.prob, alone.previous.prob > 0.5) > 0.9
