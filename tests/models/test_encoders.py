import jax
import jax.numpy as jnp
import numpy as np

from samn_jax.models import encoders
from tests.models import random_variables

TINY = {"stage_blocks": (1, 1, 1), "width": 4}


def test_normalize_gives_each_color_its_mean_and_deviation():
    image = np.random.default_rng(0).uniform(size=(1, 4, 4, 3)).astype(np.float32)
    ours = jax.jit(encoders.normalize)(image)
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    np.testing.assert_allclose(ours, (image - mean) / std, atol=1e-6)


def test_memory_encoder_clips_the_others(key):
    net = encoders.MemoryEncoder(**TINY)
    image = jax.random.uniform(key, (1, 32, 32, 3))
    mask, others = jnp.zeros((1, 32, 32)), jax.random.normal(key, (1, 32, 32))
    variables = random_variables.variables_for(net, image, mask, others)
    apply = jax.jit(net.apply)
    clipped = apply(variables, image, mask, jnp.clip(others, 0.0, 1.0))
    np.testing.assert_array_equal(apply(variables, image, mask, others), clipped)
    assert not np.allclose(apply(variables, image, mask, 1.0 - mask), clipped)


def test_mask_and_others_have_kernels_of_their_own(key):
    net = encoders.MemoryEncoder(**TINY)
    image, mask = jnp.zeros((1, 32, 32, 3)), jnp.ones((1, 32, 32))
    variables = random_variables.variables_for(net, image, mask, mask)
    apply = jax.jit(net.apply)
    one = apply(variables, image, mask, 0.0 * mask)
    other = apply(variables, image, 0.0 * mask, mask)
    assert not np.allclose(one, other)
    assert variables["params"]["conv1_m"]["kernel"].shape == (7, 7, 1, 4)
