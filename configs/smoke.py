"""Two steps of a tiny network on rendered clips: shows that training works at all.

python train.py --config configs/smoke.py --output_dir runs/smoke

Cost: 20 seconds on 2 CPU cores, nearly all of it compilation. Result: none to speak of.
"""

from samn_jax.models.lite import LiteConfig
from samn_jax.training import config_file
from samn_jax.training.config import TrainConfig


def get_config() -> TrainConfig:
    """Returns the settings: those of base.py, but for these."""
    return config_file.based_on(
        "base",
        {
            "sampling.num_frames": 2,
            "sampling.crop_size": 64,
            "sampling.max_gap": 2,
            "optimizer.learning_rate": 3e-3,
            "optimizer.warmup_steps": 0,
            "frozen": ("^tap_",),
            "synthetic": True,
            "num_steps": 2,
            "seed": 0,
            "log_every": 1,
            "save_every": 2,
            "validate_every": 2,
        },
        model=LiteConfig(
            key_dim=4,
            value_dim=8,
            regression_dim=4,
            label_dim=2,
            value_dims=(4, 8),
            decoder_dims=(8, 8, 8, 4),
            blocks=((1, 1, 1, 4), (1, 2, 2, 4), (1, 2, 2, 8), (1, 2, 2, 8)),
            taps=(3, 2, 1, 0),
            stem_channels=4,
        ),
    )
