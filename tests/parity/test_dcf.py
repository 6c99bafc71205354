"""First-frame fit and filter refinement against the authors' solver."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.dcf import (
    correlation,
    gauss_newton,
    labels,
    peaks,
    projection,
    spatial_config,
)
from tests.parity.golden import files

pytestmark = pytest.mark.rounding
CONFIG = spatial_config.SpatialMemoryConfig()
MEMORY_SIZE = 20  # of the golden refinement


@pytest.fixture(params=files("dcf_*.npz"))
def golden(request) -> dict[str, np.ndarray]:
    return dict(np.load(request.param))


def _channels_last(array: np.ndarray) -> jax.Array:
    return jnp.asarray(np.moveaxis(array, -3, -1))


def _samples(golden: dict[str, np.ndarray]) -> correlation.LabeledSamples:
    features = _channels_last(golden["features"])
    weights = jnp.full(len(features), 1.0 / len(features))
    return correlation.LabeledSamples(
        features, jnp.asarray(golden["labels"][:, 0]), weights
    )


@functools.partial(jax.jit, static_argnames=("filter_reg", "projection_reg"))
def _fit(samples, projection_init, *, filter_reg, projection_reg):
    problem = correlation.joint_problem(
        samples,
        filter_reg=filter_reg,
        projection_reg=projection_reg,
        mlu_alpha=CONFIG.mlu_alpha,
    )
    kernel = jnp.zeros((CONFIG.kernel_size,) * 2 + projection_init.shape[1:])
    return gauss_newton.gauss_newton(
        problem,
        correlation.JointParams(kernel, projection_init),
        preconditioner=correlation.JointParams(filter_reg, projection_reg),
        num_steps=CONFIG.first_steps,
        num_cg_iterations=CONFIG.first_cg_iterations,
    )


def _golden_fit(golden: dict[str, np.ndarray], projection_init: jax.Array):
    return _fit(
        _samples(golden),
        projection_init,
        filter_reg=float(golden["filter_reg"]),
        projection_reg=float(golden["projection_reg"]),
    )


def _test_score(golden, params: correlation.JointParams) -> np.ndarray:
    features = _channels_last(golden["test_features"]) @ params.projection[None, None]
    return np.asarray(correlation.correlate(features, params.filter)[0])


def _assert_scores_close(actual, expected) -> None:
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-3 * expected.max())


def test_labels(golden):
    height, width = golden["labels"].shape[-2:]
    maps = golden["labels"][:, 0]
    for (y, x), expected in zip(golden["label_centers"], maps, strict=True):
        # The golden centers, (y, x) from the middle, include the half cell.
        center = jnp.array([x - 0.5 + width / 2, y - 0.5 + height / 2])
        actual = labels.gaussian_label(
            center,
            jnp.asarray(golden["label_sigma"]),
            size=(height, width),
            kernel_size=CONFIG.kernel_size,
        )
        np.testing.assert_allclose(actual, expected, atol=1e-5)


def test_pca_spans_the_golden_projection(golden):
    expected = golden["projection_init"].T
    actual = projection.pca_projection(
        _channels_last(golden["features"]), num_components=expected.shape[1]
    )
    agreement = np.abs(np.sum(np.asarray(actual) * expected, axis=0))
    np.testing.assert_allclose(agreement, 1.0, atol=1e-4)


def test_first_frame_fit(golden):
    params, losses = _golden_fit(golden, jnp.asarray(golden["projection_init"].T))
    np.testing.assert_allclose(losses, golden["loss_per_gn"], rtol=1e-3)
    _assert_scores_close(_test_score(golden, params), golden["test_score"])
    expected_filter = np.moveaxis(golden["filter"][0], 0, -1)
    np.testing.assert_allclose(
        params.filter, expected_filter, atol=1e-3 * np.abs(expected_filter).max()
    )


def test_first_frame_fit_from_own_components(golden):
    # The signs of the components change the round-off, which the later steps amplify:
    # the first steps must agree, and the result must not be worse.
    start = projection.pca_projection(
        _channels_last(golden["features"]),
        num_components=len(golden["projection_init"]),
    )
    _, losses = _golden_fit(golden, start)
    expected = golden["loss_per_gn"]
    np.testing.assert_allclose(losses[:3], expected[:3], rtol=1e-3)
    assert losses[-1] <= expected[-1] * 1.001


def test_score_of_the_golden_filter(golden):
    params = correlation.JointParams(
        jnp.asarray(np.moveaxis(golden["filter"][0], 0, -1)),
        jnp.asarray(golden["projection"].T),
    )
    actual = _test_score(golden, params)
    np.testing.assert_allclose(actual, golden["test_score"], atol=1e-5)


def test_upsampling_and_window(golden):
    scores = jnp.asarray(golden["test_score"])
    upsampled = peaks.upsample_scores(
        scores, stride=CONFIG.stride, kernel_size=CONFIG.kernel_size
    )
    size = upsampled.shape
    # The golden maps start at the crop's center and wrap around.
    centered = (-(size[0] // 2), -(size[1] // 2))
    rolled = np.roll(upsampled, centered, axis=(0, 1))
    _assert_scores_close(rolled[::4, ::4], golden["test_score_upsampled"])
    window = np.roll(peaks.hann_window(size), centered, axis=(0, 1))
    np.testing.assert_allclose(window[::4, ::4], golden["hann_window"], atol=1e-6)


@functools.partial(jax.jit, static_argnames="filter_reg")
def _refine(samples, target_filter, *, filter_reg):
    problem = correlation.filter_problem(
        samples, filter_reg=filter_reg, mlu_alpha=CONFIG.mlu_alpha
    )
    return gauss_newton.gauss_newton(
        problem,
        target_filter,
        preconditioner=1.0,
        num_steps=1,
        num_cg_iterations=CONFIG.cg_iterations,
    ).params


def test_refinement(golden):
    samples = _samples(golden)
    matrix = jnp.asarray(golden["projection"].T)
    free = MEMORY_SIZE - len(samples.features)
    memory = correlation.LabeledSamples(
        jnp.pad(
            samples.features @ matrix[None, None],
            ((0, free), (0, 0), (0, 0), (0, 0)),
        ),
        jnp.pad(samples.labels, ((0, free), (0, 0), (0, 0))),
        jnp.asarray(golden["sample_weights"]),
    )
    target_filter = jnp.asarray(np.moveaxis(golden["filter"][0], 0, -1))
    for _ in range(2):
        target_filter = _refine(
            memory, target_filter, filter_reg=float(golden["filter_reg"])
        )
    expected = np.moveaxis(golden["filter_after_two_cg5"][0], 0, -1)
    np.testing.assert_allclose(
        target_filter, expected, atol=1e-3 * np.abs(expected).max()
    )
