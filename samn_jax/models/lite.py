"""The compact network: one EfficientNet-Lite0 trunk for queries and memories alike.

The trunk sees each crop once. Memories join its features with the mask on the way down
to stride 16, so that remembering the last frame costs no second trunk pass.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from samn_jax.memory import read
from samn_jax.memory.config import MemoryConfig
from samn_jax.memory.entry import Key, Value
from samn_jax.models import checks, efficientnet_lite
from samn_jax.models.lite_decoder import (
    STRIDE,
    LiteDecoder,
    ResidualBlock,
    distance_map,
    mask_cells,
)
from samn_jax.models.network import QueryFeatures

POSITIONS = ("none", "cat")


@dataclasses.dataclass(frozen=True)
class LiteConfig:
    """Widths and switches of the compact network."""

    network: str = "lite"
    key_dim: int = 64
    value_dim: int = 128
    regression_dim: int = 64  # features of the memory's regression; 0 for none
    label_dim: int = 16  # what it predicts: the target's share of a cell and a code
    value_dims: Sequence[int] = (64, 128)  # the mask's way down: stride 8, 16
    decoder_dims: Sequence[int] = (128, 96, 48, 16)  # stride 16, 8, 4, 2
    positions: str = "cat"  # none | cat: the distance map as a decoder input
    previous_mask: bool = False  # the decoder is shown the previous frame's mask
    similarity: str = "l2"
    compute_dtype: str = "float32"
    blocks: Sequence[Sequence[int]] = efficientnet_lite.BLOCKS
    stem_channels: int = efficientnet_lite.STEM_CHANNELS
    taps: Sequence[int] = efficientnet_lite.TAPS

    def __post_init__(self) -> None:
        """Checks the settings.

        Raises:
          InputError: a mode is unknown, or a size makes no sense.
        """
        checks.check_choice("positions", self.positions, POSITIONS)
        checks.check_choice("similarity", self.similarity, read.SIMILARITIES)
        checks.check_choice("compute_dtype", self.compute_dtype, checks.COMPUTE_DTYPES)
        checks.check_sizes("key_dim", self.key_dim)
        checks.check_sizes("value_dim", self.value_dim)
        checks.check_sizes("regression_dim", self.regression_dim, least=0)
        checks.check_sizes("label_dim", self.label_dim, least=2)
        checks.check_sizes("value_dims", self.value_dims, 2)
        checks.check_sizes("decoder_dims", self.decoder_dims, 4)
        efficientnet_lite.check_blocks(self.blocks, self.stem_channels, self.taps)

    @property
    def memory(self) -> MemoryConfig:
        """Returns the memory's settings that suit the network."""
        return MemoryConfig(capacity=8, remember_lost=False)

    @property
    def tracking(self) -> dict[str, Any]:
        """Returns what else differs from the tracker's defaults.

        Sizes, thresholds and rates were chosen on held-out training clips.
        """
        return {
            "crop_size": 320,
            "clamp_crop": True,
            "crop_samples": 2,
            "aggregation": "odds",
            "threshold_from_mask": 0.5,
            "box_passes": 2,
            "lost_growth": 1.15,
            "scale_step_down": 0.02,
        }


class Standardize(nn.Module):
    """Fixed per-channel statistics: the trunk's maps leave with mean 0, deviation 1."""

    @nn.compact
    def __call__(self, x: Float[Array, "B H W C"]) -> Float[Array, "B H W C"]:
        """Returns (x - mean) · scale."""
        shape = x.shape[-1:]
        mean = self.param("mean", nn.initializers.zeros, shape).astype(x.dtype)
        scale = self.param("scale", nn.initializers.ones, shape).astype(x.dtype)
        return (x - mean[None, None, None, :]) * scale[None, None, None, :]


class ValueEncoder(nn.Module):
    """Mask and trunk features → value, from stride 4 down to stride 16."""

    dims: Sequence[int]
    value_dim: int

    @nn.compact
    def __call__(
        self, mask: Float[Array, "B H W"], pyramid: tuple[Array, ...]
    ) -> Float[Array, "B h w Cv"]:
        """Returns the value of each cell for crops with object probability `mask`."""
        s16, s8, s4 = pyramid[:3]
        x = (mask_cells(mask, 4, 4) - 0.5).astype(s4.dtype)
        down = lambda dim, name: nn.Conv(  # noqa: E731
            dim, (3, 3), (2, 2), dtype=s4.dtype, name=name
        )
        x = nn.relu(down(self.dims[0], "to_s8")(jnp.concatenate((x, s4), -1)))
        x = nn.relu(down(self.dims[1], "to_s16")(jnp.concatenate((x, s8), -1)))
        x = jnp.concatenate((x, s16), -1)
        x = nn.Dense(self.value_dim, dtype=s4.dtype, name="fuse")(x)
        x = ResidualBlock(name="res1")(x)
        return ResidualBlock(name="res2")(x)


