import cv2
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.models import resize

upsample2 = jax.jit(resize.upsample2)


@pytest.mark.parametrize("size", [(5, 8), (1, 3), (1, 1)])
def test_upsampling_equals_opencv(key, size):
    x = np.asarray(jax.random.normal(key, (2, *size, 3)))
    got = upsample2(x)
    assert got.shape == (2, 2 * size[0], 2 * size[1], 3)
    for image, doubled in zip(x, got, strict=True):
        wanted = cv2.resize(image, (2 * size[1], 2 * size[0]))
        np.testing.assert_allclose(doubled, wanted, atol=1e-6)


def test_upsampling_keeps_the_dtype_and_spreads_the_gradient_evenly():
    x = jnp.ones((1, 3, 4, 1), jnp.bfloat16)
    assert upsample2(x).dtype == jnp.bfloat16
    gradient = jax.jit(jax.grad(lambda x: resize.upsample2(x).sum()))(
        jnp.ones((1, 3, 4, 1))
    )
    # The edge's pixels take up what would lie outside: all count four times.
    np.testing.assert_allclose(gradient, 4.0)
