"""What docs/DIFFERENTIATE.md says of gradients, on a network that compiles soon."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.memory import regression
from samn_jax.memory.designs.afb_urr import AfbUrr
from samn_jax.memory.designs.mean import Mean
from samn_jax.tracking import TrackerConfig, TrackerSpec, init_tracker, track_step
from tests.examples import loading
from tests.tracking import color_net

pytestmark = pytest.mark.rounding
PLAIN = color_net.make_spec(use_spatial=False)
FRAMES, MASKS = color_net.make_clip([(30 + 4 * i, 30) for i in range(4)], (128, 128))
# The target turns from red to orange, so that it matters what is remembered of it.
FRAMES = jnp.stack(
    [
        jnp.asarray(np.where(mask[..., None], np.uint8((220, 30 + 25 * i, 30)), frame))
        for i, (frame, mask) in enumerate(zip(FRAMES, MASKS, strict=True))
    ]
)
MASKS = jnp.asarray(MASKS, jnp.float32)
CLIP = MASKS[0], FRAMES, MASKS[1:]
EXTENT = jnp.array([128, 128], jnp.int32)


# The tests' checker of types holds `float` to be no traced number: without it, outside
# of the tests, the settings of the package are traced as these are.
@dataclasses.dataclass(frozen=True)
class AnyMean(Mean):
    rate: Any = 0.2


@dataclasses.dataclass(frozen=True)
class AnyAfbUrr(AfbUrr):
    alike: Any = 0.95


@dataclasses.dataclass(frozen=True)
class AnyConfig(TrackerConfig):
    max_area_ratio: Any = 3.0


example = loading.load("differentiate")


def spec_of(design):
    return TrackerSpec.of(PLAIN.network, PLAIN.config, design)


@jax.jit
def begin(mask):
    return init_tracker(PLAIN, {}, FRAMES[0], EXTENT, mask, from_mask=True)[0]


step = jax.jit(track_step, static_argnums=0)


def test_marks_have_a_gradient():
    slope = np.asarray(example.gradient_of_marks(PLAIN, {}, *CLIP))
    assert np.isfinite(slope).all() and np.abs(slope).max() > 0


def test_settings_are_traced_and_the_smooth_ones_have_a_gradient():
    rates, change = np.array([0.2, 0.5, 0.8], np.float32), 0.02
    given = jnp.asarray(np.concatenate((rates, rates + change, rates - change)))
    spec = spec_of(AnyMean())
    found = example.losses_of_settings(spec, {}, "rate", given, CLIP)
    values, slopes = (np.asarray(x).reshape(3, 3) for x in found)
    wanted = jax.jit(example.loss, static_argnums=0)(spec, {}, *CLIP)
    np.testing.assert_allclose(values[0, 0], wanted, rtol=1e-4)
    np.testing.assert_allclose(
        slopes[0], (values[1] - values[2]) / (2 * change), rtol=0.05, atol=1e-6
    )
    assert np.abs(slopes).max() > 1e-6


def test_thresholds_have_none():
    spec = spec_of(AnyAfbUrr(capacity=3))
    _, slopes = example.losses_of_settings(
        spec, {}, "alike", jnp.array([0.5, 0.9]), CLIP
    )
    np.testing.assert_array_equal(slopes, 0.0)


def test_place_and_size_have_no_gradient():
    state = begin(CLIP[0])

    @jax.jit
    @jax.grad
    def slope(values):
        bank = state.memory.bank._replace(value=values)
        memory = state.memory._replace(bank=bank)
        after, _ = track_step(PLAIN, {}, state._replace(memory=memory), FRAMES[1])
        return jnp.sum(after.target.center_xy) + jnp.sum(after.target.size_wh)

    found = jax.tree.leaves(slope(state.memory.bank.value))
    assert found and all(not np.any(x) for x in found)


def test_tracker_settings_are_traced_too():
    state = begin(CLIP[0])
    larger, _ = color_net.draw([(32, 30, 26, 26)], (128, 128))

    @jax.jit
    @jax.vmap
    def width(ratio):
        config = AnyConfig(**vars(PLAIN.config) | {"max_area_ratio": ratio})
        spec = dataclasses.replace(PLAIN, config=config)
        after, _ = track_step(spec, {}, state, jnp.asarray(larger))
        return after.target.size_wh[0]

    # A change of the area by more than the ratio is not real.
    kept, grown = width(jnp.array([1.2, 3.0]))
    assert kept == 20.0 and grown > 20.5


def test_labels_of_0_and_1_are_a_kink():
    seen = jnp.ones((4,))

    def weight(share):
        return regression.balanced_weights(share, seen)[0]

    inside = jnp.array([0.999, 0.4, 0.0, 0.2])
    slope = jax.grad(weight)(inside)[0]
    at_one = jax.grad(weight)(inside.at[0].set(1.0))[0]
    beyond = jax.grad(weight)(inside.at[0].set(1.001))[0]
    assert beyond == 0.0
    assert float(at_one) == pytest.approx(float(slope) / 2, rel=0.01)


def test_each_device_has_its_video():
    states = [begin(CLIP[0]), begin(CLIP[0] * 0.9)]
    stacked = jax.tree.map(lambda *x: jnp.stack(x), *states)
    after, answers = example.step_on_all_devices(PLAIN, {}, stacked, FRAMES[1:3])
    assert len(answers.mask.sharding.device_set) == 2
    for index, state in enumerate(states):
        _, wanted = step(PLAIN, {}, state, FRAMES[index + 1])
        np.testing.assert_allclose(answers.mask[index], wanted.mask, atol=1e-5)
