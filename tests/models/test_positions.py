import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.models import positions


@pytest.mark.parametrize("side", [384, 96])
def test_distance_map_is_the_authors_map_by_nearest_neighbor(side):
    center = np.array([0.5 * side, 0.3 * side], np.float32)
    ys, xs = np.mgrid[1 : side + 1, 1 : side + 1]
    full = np.hypot(xs - center[0], ys - center[1]) / side
    cells = side // 16
    ours = jax.jit(
        functools.partial(positions.distance_map, height=cells, width=cells, cell_px=16)
    )(center[None])
    np.testing.assert_allclose(ours[0, ..., 0], full[::16, ::16], atol=1e-6)


def test_distance_map_of_a_wide_crop_stays_square():
    near = positions.distance_map(jnp.array([[1.0, 1.0]]), 2, 4, cell_px=16)
    assert near.shape == (1, 2, 4, 1)
    np.testing.assert_allclose(near[0, 0, :, 0], np.arange(4) / 4, atol=1e-6)
    np.testing.assert_allclose(near[0, :, 0, 0], np.arange(2) / 4, atol=1e-6)


def test_unknown_mode_names_the_known_ones():
    with pytest.raises(InputError, match="'add'.*'none', 'sum', 'cat'"):
        positions.check_mode("add")
