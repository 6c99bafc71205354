"""ResNet-50 (v1.5) to its third stage, modules named as in the torch network."""

from collections.abc import Mapping, Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from samn_jax.models import winograd

# Added to the variance, as torch does.
BATCH_NORM_EPSILON = 1e-5
# A block's output has this many times the channels of its 3×3 convolution.
EXPANSION = 4


class FrozenBatchNorm(nn.Module):
    """Batch norm by its stored statistics, in training too.

    `scale` and `bias` are parameters; `mean` and `var` live in the collection
    `batch_stats`, which no gradient reaches.
    """

    @nn.compact
    def __call__(self, x: Float[Array, "B H W C"]) -> Float[Array, "B H W C"]:
        """Returns `x` normalized per channel, in the type of `x`."""
        shape = x.shape[-1:]
        scale = self.param("scale", nn.initializers.ones, shape)
        bias = self.param("bias", nn.initializers.zeros, shape)
        mean = self.variable("batch_stats", "mean", jnp.zeros, shape).value
        var = self.variable("batch_stats", "var", jnp.ones, shape).value
        gain = scale * jax.lax.rsqrt(var + BATCH_NORM_EPSILON)
        offset = bias - mean * gain
        gain, offset = gain.astype(x.dtype), offset.astype(x.dtype)
        return x * gain[None, None, None, :] + offset[None, None, None, :]


class Pointwise(nn.Module):
    """A 1×1 convolution without bias; its parameter is as of nn.Conv.

    As a matrix product it is the same sum, on CPUs up to 2.5 times faster than XLA's
    convolution.
    """

    channels: int

    @nn.compact
    def __call__(self, x: Float[Array, "B H W C"]) -> Float[Array, "B H W D"]:
        """Returns the convolution of `x` in its type."""
        shape = (1, 1, x.shape[-1], self.channels)
        kernel = self.param("kernel", nn.initializers.lecun_normal(), shape)
        y = jnp.matmul(x.reshape(-1, x.shape[-1]), kernel[0, 0].astype(x.dtype))
        return y.reshape(*x.shape[:-1], self.channels)


class Bottleneck(nn.Module):
    """1×1, 3×3 and 1×1 convolutions around a shortcut; the 3×3 one has the stride."""

    width: int
    stride: int = 1
    shortcut_conv: bool = False

    @nn.compact
    def __call__(self, x: Float[Array, "B H W C"]) -> Float[Array, "B H2 W2 C2"]:
        """Returns the block's output, of 4·`width` channels at 1/`stride` the size."""
        strides = (self.stride, self.stride)

        def conv(
            y: Array, channels: int, name: str, size: int = 1, step: tuple = (1, 1)
        ) -> Array:
            if size == 1 and step == (1, 1):
                return Pointwise(channels, name=name)(y)
            if size == winograd.TAPS and step == (1, 1):
                return winograd.Conv3x3(channels, 4, use_bias=False, name=name)(y)
            kernel, pad = (size, size), size // 2
            return nn.Conv(
                channels, kernel, step, pad, use_bias=False, dtype=x.dtype, name=name
            )(y)

        y = nn.relu(FrozenBatchNorm(name="bn1")(conv(x, self.width, "conv1")))
        y = conv(y, self.width, "conv2", size=3, step=strides)
        y = nn.relu(FrozenBatchNorm(name="bn2")(y))
        y = conv(y, EXPANSION * self.width, "conv3")
        y = FrozenBatchNorm(name="bn3")(y)
        if self.shortcut_conv:
            x = conv(x, EXPANSION * self.width, "downsample_conv", step=strides)
            x = FrozenBatchNorm(name="downsample_bn")(x)
        return nn.relu(x + y)


class ResNet(nn.Module):
    """The trunk: conv1, then stages res2, res3 and res4.

    Attributes:
      stage_blocks: blocks of each stage; (3, 4, 6) is ResNet-50.
      width: channels of conv1, and of the 3×3 convolutions of res2.
    """

    stage_blocks: Sequence[int] = (3, 4, 6)
    width: int = 64

    @nn.compact
    def features(
        self,
        image: Float[Array, "B H W 3"],
        planes: Mapping[str, Float[Array, "B H W"]] | None = None,
    ) -> tuple[Array, ...]:
        """Returns r4, r3 and r2: features at stride 16, 8 and 4.

        Args:
          image: normalized colors; height and width are multiples of 16.
          planes: further input maps, each with a 7×7 convolution of its own, of that
            name, which is added to conv1 before the first batch norm.
        """
        x = self._stem(image, planes or {})
        x = nn.relu(FrozenBatchNorm(name="bn1")(x))
        x = nn.max_pool(x, (3, 3), (2, 2), ((1, 1), (1, 1)))
        features = []
        for stage, blocks in enumerate(self.stage_blocks):
            for block in range(blocks):
                first = block == 0
                x = Bottleneck(
                    width=self.width * 2**stage,
                    stride=2 if first and stage > 0 else 1,
                    shortcut_conv=first,
                    name=f"res{stage + 2}_{block}",
                )(x)
            features.append(x)
        return tuple(reversed(features))

    def _stem(self, image: Array, planes: Mapping[str, Array]) -> Array:
        """Returns conv1 of the image plus the convolutions of the planes."""
        inputs = {"conv1": image} | {k: v[..., None] for k, v in planes.items()}
        first, *rest = [
            nn.Conv(
                self.width, (7, 7), (2, 2), 3, use_bias=False, dtype=x.dtype, name=name
            )(x)
            for name, x in inputs.items()
        ]
        return sum(rest, start=first)
