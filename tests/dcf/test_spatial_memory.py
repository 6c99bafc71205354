import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax import errors
from samn_jax.dcf import spatial_config, spatial_correction, spatial_memory

CELLS, CHANNELS = 18, 12
CONFIG = spatial_config.SpatialMemoryConfig(
    num_projected=8,
    capacity=20,
    learning_rate=0.2,
    train_every_frames=4,
    num_maxima=3,
)
TARGET_CELLS = jnp.array([3.0, 4.0])

_init = jax.jit(functools.partial(spatial_memory.init_spatial_memory, CONFIG))
_localize = jax.jit(
    functools.partial(
        spatial_memory.respond,
        CONFIG,
        target_size_px=TARGET_CELLS * CONFIG.stride,
    )
)
_update = jax.jit(functools.partial(spatial_memory.update_spatial_memory, CONFIG))


def _scene(seed: int, *centers_xy: tuple[float, float]) -> jax.Array:
    """Features of noise with the target's own pattern at the given cells."""
    rng = np.random.default_rng(seed)
    pattern = np.random.default_rng(99).standard_normal(CHANNELS)
    y, x = np.mgrid[:CELLS, :CELLS] + 0.5
    features = 0.1 * rng.standard_normal((CELLS, CELLS, CHANNELS))
    for center_x, center_y in centers_xy:
        blob = np.exp(-((x - center_x) ** 2 + (y - center_y) ** 2) / (2 * 1.0**2))
        features += 2 * blob[..., None] * pattern
    return jnp.asarray(features, jnp.float32)


@pytest.fixture(scope="module")
def memory() -> spatial_memory.SpatialMemory:
    rng = np.random.default_rng(0)
    centers = 9 + rng.uniform(-4, 4, (8, 2))
    features = jnp.stack([_scene(i, tuple(c)) for i, c in enumerate(centers)])
    return _init(features, jnp.asarray(centers, jnp.float32), TARGET_CELLS)


@pytest.mark.parametrize("center", [(9.0, 9.0), (7.5, 10.25), (11.0, 8.0)])
def test_target_is_found_where_it_is(memory, center):
    found = _localize(memory, _scene(50, center))
    expected = (np.array(center) - CELLS / 2) * CONFIG.stride
    np.testing.assert_allclose(found.offset_xy, expected, atol=0.4 * CONFIG.stride)
    assert 0.6 < found.maximum < 1.3
    assert not found.hard_negative
    assert found.score_map.shape == (CELLS * CONFIG.stride,) * 2


def test_score_of_pure_background_is_low(memory):
    assert _localize(memory, _scene(51)).maximum < 0.4


def test_a_twin_of_the_target_is_a_hard_negative(memory):
    assert _localize(memory, _scene(52, (9.0, 7.0), (9.0, 12.5))).hard_negative


def test_scale_of_the_features_does_not_matter(memory):
    scene = _scene(53, (9.0, 9.0))
    np.testing.assert_allclose(
        _localize(memory, 100 * scene).score_map,
        _localize(memory, scene).score_map,
        atol=1e-5,
    )


def test_black_features_give_finite_scores(memory):
    found = _localize(memory, jnp.zeros((CELLS, CELLS, CHANNELS)))
    assert np.all(np.isfinite(found.score_map))
    assert np.isfinite(found.uncertainty)


def _track(memory, num_frames, accepted=True, center=(9.0, 9.0)):
    """The memory, and the localizations, after frames with the target at `center`."""
    found = []
    for frame in range(num_frames):
        found.append(_localize(memory, _scene(100 + frame, center)))
        memory = _update(
            memory, found[-1], jnp.array(center), accepted=jnp.array(accepted)
        )
    return memory, found


def test_uncertainty_is_the_mean_accepted_maximum_over_this_one(memory):
    _, found = _track(memory, 8)
    maxima = [1.0] + [float(f.maximum) for f in found]
    for index, localization in enumerate(found):
        last = maxima[: index + 1][-CONFIG.num_maxima :]
        # The first frame and the next four are trusted.
        expected = 0.0 if index < 4 else np.mean(last) / maxima[index + 1]
        np.testing.assert_allclose(localization.uncertainty, expected, rtol=1e-5)


def test_rejected_frames_leave_samples_and_maxima_alone(memory):
    after, _ = _track(memory, 3, accepted=False)
    chex.assert_trees_all_equal(after.samples, memory.samples)
    np.testing.assert_array_equal(after.maxima, memory.maxima)
    assert after.num_maxima == memory.num_maxima
    assert after.num_frames == 4


def test_no_positive_maximum_is_very_uncertain(memory):
    late = memory._replace(num_frames=jnp.int32(10), filter=-memory.filter)
    found = _localize(late, _scene(60, (9.0, 9.0)))
    no_score = _localize(late._replace(filter=0 * memory.filter), _scene(60))
    assert found.uncertainty > CONFIG.num_maxima
    assert no_score.maximum == 0
    assert np.isfinite(no_score.uncertainty)
    assert no_score.uncertainty > 1e3


