"""Stage 2 of the compact network: videos, with a frame gap that grows.

python train.py --config configs/lite_finetune.py --data_dir DATA \
    --output_dir runs/lite_finetune --init_from runs/lite_pretrain/model.safetensors

DATA holds videos in DATA/video and, for distractors and one clip in four, photos in
DATA/static. Also the config to train on data of one's own: docs/TRAINING.md.

Cost: 1-1.5 s a step on 2 CPU cores, about 1 hour. Expected: IoU on held-out crops
above that of stage 1. Not run to its end here, as configs/lite_pretrain.py says.
"""

from samn_jax.data.sampling import SamplingConfig
from samn_jax.memory.design import MemoryConfig
from samn_jax.models.lite import LiteConfig
from samn_jax.training.config import TrainConfig
from samn_jax.training.optimizer import OptimizerConfig
from samn_jax.training.step import LossConfig


def get_config() -> TrainConfig:
    """Returns the settings."""
    return TrainConfig(
        model=LiteConfig(),
        memory=MemoryConfig(similarity="l2"),
        sampling=SamplingConfig(
            num_frames=4, crop_size=192, video_share=0.75, max_gap=15, gap_growth=12000
        ),
        loss=LossConfig(hard_steps=0),
        optimizer=OptimizerConfig(learning_rate=3e-4),
        frozen=("^trunk/", "^tap_"),
        batch_size=8,
        num_steps=2500,
    )
