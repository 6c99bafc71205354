import functools
import os
from pathlib import Path

import chex
import jax
import jax.export
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.models import efficientnet_lite, trunk_file
from tests.models import random_variables

BLOCKS = ((3, 1, 1, 4), (3, 2, 2, 6), (3, 1, 3, 6), (5, 2, 2, 8), (5, 2, 2, 10))
TAPS = (4, 3, 2, 0)
DEPTHWISE = jax.jit(efficientnet_lite.depthwise, static_argnums=2)


@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("height_width", [(7, 8), (6, 5), (2, 1)])
def test_depthwise_equals_the_grouped_convolution(key, size, stride, height_width):
    x = jax.random.normal(key, (2, *height_width, 3))
    kernel = jax.random.normal(jax.random.fold_in(key, 1), (size, size, 3))
    wanted = jax.lax.conv_general_dilated(
        x,
        kernel[:, :, None, :],
        (stride, stride),
        "SAME",
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        feature_group_count=3,
    )
    got = DEPTHWISE(x, kernel, stride)
    assert got.shape == wanted.shape
    np.testing.assert_allclose(got, wanted, atol=1e-5)


def test_depthwise_gradient_equals_the_grouped_convolutions(key):
    x = jax.random.normal(key, (1, 5, 6, 2))
    kernel = jax.random.normal(jax.random.fold_in(key, 1), (3, 3, 2))

    def gradients(convolve):
        loss = lambda x, k: jnp.sum(convolve(x, k) ** 2)  # noqa: E731
        return jax.jit(jax.grad(loss, argnums=(0, 1)))(x, kernel)

    ours = gradients(lambda x, k: efficientnet_lite.depthwise(x, k, 2))
    # What other platforms than the CPU are given.
    grouped = gradients(
        functools.partial(efficientnet_lite._grouped_convolution, stride=2)
    )
    for one, other in zip(ours, grouped, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


@pytest.mark.parametrize("platform", ["cpu", "cuda", "tpu"])
def test_depthwise_is_chosen_by_the_platform_that_it_is_lowered_for(platform):
    shapes = jax.ShapeDtypeStruct((1, 8, 8, 6), np.float32)
    kernel = jax.ShapeDtypeStruct((3, 3, 6), np.float32)
    export = jax.export.export(DEPTHWISE, platforms=[platform])
    text = export(shapes, kernel, 1).mlir_module()
    assert ("feature_group_count = 6" in text) == (platform != "cpu")


def pad_same(x, size, stride):
    pads = []
    for length in x.shape[:2]:
        total = max((-(-length // stride) - 1) * stride + size - length, 0)
        pads.append((total // 2, total - total // 2))
    return np.pad(x, (*pads, (0, 0)))


def windows(x, size, stride):
    """All windows of a map (H, W, C): (h, w, size, size, C)."""
    padded = pad_same(x, size, stride)
    views = np.lib.stride_tricks.sliding_window_view(padded, (size, size), (0, 1))
    return np.moveaxis(views[::stride, ::stride], 2, -1)


def relu6(x):
    return np.clip(x, 0, 6)


def numpy_trunk(arrays, blocks, image):
    """All block outputs from folded weights by name, in float64."""
    x = (image * 255.0 - 127.0) / 128.0
    stem = np.tensordot(windows(x, 3, 2), arrays["stem_w"], axes=3)
    x = relu6(stem + arrays["stem_b"])
    outputs = []
    for index, (size, stride, expansion, channels) in enumerate(blocks):
        name, y = f"b{index:02d}", x
        if expansion != 1:
            y = relu6(y @ arrays[f"{name}_expand_w"][0, 0] + arrays[f"{name}_expand_b"])
        kernel = arrays[f"{name}_dw_w"][:, :, 0]
        y = (windows(y, size, stride) * kernel).sum(axis=(2, 3))
        y = relu6(y + arrays[f"{name}_dw_b"])
        y = y @ arrays[f"{name}_project_w"][0, 0] + arrays[f"{name}_project_b"]
        x = x + y if stride == 1 and x.shape[-1] == channels else y
        outputs.append(x)
    return outputs


def folded_arrays(params):
    """Parameters in the layout of an .npz of folded weights."""
    arrays = {"stem_w": params["stem"]["kernel"], "stem_b": params["stem"]["bias"]}
    for block, layers in params.items():
        if block == "stem":
            continue
        for layer, weights in layers.items():
            kernel = weights["kernel"]
            kernel = kernel[:, :, None] if layer == "dw" else kernel[None, None]
            arrays[f"{block}_{layer}_w"] = kernel
            arrays[f"{block}_{layer}_b"] = weights["bias"]
    return {name: np.asarray(array) for name, array in arrays.items()}


def test_trunk_from_a_file_equals_plain_numpy(tmp_path, key):
    net = efficientnet_lite.EfficientNetLite(BLOCKS, 4, TAPS)
    image = jax.random.uniform(key, (2, 48, 32, 3))
    params = random_variables.variables_for(net, image)["params"]
    arrays = folded_arrays(params)
    np.savez(tmp_path / "trunk.npz", **arrays)
    read = trunk_file.read_trunk(tmp_path / "trunk.npz", params)
    chex.assert_trees_all_equal(read, params)
    maps = jax.jit(net.apply)({"params": read}, image)
    assert [x.shape[1:3] for x in maps] == [(3, 2), (6, 4), (12, 8), (24, 16)]
    wanted = numpy_trunk(arrays, BLOCKS, np.asarray(image[1], np.float64))
    for tap, got in zip(TAPS, maps, strict=True):
        np.testing.assert_allclose(got[1], wanted[tap], atol=2e-4)


@pytest.fixture(scope="module")
def backbone():
    root = Path(__file__).resolve().parents[3]
    folder = Path(os.environ.get("SAMN_BACKBONES", root / "shared" / "backbones"))
    path = folder / "efficientnet_lite0_stem_to_b10_fp32.npz"
    if not path.is_file():
        pytest.skip(f"{path} is missing (set SAMN_BACKBONES to its folder)")
    return path


def trunk_shapes():
    net = efficientnet_lite.EfficientNetLite()
    init = jax.eval_shape(net.init, jax.random.key(0), jnp.zeros((1, 32, 32, 3)))
    return init["params"]


def test_imagenet_weights_fit_the_trunk(backbone):
    params = trunk_file.read_trunk(backbone, trunk_shapes())
    assert jax.tree.map(np.shape, params) == jax.tree.map(np.shape, trunk_shapes())


def test_imagenet_features_equal_plain_numpy(backbone, key):
    # The first five blocks have every kind of layer; the rest would only cost time.
    params = trunk_file.read_trunk(backbone, trunk_shapes())
    blocks = efficientnet_lite.BLOCKS[:5]
    net = efficientnet_lite.EfficientNetLite(blocks, taps=(4, 2, 0))
    names = ("stem", *(f"b{index:02d}" for index in range(5)))
    image = jax.random.uniform(key, (1, 32, 32, 3))
    maps = jax.jit(net.apply)({"params": {n: params[n] for n in names}}, image)
    with np.load(backbone) as file:
        wanted = numpy_trunk(file, blocks, np.asarray(image[0], np.float64))
    for tap, got in zip((4, 2, 0), maps, strict=True):
        scale = np.abs(wanted[tap]).max()
        np.testing.assert_allclose(got[0], wanted[tap], atol=1e-5 * scale)
