import cv2
import jax
import jax.numpy as jnp
import numpy as np

from samn_jax.models import decoder
from tests.models import random_variables


def test_upsample4_equals_opencv():
    x = np.random.default_rng(0).normal(size=(5, 7)).astype(np.float32)
    ours = jax.jit(decoder.upsample4)(x[None, :, :, None])[0, ..., 0]
    theirs = cv2.resize(x, (28, 20), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_residual_block_is_the_identity_where_its_convolutions_are_zero(key):
    x = jax.random.normal(key, (1, 4, 4, 3))
    block = decoder.ResidualBlock()
    variables = jax.tree.map(jnp.zeros_like, random_variables.variables_for(block, x))
    np.testing.assert_array_equal(jax.jit(block.apply)(variables, x), x)


def test_refine_joins_the_enlarged_map(key):
    skip, x = jnp.zeros((1, 8, 8, 5)), jax.random.normal(key, (1, 4, 4, 3))
    refine = decoder.Refine(3)
    variables = jax.tree.map(
        jnp.zeros_like, random_variables.variables_for(refine, skip, x)
    )
    joined = jax.jit(refine.apply)(variables, skip, x)
    enlarged = jax.image.resize(x, (1, 8, 8, 3), "bilinear")
    np.testing.assert_allclose(joined, enlarged, atol=1e-6)
