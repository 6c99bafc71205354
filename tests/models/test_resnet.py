import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.models import resnet
from tests.models import random_variables


def convolve(x: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    """Returns the padded convolution of one (H, W, C) map, by a loop over taps."""
    size = kernel.shape[0]
    pad = size // 2
    padded = np.pad(x, ((pad, pad), (pad, pad), (0, 0)))
    total = 0.0
    for i in range(size):
        for j in range(size):
            window = padded[i : i + x.shape[0], j : j + x.shape[1]]
            total = total + window[::stride, ::stride] @ kernel[i, j]
    return total


def normalize(x: np.ndarray, params: dict, stats: dict) -> np.ndarray:
    deviation = np.sqrt(stats["var"] + 1e-5)
    return (x - stats["mean"]) / deviation * params["scale"] + params["bias"]


@pytest.mark.parametrize("stride", [1, 2])
def test_bottleneck_has_its_stride_on_the_3x3(stride):
    block = resnet.Bottleneck(width=3, stride=stride, shortcut_conv=True)
    x = np.random.default_rng(0).normal(size=(1, 6, 8, 5))
    x = jnp.asarray(x, jnp.float32)
    variables = random_variables.variables_for(block, x)
    ours = jax.jit(block.apply)(variables, x)

    tree = jax.tree.map(np.asarray, variables)
    params, stats = tree["params"], tree["batch_stats"]

    def step(y, conv, norm, stride=1):
        y = convolve(y, params[conv]["kernel"], stride)
        return normalize(y, params[norm], stats[norm])

    x = np.asarray(x)
    y = np.maximum(step(x[0], "conv1", "bn1"), 0.0)
    y = np.maximum(step(y, "conv2", "bn2", stride), 0.0)
    y = step(y, "conv3", "bn3") + step(x[0], "downsample_conv", "downsample_bn", stride)
    np.testing.assert_allclose(ours[0], np.maximum(y, 0.0), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_pointwise_is_the_convolution_of_that_parameter(key, dtype):
    x = jax.random.normal(key, (2, 3, 4, 5)).astype(dtype)
    plain = nn.Conv(6, (1, 1), use_bias=False, dtype=dtype)
    ours = resnet.Pointwise(6)
    variables = ours.init(key, x)
    assert jax.tree.map(jnp.shape, variables) == jax.tree.map(
        jnp.shape, plain.init(key, x)
    )
    y, wanted = (jax.jit(net.apply)(variables, x) for net in (ours, plain))
    assert y.dtype == dtype
    np.testing.assert_allclose(
        np.asarray(y, np.float32), np.asarray(wanted, np.float32), rtol=1e-2, atol=1e-6
    )


def test_statistics_never_change_and_carry_no_gradient(key):
    norm = resnet.FrozenBatchNorm()
    x = jax.random.normal(key, (2, 3, 3, 4)) * 7.0 + 2.0
    variables = norm.init(key, x)
    _, updates = jax.jit(norm.apply, static_argnames="mutable")(
        variables, x, mutable=("batch_stats",)
    )
    np.testing.assert_array_equal(updates["batch_stats"]["mean"], np.zeros(4))
    np.testing.assert_array_equal(updates["batch_stats"]["var"], np.ones(4))
    assert set(variables["params"]) == {"scale", "bias"}


class Trunk(resnet.ResNet):
    """A trunk by itself."""

    def __call__(self, image, planes=None):
        return self.features(image, planes)


def test_strides_and_channels_of_the_stages(key):
    net = Trunk(stage_blocks=(1, 2, 1), width=4)
    shapes = jax.eval_shape(net.init, key, jnp.zeros((1, 32, 48, 3)))
    assert "res3_1" in shapes["params"]
    features = jax.eval_shape(net.apply, shapes, jnp.zeros((2, 32, 48, 3)))
    assert [f.shape for f in features] == [
        (2, 2, 3, 64),
        (2, 4, 6, 32),
        (2, 8, 12, 16),
    ]


def test_a_plane_joins_before_the_first_batch_norm(key):
    net = Trunk(stage_blocks=(1, 1, 1), width=4)
    image = jax.random.normal(key, (1, 32, 32, 3))
    plane = jax.random.uniform(key, (1, 32, 32))
    variables = random_variables.variables_for(net, image, {"conv1_m": plane})
    apply = jax.jit(net.apply)
    r4 = apply(variables, image, {"conv1_m": plane})[0]

    # conv1 sees the plane as well if its kernel gets conv1_m's, on a color that is it.
    kernels = variables["params"]
    swapped = dict(kernels)
    kernel = jnp.concatenate(
        [kernels["conv1_m"]["kernel"], jnp.zeros((7, 7, 2, 4))], axis=2
    )
    swapped["conv1"] = {"kernel": kernel}
    colors = jnp.concatenate([plane[..., None], jnp.zeros((1, 32, 32, 2))], axis=-1)
    twin = dict(variables, params=swapped)
    without = apply(twin, colors)[0]
    blank = apply(variables, jnp.zeros_like(image), {"conv1_m": plane})[0]
    np.testing.assert_allclose(blank, without, rtol=1e-5, atol=1e-4)
    assert not np.allclose(r4, blank)
