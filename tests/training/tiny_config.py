"""The tiny network as a config file that the command takes."""

from samn_jax.training.config import TrainConfig
from tests.training import tiny


def get_config() -> TrainConfig:
    """Returns the settings."""
    tiny.register()
    return tiny.config(num_steps=100_000, save_every=50)
