import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.dcf import labels

SIZE = (12, 16)


def _label(center, sigma=1.2, kernel_size=4):
    return jax.jit(
        lambda center, sigma: labels.gaussian_label(
            center, sigma, size=SIZE, kernel_size=kernel_size
        )
    )(jnp.asarray(center, jnp.float32), jnp.float32(sigma))


@pytest.mark.parametrize(("kernel_size", "half"), [(4, 0.0), (3, 0.5)])
def test_is_a_gaussian_of_the_distance(kernel_size, half):
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]] + half
    expected = np.exp(-((columns - 9.3) ** 2 + (rows - 4.8) ** 2) / (2 * 1.2**2))
    actual = _label((9.3, 4.8), kernel_size=kernel_size)
    np.testing.assert_allclose(actual, expected, atol=1e-6)


def test_peak_of_an_even_filter_is_the_cell_right_below_the_middle():
    label = _label((SIZE[1] / 2, SIZE[0] / 2))
    assert np.unravel_index(np.argmax(label), SIZE) == (SIZE[0] // 2, SIZE[1] // 2)
    assert label.max() == 1.0


def test_a_target_far_outside_leaves_the_map_empty():
    np.testing.assert_allclose(_label((40.0, -30.0)), 0.0, atol=1e-20)


def test_sigma_follows_the_geometric_mean_of_the_size():
    actual = labels.label_sigma(jnp.array([2.0, 8.0]), sigma_factor=0.25)
    assert actual == 1.0
