"""Stage 2 of the compact network: longer clips in larger crops, starts from boxes.

python train.py --config configs/lite_finetune.py --data_dir DATA \
    --output_dir runs/lite_finetune --init_from runs/lite/model.safetensors

DATA holds videos in DATA/video and photos in DATA/static. Also the config to train on
data of one's own: docs/TRAINING.md.

Cost: 1.2-1.4 s a step on 2 busy CPU cores, about 35 minutes. Expected: J from a mask as
after stage 1, J from a box .12 higher. The shipped `lite` is the mean of the weights
before and after 1400 steps of this, with the clips of configs/lite.py held out
(`--set held_out=...`): docs/MODEL_CARD.md.
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
            num_frames=5,
            crop_size=256,
            video_share=0.5,
            crop_factor=(2.0, 4.2),
            color=0.3,
            distractor_share=0.4,
            occluder_share=0.25,
            box_share=0.12,
            video_motion=(12.0, 1.12, 0.08),
        ),
        loss=LossConfig(hard_steps=0),
        optimizer=OptimizerConfig(learning_rate=3e-4, weight_decay=0.1),
        frozen=("^trunk/", "^tap_"),
        batch_size=4,
        num_steps=1800,
        seed=1,
    )
