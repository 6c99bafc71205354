"""The compact network from photos and videos together.

python train.py --config configs/lite.py --data_dir DATA --output_dir runs/lite \
    --init_from TRUNK.npz

TRUNK.npz holds EfficientNet-Lite0's weights; `--init_from lite` starts from the shipped
network instead. DATA holds videos in DATA/video and photos in DATA/static.

Cost: 0.75 s a step on 2 CPU cores, about 1 hour. Expected: IoU near .79 on crops of
held-out clips after 2400 steps, no better later: with 26 clips it begins to overfit.
"""

from samn_jax.data.sampling import SamplingConfig
from samn_jax.memory.design import MemoryConfig
from samn_jax.models.lite import LiteConfig
from samn_jax.training.config import TrainConfig
from samn_jax.training.optimizer import OptimizerConfig


def get_config() -> TrainConfig:
    """Returns the settings."""
    return TrainConfig(
        model=LiteConfig(),
        memory=MemoryConfig(similarity="l2"),
        sampling=SamplingConfig(num_frames=3, crop_size=192, video_share=0.6),
        optimizer=OptimizerConfig(learning_rate=1e-3),
        frozen=("^trunk/", "^tap_"),
        batch_size=8,
        num_steps=4000,
        held_out=("hockey", "lucia", "mallard-fly", "motocross-bumps", "soccerball"),
    )