def test_filter_is_refined_when_due(memory):
    for frame in range(1, 9):
        after, _ = _track(memory, 1)
        changed = not np.array_equal(after.filter, memory.filter)
        assert changed == (frame % CONFIG.train_every_frames == 0)
        memory = after


def test_filter_is_refined_at_once_on_a_hard_negative(memory):
    found = _localize(memory, _scene(52, (9.0, 7.0), (9.0, 12.5)))
    after = _update(memory, found, jnp.array([9.0, 7.0]), accepted=jnp.array(True))
    assert not np.array_equal(after.filter, memory.filter)
    # The sample weighs as much as a hard negative's learning rate says.
    rate = CONFIG.hard_negative_learning_rate
    np.testing.assert_allclose(
        after.samples.weights[8], rate / (rate + 1 / (1 - rate)), rtol=1e-5
    )


_correct = jax.jit(functools.partial(spatial_correction.correct_spatial_memory, CONFIG))


def test_a_correction_replaces_what_was_learned_of_its_frame(memory):
    before, _ = _track(memory, 3)
    slot = int(before.samples.last_written)
    first, second = (jnp.array(center) for center in [(5.0, 5.0), (12.0, 8.0)])
    wrong = _correct(before, _localize(before, _scene(70, (5.0, 5.0))), first)
    found = _localize(wrong, _scene(71, (12.0, 8.0)))
    after = _correct(wrong, found, second)
    chex.assert_trees_all_equal_shapes_and_dtypes(before, after)
    np.testing.assert_array_equal(after.samples.weights, before.samples.weights)
    for name in ("samples", "labels"):
        old, new = (getattr(x.samples, name) for x in (before, after))
        changed = np.flatnonzero(np.any(old != new, axis=tuple(range(1, old.ndim))))
        assert changed.tolist() == [slot]
    np.testing.assert_array_equal(after.samples.samples[slot], found.sample)
    # The filter is even: the label's peak is at the corner of its cell.
    peak = np.argmax(after.samples.labels[slot])
    assert np.unravel_index(peak, (CELLS, CELLS)) == (8, 12)
    maxima = np.asarray(before.maxima).copy()
    maxima[3 % CONFIG.num_maxima] = found.maximum
    np.testing.assert_array_equal(after.maxima, maxima)
    assert (after.num_frames, after.num_maxima) == (4, 4)
    assert not np.array_equal(after.filter, wrong.filter)


def test_a_correction_of_a_frame_that_taught_nothing_adds_a_sample(memory):
    before, _ = _track(memory, 1, accepted=False)
    found = _localize(before, _scene(72, (9.0, 7.0)))
    after = _correct(before, found, jnp.array([9.0, 7.0]))
    rate = CONFIG.hard_negative_learning_rate
    np.testing.assert_allclose(
        after.samples.weights[8], rate / (rate + 1 / (1 - rate)), rtol=1e-5
    )
    np.testing.assert_array_equal(after.samples.samples[8], found.sample)
    assert (after.num_frames, after.num_maxima, after.last_sample) == (2, 2, 2)
    # The next frame is another one.
    later = _update(after, found, jnp.array([9.0, 7.0]), accepted=jnp.array(True))
    assert later.samples.last_written == 9 and later.last_sample == 3


def test_filter_learns_a_new_appearance(memory):
    """Every channel takes its neighbor's part, and the filter is told where."""

    def changed(seed):
        return jnp.roll(_scene(seed, (9.0, 9.0)), 1, axis=-1)

    before = _localize(memory, changed(200)).maximum
    for frame in range(12):
        found = _localize(memory, changed(201 + frame))
        memory = _update(memory, found, jnp.array([9.0, 9.0]), accepted=jnp.array(True))
    after = _localize(memory, changed(300))
    assert after.maximum > before + 0.3
    np.testing.assert_allclose(after.offset_xy, 0.0, atol=0.4 * CONFIG.stride)


def test_whole_video_in_one_scan(memory):
    frames = jnp.stack([_scene(i, (9.0, 9.0 + 0.2 * i)) for i in range(6)])

    def step(memory, frame):
        found = spatial_memory.respond(
            CONFIG, memory, frame, target_size_px=TARGET_CELLS * CONFIG.stride
        )
        center = CELLS / 2 + found.offset_xy / CONFIG.stride
        memory = spatial_memory.update_spatial_memory(
            CONFIG, memory, found, center, accepted=found.uncertainty < 3
        )
        return memory, center

    _, centers = jax.jit(functools.partial(jax.lax.scan, step))(memory, frames)
    expected = np.stack([np.full(6, 9.0), 9.0 + 0.2 * np.arange(6)], axis=1)
    np.testing.assert_allclose(centers, expected, atol=0.5)


def test_more_first_frame_samples_than_capacity_are_refused():
    with pytest.raises(errors.InputError, match="capacity"):
        _init(
            jnp.ones((21, CELLS, CELLS, CHANNELS)), jnp.full((21, 2), 9.0), TARGET_CELLS
        )
