import functools

import jax
import numpy as np

from samn_jax.dcf import projection


def _features(channels: int) -> jax.Array:
    scales = 1.0 / (1.0 + np.arange(channels, dtype=np.float32))
    noise = jax.random.normal(jax.random.key(0), (3, 6, 5, channels))
    return noise * scales[None, None, None] + 2.0


@functools.partial(jax.jit, static_argnames="num_components")
def _project(features, num_components):
    return projection.pca_projection(features, num_components=num_components)


def test_components_are_those_of_numpy_up_to_sign():
    features = _features(8)
    cells = np.asarray(features, np.float64).reshape(-1, 8)
    _, _, expected = np.linalg.svd(cells - cells.mean(0), full_matrices=False)
    actual = _project(features, 3)
    assert actual.shape == (8, 3)
    np.testing.assert_allclose(np.abs(expected[:3] @ actual), np.eye(3), atol=1e-4)


def test_fewer_channels_than_components():
    actual = _project(_features(4), 64)
    np.testing.assert_allclose(actual.T @ actual, np.eye(4), atol=1e-5)
