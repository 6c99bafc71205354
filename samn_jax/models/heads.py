"""Key and value heads: stride-16 features to what the appearance memory matches."""

import flax.linen as nn
from jaxtyping import Array, Float


class KeyValueHead(nn.Module):
    """KV_M_r4 or KV_Q_r4: one 3×3 convolution to the key, one to the value."""

    key_dim: int = 128
    value_dim: int = 512

    @nn.compact
    def __call__(
        self, features: Float[Array, "B h w C"]
    ) -> tuple[Float[Array, "B h w Ck"], Float[Array, "B h w Cv"]]:
        """Returns key and value of every cell."""
        dtype = features.dtype
        key = nn.Conv(self.key_dim, (3, 3), padding=1, dtype=dtype, name="Key")
        value = nn.Conv(self.value_dim, (3, 3), padding=1, dtype=dtype, name="Value")
        return key(features), value(features)
