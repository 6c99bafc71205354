"""SAMN's appearance network on ResNet-50 (paper, section 3.1), as Linen methods."""

import dataclasses

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from samn_jax.memory import read
from samn_jax.memory.entry import Key, Value
from samn_jax.models import checks, decoder, encoders, heads, positions
from samn_jax.models import network as network_lib


@dataclasses.dataclass(frozen=True)
class SAMNConfig:
    """Sizes of the network; the defaults are the paper's.

    Attributes:
      network: the name that model files know this network by.
      stage_blocks: blocks of the trunk's stages.
      width: channels of the trunk's first convolution.
      key_dim: channels of a key.
      value_dim: channels of a value.
      decoder_dim: channels inside the decoder.
      positions: positional encoding of the decoder: "sum", "cat" or "none".
      similarity: of keys; the paper's is "dot".
      compute_dtype: "float32", or "bfloat16" for all convolutions. Parameters, distance
        map and log-odds stay float32.
    """

    network: str = "resnet50"
    stage_blocks: tuple[int, ...] = (3, 4, 6)
    width: int = 64
    key_dim: int = 128
    value_dim: int = 512
    decoder_dim: int = 256
    positions: str = "sum"
    similarity: str = "dot"
    compute_dtype: str = "float32"

    def __post_init__(self) -> None:
        """Checks the settings.

        Raises:
          InputError: a mode is unknown, or a size makes no sense.
        """
        checks.check_choice("positions", self.positions, positions.MODES)
        checks.check_choice("similarity", self.similarity, read.SIMILARITIES)
        checks.check_choice("compute_dtype", self.compute_dtype, checks.COMPUTE_DTYPES)
        checks.check_sizes(
            "stage_blocks", self.stage_blocks, 3, most=checks.MOST_BLOCKS
        )
        for name in ("width", "key_dim", "value_dim", "decoder_dim"):
            checks.check_sizes(name, getattr(self, name))


class SAMN(nn.Module):
    """Encoders, heads and decoder; modules are named as in the torch network.

    The collection `params` is for the optimizer, which may freeze the subtrees
    `Encoder_M` and `Encoder_Q`; `batch_stats` is never updated.
    """

    config: SAMNConfig = SAMNConfig()

    @property
    def similarity(self) -> str:
        """Returns the similarity of keys."""
        return self.config.similarity

    def setup(self) -> None:
        """Makes the modules."""
        c = self.config
        trunk = (c.stage_blocks, c.width, c.compute_dtype)
        self.Encoder_M = encoders.MemoryEncoder(*trunk)
        self.Encoder_Q = encoders.QueryEncoder(*trunk)
        self.KV_M_r4 = heads.KeyValueHead(c.key_dim, c.value_dim)
        self.KV_Q_r4 = heads.KeyValueHead(c.key_dim, c.value_dim)
        self.Decoder = decoder.Decoder(c.decoder_dim, c.positions)

    def encode_query(self, image: Float[Array, "B H W 3"]) -> network_lib.QueryFeatures:
        """Returns key, value and pyramid of crops in [0, 1], sides multiples of 16."""
        pyramid = self.Encoder_Q(image)
        key, value = self.KV_Q_r4(pyramid[0])
        return network_lib.QueryFeatures(Key.plain(key), value, pyramid)

    def encode_memory(
        self,
        image: Float[Array, "B H W 3"],
        query: network_lib.QueryFeatures,
        mask: Float[Array, "B H W"],
        others: Float[Array, "B H W"] | None = None,
    ) -> tuple[Key, Value]:
        """Returns key and value to remember the crops by.

        Args:
          image: RGB in [0, 1].
          query: features of the same crops, which this network has no use for.
          mask: probability of the object.
          others: probability of the other objects, which STM wants to see; without it
            the background, 1 - `mask`, as in SAMN.
        """
        del query
        others = 1.0 - mask if others is None else others
        key, value = self.KV_M_r4(self.Encoder_M(image, mask, others))
        return Key.plain(key), Value.plain(value)

    def decode_logits(
        self,
        readout: Value,
        query: network_lib.QueryFeatures,
        center_xy: Float[Array, "B 2"],
    ) -> Float[Array, "B H W 2"]:
        """Returns the logits of background and object at full size, in float32."""
        read = readout.attention.astype(query.value.dtype)
        joined = jnp.concatenate([read, query.value], -1)
        logits = self.Decoder(joined, query.pyramid, center_xy)
        return decoder.upsample4(logits.astype(jnp.float32))

    def decode(
        self,
        readout: Value,
        query: network_lib.QueryFeatures,
        center_xy: Float[Array, "B 2"],
    ) -> Float[Array, "B H W"]:
        """Returns the log-odds of the object at full size, in float32.

        Args:
          readout: what the memory gave for each cell of the crop.
          query: features of the crop.
          center_xy: the target's likely place in crop pixels.
        """
        logits = self.decode_logits(readout, query, center_xy)
        return logits[..., 1] - logits[..., 0]

    def filter_features(
        self, image: Float[Array, "B H W 3"]
    ) -> Float[Array, "B h w C"]:
        """Returns r4 of the query encoder, for the spatial memory's filter."""
        return self.Encoder_Q(image)[0]

    def __call__(
        self, image: Float[Array, "B H W 3"], mask: Float[Array, "B H W"]
    ) -> Float[Array, "B H W"]:
        """Returns log-odds with the crop's own memory as readout; `init` runs this."""
        query = self.encode_query(image)
        _, value = self.encode_memory(image, query, mask)
        side = jnp.array(image.shape[2:0:-1], jnp.float32)
        center_xy = jnp.broadcast_to(side / 2.0, (image.shape[0], 2))
        return self.decode(value, query, center_xy)
