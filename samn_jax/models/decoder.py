"""The decoder: from what the memory gave, with the frame's features, to a mask."""

from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from samn_jax.models import positions, resize, winograd

STRIDE = 16


def upsample4(x: Float[Array, "B h w C"]) -> Float[Array, "B H W C"]:
    """Returns `x` bilinearly enlarged by four, half-pixel centers, edges repeated."""
    batch, height, width, channels = x.shape
    return jax.image.resize(x, (batch, 4 * height, 4 * width, channels), "bilinear")


class ResidualBlock(nn.Module):
    """x + conv2(relu(conv1(relu(x)))).

    Attributes:
      tile: see `winograd.Conv3x3`.
    """

    tile: int = 2

    @nn.compact
    def __call__(self, x: Float[Array, "B H W C"]) -> Float[Array, "B H W C"]:
        """Returns the refined features."""
        channels = x.shape[-1]
        y = winograd.Conv3x3(channels, self.tile, name="conv1")(nn.relu(x))
        y = winograd.Conv3x3(channels, self.tile, name="conv2")(nn.relu(y))
        return x + y


class Refine(nn.Module):
    """RF3 or RF2: joins the frame's features with the decoder's, at twice the size."""

    channels: int
    tile: int = 2

    @nn.compact
    def __call__(
        self, skip: Float[Array, "B H W C"], x: Float[Array, "B h w D"]
    ) -> Float[Array, "B H W D2"]:
        """Returns the joined features at the size of `skip`."""
        y = winograd.Conv3x3(self.channels, self.tile, name="convFS")(skip)
        y = ResidualBlock(self.tile, name="ResFS")(y) + resize.upsample2(x)
        return ResidualBlock(self.tile, name="ResMM")(y)


class Decoder(nn.Module):
    """Readout and pyramid to the logits of background and object.

    Attributes:
      channels: of every inner feature map.
      positions: how the distance map is joined: "sum" adds it to every channel of the
        refined stride-16 features, as the authors' release does; "cat" appends it as
        one more channel of the input; "none" leaves it out.
    """

    channels: int = 256
    positions: str = "sum"

    @nn.compact
    def __call__(
        self,
        readout: Float[Array, "B h w C"],
        pyramid: Sequence[Array],
        center_xy: Float[Array, "B 2"],
    ) -> Float[Array, "B H4 W4 2"]:
        """Returns logits at stride 4.

        Args:
          readout: the memory's value beside the query's, at stride 16.
          pyramid: the frame's features at stride 16, 8 and 4.
          center_xy: the target's likely place in crop pixels.
        """
        positions.check_mode(self.positions)
        height, width = readout.shape[1:3]
        distance = positions.distance_map(center_xy, height, width, cell_px=STRIDE)
        distance = distance.astype(readout.dtype)
        if self.positions == "cat":
            readout = jnp.concatenate([readout, distance], axis=-1)
        x = winograd.Conv3x3(self.channels, name="convFM")(readout)
        x = ResidualBlock(name="ResMM")(x)
        if self.positions == "sum":
            x = x + jnp.broadcast_to(distance, x.shape)
        x = Refine(self.channels, tile=4, name="RF3")(pyramid[1], x)
        x = Refine(self.channels, tile=4, name="RF2")(pyramid[2], x)
        pred2 = nn.Conv(2, (3, 3), padding=1, dtype=x.dtype, name="pred2")
        return pred2(nn.relu(x))
