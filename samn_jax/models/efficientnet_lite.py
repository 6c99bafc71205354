"""EfficientNet-Lite0 up to block 10, the trunk of the compact network.

Tan and Le, ICML 2019; the Lite variant drops squeeze-and-excite and uses relu6. Batch
norms are folded into the convolutions.
"""

import functools
from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from samn_jax.errors import InputError
from samn_jax.models import checks
from samn_jax.models.checks import MOST_BLOCKS

# (kernel, stride, expansion, channels) of blocks 0-10.
BLOCKS: tuple[tuple[int, int, int, int], ...] = (
    (3, 1, 1, 16),
    (3, 2, 6, 24),
    (3, 1, 6, 24),
    (5, 2, 6, 40),
    (5, 1, 6, 40),
    (3, 2, 6, 80),
    (3, 1, 6, 80),
    (3, 1, 6, 80),
    (5, 1, 6, 112),
    (5, 1, 6, 112),
    (5, 1, 6, 112),
)
STEM_CHANNELS = 32
# The last block at each stride: 16, 8, 4, 2.
TAPS = (10, 4, 2, 0)
_LARGEST_KERNEL, _MOST_EXPANSION = 7, 8


def check_blocks(blocks: Any, stem_channels: Any, taps: Any) -> None:
    """Checks the trunk's settings, before anything is made of them.

    Raises:
      InputError: one makes no sense, or the taps are not at stride 16, 8, 4 and 2.
    """
    checks.check_sizes("stem_channels", stem_channels)
    if not isinstance(blocks, list | tuple) or not 1 <= len(blocks) <= MOST_BLOCKS:
        raise InputError(f"blocks must be a list of 1 to {MOST_BLOCKS}")
    stride, strides = 2, []
    for block in blocks:
        checks.check_sizes("a block", block, 4)
        kernel, step, expansion, _ = block
        if kernel > _LARGEST_KERNEL or step > 2 or expansion > _MOST_EXPANSION:
            raise InputError(
                "a block's kernel, stride and expansion must be at most "
                f"{_LARGEST_KERNEL}, 2 and {_MOST_EXPANSION}"
            )
        stride *= step
        strides.append(stride)
    checks.check_sizes("taps", taps, 4, least=0, most=len(strides) - 1)
    if [strides[tap] for tap in taps] != [16, 8, 4, 2]:
        raise InputError("taps must be blocks at stride 16, 8, 4 and 2")


def depthwise(
    x: Float[Array, "B H W C"], kernel: Float[Array, "k k C"], stride: int
) -> Float[Array, "B H2 W2 C"]:
    """Returns the depthwise convolution with TensorFlow's SAME padding.

    On CPUs it is k·k shifted products, with XLA 20-40 times faster than
    `feature_group_count`; elsewhere the grouped convolution. Which one is chosen when
    the program is lowered for a platform, not by the machine that traces it.
    """
    return jax.lax.platform_dependent(
        x,
        kernel,
        cpu=functools.partial(_shifted_products, stride=stride),
        default=functools.partial(_grouped_convolution, stride=stride),
    )


def _grouped_convolution(x: Array, kernel: Array, *, stride: int) -> Array:
    return jax.lax.conv_general_dilated(
        x,
        kernel[:, :, None, :],
        (stride, stride),
        "SAME",
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        feature_group_count=x.shape[-1],
    )


def _shifted_products(x: Array, kernel: Array, *, stride: int) -> Array:
    size = kernel.shape[0]
    out_h, out_w = (-(-n // stride) for n in x.shape[1:3])
    pads = []
    for n, out in zip(x.shape[1:3], (out_h, out_w), strict=True):
        pad = max((out - 1) * stride + size - n, 0)
        pads.append((pad // 2, pad - pad // 2))
    x = jnp.pad(x, ((0, 0), *pads, (0, 0)))
    span_h, span_w = (out_h - 1) * stride + 1, (out_w - 1) * stride + 1
    total = jnp.zeros((), x.dtype)
    for i in range(size):
        for j in range(size):
            window = x[:, i : i + span_h : stride, j : j + span_w : stride]
            total = total + window * kernel[i, j][None, None, None, :]
    return total


class Depthwise(nn.Module):
    """A depthwise convolution with bias."""

    size: int
    stride: int

    @nn.compact
    def __call__(self, x: Float[Array, "B H W C"]) -> Float[Array, "B H2 W2 C"]:
        """Returns the convolved map, at `stride`."""
        shape = (self.size, self.size, x.shape[-1])
        kernel = self.param("kernel", nn.initializers.lecun_normal(), shape)
        bias = self.param("bias", nn.initializers.zeros, shape[-1:])
        kernel, bias = kernel.astype(x.dtype), bias.astype(x.dtype)
        return depthwise(x, kernel, self.stride) + bias[None, None, None, :]


class InvertedResidual(nn.Module):
    """Expand by 1×1, depthwise, project by 1×1; a shortcut where shapes allow."""

    size: int
    stride: int
    expansion: int
    channels: int

    @nn.compact
    def __call__(self, x: Float[Array, "B H W C"]) -> Float[Array, "B H2 W2 C2"]:
        """Returns the block's output."""
        y = x
        if self.expansion != 1:
            hidden = self.expansion * x.shape[-1]
            y = nn.relu6(nn.Dense(hidden, dtype=x.dtype, name="expand")(y))
        y = nn.relu6(Depthwise(self.size, self.stride, name="dw")(y))
        y = nn.Dense(self.channels, dtype=x.dtype, name="project")(y)
        shortcut = self.stride == 1 and x.shape[-1] == self.channels
        return x + y if shortcut else y


class EfficientNetLite(nn.Module):
    """Stem and inverted residual blocks, all feature maps at the taps."""

    blocks: Sequence[Sequence[int]] = BLOCKS
    stem_channels: int = STEM_CHANNELS
    taps: Sequence[int] = TAPS

    @nn.compact
    def __call__(self, image: Float[Array, "B H W 3"]) -> tuple[Array, ...]:
        """Returns features at stride 16, 8, 4 and 2 of an image in [0, 1]."""
        x = (image * 255.0 - 127.0) / 128.0
        stem = nn.Conv(
            self.stem_channels, (3, 3), (2, 2), "SAME", dtype=x.dtype, name="stem"
        )
        x = nn.relu6(stem(x))
        outputs = []
        for i, block in enumerate(self.blocks):
            x = InvertedResidual(*block, name=f"b{i:02d}")(x)
            outputs.append(x)
        return tuple(outputs[i] for i in self.taps)
