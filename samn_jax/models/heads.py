"""Key and value heads: stride-16 features to what the appearance memory matches."""

import flax.linen as nn
from jaxtyping import Array, Float

from samn_jax.models import winograd


class KeyValueHead(nn.Module):
    """KV_M_r4 or KV_Q_r4: one 3×3 convolution to the key, one to the value."""

    key_dim: int = 128
    value_dim: int = 512

    @nn.compact
    def __call__(
        self, features: Float[Array, "B h w C"]
    ) -> tuple[Float[Array, "B h w Ck"], Float[Array, "B h w Cv"]]:
        """Returns key and value of every cell."""
        parts = {"Key": self.key_dim, "Value": self.value_dim}
        kernels, biases = zip(
            *(
                winograd.Parameters3x3(channels, name=name)(features.shape[-1])
                for name, channels in parts.items()
            ),
            strict=True,
        )
        made = winograd.convolve_with(self, features, kernels, tile=2)
        key, value = (
            y + bias.astype(y.dtype)[None, None, None, :]
            for y, bias in zip(made, biases, strict=True)
        )
        return key, value
