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
        key = winograd.Conv3x3(self.key_dim, name="Key")
        value = winograd.Conv3x3(self.value_dim, name="Value")
        return key(features), value(features)
