import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import signal

from samn_jax.dcf import correlation
from tests.dcf import linearized

SHAPE = (3, 7, 6, 5)  # N h w C
ALPHA = 0.05


def _normal(seed: int, *shape: int) -> jax.Array:
    return jax.random.normal(jax.random.key(seed), shape)


@pytest.mark.parametrize("kernel_size", [3, 4])
def test_correlate_against_scipy(kernel_size):
    features, target_filter = (
        _normal(0, *SHAPE),
        _normal(1, kernel_size, kernel_size, 5),
    )
    actual = jax.jit(correlation.correlate)(features, target_filter)
    before, after = kernel_size // 2, kernel_size - 1 - kernel_size // 2
    padded = np.pad(features, ((0, 0), (before, after), (before, after), (0, 0)))
    for sample, expected_of in zip(actual, padded, strict=True):
        expected = sum(
            signal.correlate2d(expected_of[..., c], target_filter[..., c], mode="valid")
            for c in range(SHAPE[-1])
        )
        np.testing.assert_allclose(sample, expected, atol=1e-4)


@pytest.mark.parametrize("kernel_size", [3, 4])
def test_transpose_is_the_adjoint(kernel_size):
    features, scores = _normal(0, *SHAPE), _normal(1, *SHAPE[:3])
    transpose = jax.jit(correlation.correlate_transpose, static_argnames="kernel_size")
    actual = transpose(features, scores, kernel_size=kernel_size)
    target_filter = jnp.zeros((kernel_size, kernel_size, SHAPE[-1]))
    _, pull_back = jax.vjp(
        functools.partial(correlation.correlate, features), target_filter
    )
    np.testing.assert_allclose(actual, pull_back(scores)[0], atol=1e-4)


def test_mlu_is_elu_of_leaky_relu():
    score = jnp.linspace(-0.5, 1.5, 41)
    value, slope = jax.jit(functools.partial(correlation.mlu, alpha=ALPHA))(score)
    expected = jax.nn.elu(jax.nn.leaky_relu(score, 1 / ALPHA), ALPHA)
    np.testing.assert_allclose(value, expected, atol=1e-7)
    step = 1e-3
    ahead, behind = (correlation.mlu(score + d, alpha=ALPHA)[0] for d in (step, -step))
    np.testing.assert_allclose(slope, (ahead - behind) / (2 * step), atol=0.02)


def test_mlu_has_slope_one_at_zero():
    value, slope = correlation.mlu(jnp.zeros(1), alpha=ALPHA)
    assert value == 0.0
    assert slope == 1.0


def _samples(weights=(0.5, 0.3, 0.2)) -> correlation.LabeledSamples:
    return correlation.LabeledSamples(
        _normal(0, *SHAPE), jax.nn.sigmoid(_normal(1, *SHAPE[:3])), jnp.array(weights)
    )


def _data_residuals(samples, features, target_filter):
    value, _ = correlation.mlu(
        correlation.correlate(features, target_filter), alpha=ALPHA
    )
    return jnp.sqrt(samples.weights)[:, None, None] * (value - samples.labels)


def _assert_same_problem(actual, expected, params, change):
    """The two linearizations agree at `params`, in value, J and Jᵀ."""

    @functools.partial(jax.jit, static_argnums=0)
    def apply(problem, params, change):
        residuals, push_forward, pull_back = problem(params)
        pushed = push_forward(change)
        return residuals, pushed, pull_back(pushed), pull_back(residuals)

    actual, expected = (apply(p, params, change) for p in (actual, expected))
    pairs = zip(jax.tree.leaves(actual), jax.tree.leaves(expected), strict=True)
    for left, right in pairs:
        np.testing.assert_allclose(left, right, rtol=1e-4, atol=1e-5)


def test_filter_problem_against_automatic_differentiation():
    samples = _samples()

    def residuals(target_filter):
        data = _data_residuals(samples, samples.features, target_filter)
        return data, jnp.sqrt(0.1) * target_filter

    _assert_same_problem(
        correlation.filter_problem(samples, filter_reg=0.1, mlu_alpha=ALPHA),
        linearized.from_residuals(residuals),
        0.1 * _normal(2, 4, 4, 5),
        _normal(3, 4, 4, 5),
    )


def test_joint_problem_against_projecting_the_samples():
    samples = _samples()

    def residuals(params):
        projected = samples.features @ params.projection[None, None]
        data = _data_residuals(samples, projected, params.filter)
        return data, jnp.sqrt(0.1) * params.filter, 0.01 * params.projection

    _assert_same_problem(
        correlation.joint_problem(
            samples, filter_reg=0.1, projection_reg=1e-4, mlu_alpha=ALPHA
        ),
        linearized.from_residuals(residuals),
        correlation.JointParams(0.1 * _normal(2, 4, 4, 2), _normal(3, 5, 2)),
        correlation.JointParams(_normal(4, 4, 4, 2), _normal(5, 5, 2)),
    )


def test_samples_of_no_weight_do_not_matter():
    samples = _samples(weights=(0.6, 0.4, 0.0))
    other = samples._replace(features=samples.features.at[2].set(100.0))
    target_filter = _normal(2, 4, 4, 5)

    def gradient(samples):
        problem = correlation.filter_problem(samples, filter_reg=0.1, mlu_alpha=ALPHA)
        residuals, _, pull_back = problem(target_filter)
        return pull_back(residuals)

    np.testing.assert_array_equal(gradient(samples), gradient(other))