class LabelEncoder(nn.Module):
    """Mask → labels of each cell: the share that is covered, and a code of its shape.

    The code is linear in the cell's pixels, so that linear regression can predict it.
    """

    dim: int

    @nn.compact
    def __call__(self, mask: Float[Array, "B H W"]) -> Float[Array, "B h w L"]:
        """Returns the labels."""
        cells = mask_cells(mask, STRIDE, STRIDE)
        share = jnp.mean(cells, axis=-1, keepdims=True)
        code = nn.Dense(self.dim - 1, name="code")(cells - 0.5)
        return jnp.concatenate((share, code), axis=-1)


class LiteNet(nn.Module):
    """The compact appearance network; methods as in `network.Network`."""

    config: LiteConfig
    has_fast_kernels = False  # see `winograd.with_fast_kernels`

    @property
    def similarity(self) -> str:
        """Returns the similarity of keys."""
        return self.config.similarity

    @property
    def previous_mask(self) -> bool:
        """Returns whether `decode` is to be given the previous frame's mask."""
        return self.config.previous_mask

    def setup(self) -> None:
        """Makes the parts."""
        config = self.config
        self.trunk = efficientnet_lite.EfficientNetLite(
            config.blocks, config.stem_channels, config.taps
        )
        self.standardize = [Standardize(name=f"tap_s{s}") for s in (16, 8, 4, 2)]
        self.key_head = nn.Conv(config.key_dim, (3, 3), dtype=config.compute_dtype)
        self.value_encoder = ValueEncoder(config.value_dims, config.value_dim)
        if config.regression_dim:
            self.regression_head = nn.Conv(
                config.regression_dim, (3, 3), dtype=config.compute_dtype
            )
            self.label_encoder = LabelEncoder(config.label_dim)
        self.decoder = LiteDecoder(config.decoder_dims)

    def pyramid(self, image: Float[Array, "B H W 3"]) -> tuple[Array, ...]:
        """Returns the trunk's standardized maps at stride 16, 8, 4 and 2."""
        maps = self.trunk(image.astype(self.config.compute_dtype))
        return tuple(f(x) for f, x in zip(self.standardize, maps, strict=True))

    def raw_pyramid(self, image: Float[Array, "B H W 3"]) -> tuple[Array, ...]:
        """Returns the trunk's maps before standardization, to measure them."""
        return self.trunk(image)

    def encode_query(self, image: Float[Array, "B H W 3"]) -> QueryFeatures:
        """Returns the features of crops with values in [0, 1]."""
        return self.features_of(self.pyramid(image))

    def features_of(self, pyramid: tuple[Array, ...]) -> QueryFeatures:
        """Returns key and query value of already encoded crops."""
        key = self.key_head(pyramid[0])
        features = key[..., :0]
        if self.config.regression_dim:
            features = self.regression_head(pyramid[0])
        return QueryFeatures(Key(key, features), pyramid[0], pyramid)

    # `network.Network` has the same signatures: the protocol and who follows it state
    # them both, which is what a type checker compares.
    def encode_memory(
        self,
        image: Float[Array, "B H W 3"],
        query: QueryFeatures,
        mask: Float[Array, "B H W"],
    ) -> tuple[Key, Value]:
        """Returns key and value; the features are the query's, `image` is not used."""
        value = self.value_encoder(mask, query.pyramid)
        labels = value[..., :0]
        if self.config.regression_dim:
            labels = self.label_encoder(mask).astype(value.dtype)
        return query.key, Value(value, labels)

    def decode(
        self,
        readout: Value,
        query: QueryFeatures,
        center_xy: Float[Array, "B 2"],
        previous: Float[Array, "B P Q"] | None = None,
    ) -> Float[Array, "B H W"]:
        """Returns the log-odds of the object at each crop pixel."""
        inputs = [readout.attention, readout.labels, query.value]
        if self.config.positions == "cat":
            _, height, width, _ = query.value.shape
            distance = distance_map(center_xy, height, width, height * STRIDE)
            inputs.append(distance.astype(query.value.dtype))
        return self.decoder(jnp.concatenate(inputs, -1), query.pyramid, previous)

    def filter_features(
        self, image: Float[Array, "B H W 3"]
    ) -> Float[Array, "B h w C"]:
        """Returns the standardized stride-16 maps for the correlation filter."""
        return self.pyramid(image)[0].astype(jnp.float32)

    def __call__(
        self, image: Float[Array, "B H W 3"], mask: Float[Array, "B H W"]
    ) -> Float[Array, "B H W"]:
        """Returns log-odds, having touched every part: for initialization."""
        query = self.encode_query(image)
        _, value = self.encode_memory(image, query, mask)
        center = jnp.full((image.shape[0], 2), image.shape[1] / 2, jnp.float32)
        if not self.config.previous_mask:
            return self.decode(value, query, center)
        return self.decode(value, query, center, mask[:, ::2, ::2])


def measure_taps(variables: dict, net: LiteNet, images: Array) -> dict:
    """Returns the `tap_*` parameters that standardize the trunk's maps of `images`."""
    maps = jax.jit(lambda x: net.apply(variables, x, method="raw_pyramid"))(images)
    taps = {}
    for stride, x in zip((16, 8, 4, 2), maps, strict=True):
        deviation = jnp.std(x, axis=(0, 1, 2))
        taps[f"tap_s{stride}"] = {
            "mean": jnp.mean(x, axis=(0, 1, 2)),
            "scale": 1.0 / (deviation + 1e-3),
        }
    return taps
