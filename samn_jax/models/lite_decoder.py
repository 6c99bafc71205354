"""The compact network's decoder: from stride 16 up to the crop's own pixels."""

from collections.abc import Sequence

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from samn_jax.models.network import PREVIOUS_STRIDE
from samn_jax.models.resize import upsample2

STRIDE = 16
_PARTS = 4  # of a cell along each side, whose shares of the previous mask it is told
_PREVIOUS_STRIDES = (16, 8)  # of the maps that the previous mask is added to
# Weights that are 0 until they are trained, so that a network without them is the same.
ZERO_AT_START = tuple(f"decoder/previous_s{s}/kernel" for s in _PREVIOUS_STRIDES)


class ResidualBlock(nn.Module):
    """x + conv(relu(conv(relu(x)))), 3×3."""

    @nn.compact
    def __call__(self, x: Float[Array, "B H W C"]) -> Float[Array, "B H W C"]:
        """Returns the block's output."""
        channels = x.shape[-1]
        y = nn.Conv(channels, (3, 3), dtype=x.dtype, name="conv1")(nn.relu(x))
        y = nn.Conv(channels, (3, 3), dtype=x.dtype, name="conv2")(nn.relu(y))
        return x + y


class LiteDecoder(nn.Module):
    """Readout and skips → log-odds, from stride 16 up to full resolution."""

    dims: Sequence[int]

    @nn.compact
    def __call__(
        self,
        x: Float[Array, "B h w C"],
        pyramid: tuple[Array, ...],
        previous: Float[Array, "B P Q"] | None = None,
    ) -> Float[Array, "B H W"]:
        """Returns the log-odds of the object at each crop pixel.

        Args:
          x: readout, query and place at stride 16.
          pyramid: the trunk's maps at stride 16, 8, 4 and 2.
          previous: the previous frame's mask as this crop sees it; P = H/2,
            Q = W/2; 0 says nothing.
        """
        dtype = x.dtype
        x = nn.Conv(self.dims[0], (3, 3), dtype=dtype, name="fuse")(x)
        x = _tell(x, previous, 16)
        x = ResidualBlock(name="res_s16")(x)
        skips = zip((8, 4, 2), self.dims[1:], pyramid[1:], strict=True)
        for stride, dim, skip in skips:
            # Narrowing before the enlargement costs a quarter and is the same sum.
            narrow = nn.Dense(dim, dtype=dtype, name=f"narrow_s{stride}")(x)
            kernel = (3, 3) if stride > 2 else (1, 1)
            side = nn.Conv(dim, kernel, dtype=dtype, name=f"skip_s{stride}")(skip)
            x = _tell(upsample2(narrow) + side, previous, stride)
            if stride > 2:
                x = ResidualBlock(name=f"res_s{stride}")(x)
            else:
                x = nn.Conv(dim, (3, 3), dtype=dtype, name="mix_s2")(nn.relu(x))
        logits = nn.Conv(1, (3, 3), dtype=dtype, name="logit")(nn.relu(x))
        return upsample2(logits.astype(jnp.float32))[..., 0]


def _tell(
    x: Float[Array, "B h w C"],
    previous: Float[Array, "B P Q"] | None,
    stride: int,
) -> Float[Array, "B h w C"]:
    """Returns a map of the decoder with the previous frame's mask added to it.

    Without a bias nothing is added where no mask is; no weight is drawn.
    """
    if previous is None or stride not in _PREVIOUS_STRIDES:
        return x
    cells = mask_cells(previous, stride // PREVIOUS_STRIDE, _PARTS).astype(x.dtype)
    conv = nn.Conv(
        x.shape[-1],
        (3, 3),
        use_bias=False,
        kernel_init=nn.initializers.zeros,
        dtype=x.dtype,
        name=f"previous_s{stride}",
    )
    return x + conv(cells)


def mask_cells(
    mask: Float[Array, "B H W"], side: int, parts: int
) -> Float[Array, "B h w n"]:
    """Returns the mean of a mask in parts of each cell.

    Args:
      mask: shares.
      side: of a cell, in the mask's pixels.
      parts: of a cell along each side; as many as pixels gives the pixels themselves.
    """
    batch, height, width = mask.shape
    rows, columns, step = height // side, width // side, side // parts
    cut = mask.reshape(batch, rows, parts, step, columns, parts, step)
    cells = jnp.mean(cut, axis=(3, 6)) if step > 1 else cut[:, :, :, 0, :, :, 0]
    return cells.transpose(0, 1, 3, 2, 4).reshape(batch, rows, columns, parts**2)


def distance_map(
    center_xy: Float[Array, "B 2"], height: int, width: int, size: int
) -> Float[Array, "B h w 1"]:
    """Returns each cell's distance to `center_xy` (crop pixels) over `size`."""
    x = (jnp.arange(width, dtype=jnp.float32) + 0.5) * STRIDE
    y = (jnp.arange(height, dtype=jnp.float32) + 0.5) * STRIDE
    dx = x[None, None, :] - center_xy[:, 0, None, None]
    dy = y[None, :, None] - center_xy[:, 1, None, None]
    return (jnp.sqrt(dx**2 + dy**2) / size)[..., None]
