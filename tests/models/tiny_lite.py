"""A compact network so small that it compiles in no time, with random weights."""

import jax.numpy as jnp

from samn_jax.models import lite
from tests.models import random_variables

CONFIG = lite.LiteConfig(
    key_dim=4,
    value_dim=8,
    regression_dim=3,
    label_dim=2,
    value_dims=(4, 6),
    decoder_dims=(8, 8, 8, 4),
    blocks=((3, 1, 1, 4), (3, 2, 2, 6), (5, 2, 2, 8), (3, 2, 2, 10)),
    stem_channels=4,
    taps=(3, 2, 1, 0),
)


def make_variables(config: lite.LiteConfig = CONFIG) -> dict:
    image, mask = jnp.zeros((1, 32, 32, 3)), jnp.zeros((1, 32, 32))
    return random_variables.variables_for(lite.LiteNet(config), image, mask)
