"""The memory machine's weights against numpy, and what each mode promises."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize

from samn_jax import errors
from samn_jax.memory import machine

MODES = ("none", "cross_reference", "cosine", "emd")

memory_log_weights = jax.jit(machine.memory_log_weights, static_argnums=0)
frame_matches = jax.jit(machine.frame_matches, static_argnums=0)
cell_weights = jax.jit(machine.cell_weights)


def random_keys(*shape, seed=0):
    """Keys with a common direction, as the features of one video have."""
    common = 0.4 * np.random.default_rng(100).normal(size=shape[-1])
    keys = np.random.default_rng(seed).normal(size=shape) + common
    return jnp.asarray(keys, jnp.float32)


def numpy_cells(key):
    """The cells of a key as rows, in float64."""
    return np.asarray(key).reshape(-1, key.shape[-1]).astype(np.float64)


def numpy_cell_weights(cells, reference):
    weights = np.maximum(cells @ reference.mean(axis=0), 0)
    return weights * len(weights) / weights.sum()


def numpy_unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def test_cell_weights_equal_the_formula_and_sum_to_the_cells():
    cells, reference = random_keys(2, 20, 6)
    found = cell_weights(cells, reference)
    expected = numpy_cell_weights(numpy_cells(cells), numpy_cells(reference))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(jnp.sum(found), 20, rtol=1e-5)
    assert jnp.any(found == 0), "a case without a clipped cell tests too little"


@pytest.mark.parametrize("reference", [-1.0, 0.0])
def test_cells_that_all_disagree_weigh_alike(reference):
    cells = jnp.ones((5, 3))
    gradient_of = jax.jit(jax.grad(lambda u, v: machine.cell_weights(u, v)[0]))
    reference = jnp.full((4, 3), reference)
    np.testing.assert_array_equal(cell_weights(cells, reference), 1.0)
    assert jnp.all(jnp.isfinite(gradient_of(cells, reference)))


def test_no_mode_leaves_the_affinity_alone():
    keys, query = random_keys(3, 4, 5, 6), random_keys(4, 5, 6, seed=1)
    config = machine.MachineConfig(mode="none")
    found = memory_log_weights(config, keys, jnp.ones(3, bool), query)
    np.testing.assert_array_equal(found, jnp.zeros((3, 4, 5)))


def test_cross_reference_is_the_log_of_the_cell_weights():
    keys, query = random_keys(3, 4, 5, 6), random_keys(4, 5, 6, seed=1)
    config = machine.MachineConfig(mode="cross_reference")
    found = memory_log_weights(config, keys, jnp.ones(3, bool), query)
    for frame, key in zip(found, keys, strict=True):
        weights = numpy_cell_weights(numpy_cells(key), numpy_cells(query))
        expected = np.log(np.maximum(weights, config.floor))
        np.testing.assert_allclose(frame.reshape(-1), expected, rtol=1e-3, atol=1e-4)


def test_cosine_match_is_the_mean_over_all_pairs_of_cells():
    keys, query = random_keys(3, 4, 5, 6), random_keys(4, 5, 6, seed=1)
    found = frame_matches(machine.MachineConfig(mode="cosine"), keys, query)
    for match, key in zip(found, keys, strict=True):
        cosines = numpy_unit(numpy_cells(key)) @ numpy_unit(numpy_cells(query)).T
        np.testing.assert_allclose(match, np.mean(cosines), atol=1e-5)


def test_emd_match_equals_the_linear_program():
    keys, query = random_keys(2, 4, 3, 6), random_keys(4, 3, 6, seed=1)
    config = machine.MachineConfig(mode="emd", epsilon=0.005, iterations=2000)
    found = frame_matches(config, keys, query)
    for match, key in zip(found, keys, strict=True):
        a, b = numpy_cells(key), numpy_cells(query)
        cost = 1 - numpy_unit(a) @ numpy_unit(b).T
        masses = np.concatenate([numpy_cell_weights(a, b), numpy_cell_weights(b, a)])
        sums = [np.kron(np.eye(12), np.ones(12)), np.kron(np.ones(12), np.eye(12))]
        exact = optimize.linprog(
            cost.ravel(), A_eq=np.vstack(sums), b_eq=masses / len(a)
        )
        np.testing.assert_allclose(1 - match, exact.fun, atol=0.005)


def test_pooling_averages_by_area():
    key = random_keys(24, 5, 3)
    pooled = jax.jit(machine._pool, static_argnums=1)(key, 12)
    expected = np.reshape(key, (12, 2, 5, 3)).mean(axis=1)
    np.testing.assert_allclose(pooled, expected, atol=1e-6)
    uneven = jax.jit(machine._pool, static_argnums=1)(key, 4)
    assert uneven.shape == (4, 4, 3)
    weights = np.kron(np.asarray([1, 0.25, 0, 0, 0])[None], np.ones((6, 1))) / 7.5
    expected = np.einsum("hw,hwc->c", weights, key[:6])
    np.testing.assert_allclose(uneven[0, 0], expected, atol=1e-6)
    np.testing.assert_allclose(
        jnp.mean(uneven, axis=(0, 1)), jnp.mean(key, axis=(0, 1)), atol=1e-6
    )


@pytest.mark.parametrize("mode", ["cosine", "emd"])
def test_the_matching_frame_outweighs_another(mode):
    query = random_keys(4, 4, 6)
    same = query + 0.1 * random_keys(4, 4, 6, seed=1)
    other = -query + random_keys(4, 4, 6, seed=2)
    config = machine.MachineConfig(mode=mode)
    keys, valid = jnp.stack([other, same, other]), jnp.asarray([True, True, False])
    matches = frame_matches(config, keys, query)
    assert matches[1] > matches[0] + 0.1
    mean = jnp.mean(memory_log_weights(config, keys, valid, query), (1, 2))
    assert mean[1] > mean[0]


@pytest.mark.parametrize("mode", ["cosine", "emd"])
def test_frame_weights_average_one_over_valid_frames(mode):
    query = random_keys(4, 4, 6)
    keys = query[None] + random_keys(3, 4, 4, 6, seed=1)
    valid = jnp.asarray([True, False, True])
    config = machine.MachineConfig(mode=mode)
    found = memory_log_weights(config, keys, valid, query)
    if mode == "emd":
        cells = machine.MachineConfig(mode="cross_reference")
        found = found - memory_log_weights(cells, keys, valid, query)
    frame_weights = jnp.exp(found[:, 0, 0])
    np.testing.assert_allclose(jnp.mean(frame_weights[valid]), 1.0, rtol=1e-5)
    np.testing.assert_array_equal(found[1], 0.0)


@pytest.mark.parametrize("mode", MODES)
def test_frames_not_valid_change_nothing(mode):
    query = random_keys(4, 4, 6)
    keys = query[None] + random_keys(3, 4, 4, 6, seed=1)
    config = machine.MachineConfig(mode=mode)
    valid = jnp.asarray([True, True, False])
    found = memory_log_weights(config, keys, valid, query)
    changed = memory_log_weights(config, keys.at[2].set(-9.0), valid, query)
    np.testing.assert_allclose(found, changed, atol=1e-5)
    alone = memory_log_weights(config, keys[:2], valid[:2], query)
    np.testing.assert_allclose(found[:2], alone, atol=1e-5)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", ["usual", "empty", "zero", "opposite"])
def test_weights_and_gradients_are_finite_and_within_the_floor(mode, case):
    query = random_keys(4, 4, 6)
    keys = query[None] + random_keys(3, 4, 4, 6, seed=1)
    keys = {"zero": jnp.zeros_like(keys), "opposite": -keys}.get(case, keys)
    valid = jnp.full((3,), case != "empty")
    value, gradients = gradients_of(
        machine.MachineConfig(mode=mode), keys, valid, query
    )
    assert value.dtype == jnp.float32
    for gradient in gradients:
        assert jnp.all(jnp.isfinite(gradient))
    config = machine.MachineConfig(mode=mode)
    found = memory_log_weights(config, keys, valid, query)
    assert jnp.all(found >= 2 * np.log(config.floor) - 1e-3)
    assert jnp.all(found <= np.log(16) + np.log(3) + 1e-3)
    if case == "usual" and mode != "none":
        assert all(jnp.any(gradient != 0) for gradient in gradients)


def squares(config, keys, valid, query):
    return jnp.sum(machine.memory_log_weights(config, keys, valid, query) ** 2)


gradients_of = jax.jit(jax.value_and_grad(squares, (1, 3)), static_argnums=0)


@pytest.mark.parametrize("mode", MODES)
def test_half_precision_keys_give_float32_weights(mode):
    keys, query = jnp.zeros((2, 4, 4, 6), "bfloat16"), jnp.zeros((4, 4, 6), "bfloat16")
    config = machine.MachineConfig(mode=mode)
    found = jax.eval_shape(
        lambda *args: machine.memory_log_weights(config, *args),
        keys,
        jnp.ones(2, bool),
        query,
    )
    assert found.dtype == jnp.float32


@pytest.mark.parametrize("field", ["max_pooled_size", "epsilon", "iterations", "floor"])
def test_settings_out_of_range_are_refused_by_name(field):
    with pytest.raises(errors.InputError, match=field):
        machine.MachineConfig(**{field: 0 if field[0] in "mi" else 0.0})
