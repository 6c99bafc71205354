import flax.linen as nn
import jax
import jax.export
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.signal

from samn_jax.models import winograd
from tests.models import random_variables


@pytest.mark.parametrize("tile", [2, 4])
def test_transforms_give_the_correlation_of_a_line(tile):
    of_input, of_kernel, of_output = winograd.transforms(tile)
    rng = np.random.default_rng(0)
    line, taps = rng.normal(size=tile + 2), rng.normal(size=3)
    ours = of_output @ ((of_kernel @ taps) * (of_input @ line))
    np.testing.assert_allclose(ours, np.correlate(line, taps, "valid"), atol=1e-12)


@pytest.mark.parametrize("band_bytes", [1, winograd.BAND_BYTES])
@pytest.mark.parametrize("tile", [2, 4])
@pytest.mark.parametrize("size", [(8, 12), (5, 3), (19, 4)])
def test_convolve_equals_scipy(monkeypatch, tile, size, band_bytes):
    monkeypatch.setattr(winograd, "BAND_BYTES", band_bytes)
    rng = np.random.default_rng(1)
    x = rng.normal(size=(2, *size, 3)).astype(np.float32)
    kernel = rng.normal(size=(3, 3, 3, 4)).astype(np.float32)

    @jax.jit
    def ours(x, kernel):
        return winograd.convolve(x, winograd.transform_kernel(kernel, tile), tile)

    expected = np.zeros((2, *size, 4))
    for b, i, o in np.ndindex(2, 3, 4):
        expected[b, ..., o] += scipy.signal.correlate2d(
            x[b, ..., i], kernel[..., i, o], "same"
        )
    np.testing.assert_allclose(
        ours(jnp.asarray(x), jnp.asarray(kernel)), expected, atol=1e-4
    )


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("tile", [2, 4])
def test_fast_kernels_change_rounding_alone(tile, use_bias, key):
    class Network(nn.Module):
        @nn.compact
        def __call__(self, image, mask):
            return winograd.Conv3x3(4, tile, use_bias, name="conv")(image)

    net, image = Network(), jax.random.normal(key, (1, 32, 32, 3))
    variables = random_variables.variables_for(net, image, image[..., 0])
    assert ("bias" in variables["params"]["conv"]) == use_bias
    fast = winograd.with_fast_kernels(net, variables)
    assert fast["winograd"]["conv"]["kernel"].shape == ((tile + 2) ** 2, 3, 4)
    apply = jax.jit(net.apply)
    slow_y, fast_y = (apply(v, image, image[..., 0]) for v in (variables, fast))
    np.testing.assert_allclose(fast_y, slow_y, atol=2e-5)
    assert bool(jnp.any(fast_y != slow_y))


def test_a_network_without_such_convolutions_keeps_its_variables(key):
    class Network(nn.Module):
        @nn.compact
        def __call__(self, image, mask):
            return nn.Dense(2)(image)

    variables = Network().init(key, jnp.zeros((1, 32, 32, 3)), None)
    assert winograd.with_fast_kernels(Network(), variables).keys() == variables.keys()


@pytest.mark.parametrize("platform", ["cpu", "cuda", "tpu"])
def test_fast_kernels_are_used_by_programs_for_cpus_alone(platform, key):
    network, image = winograd.Conv3x3(4), jnp.zeros((1, 8, 8, 3))
    variables = network.init(key, image)
    kernel = winograd.transform_kernel(variables["params"]["kernel"], 2)
    variables = {**variables, winograd.COLLECTION: {"kernel": kernel}}
    export = jax.export.export(jax.jit(network.apply), platforms=[platform])
    text = export(variables, image).mlir_module()
    assert ("stablehlo.convolution" in text) == (platform != "cpu")
