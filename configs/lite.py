"""Stage 2 of the compact network: videos and photos, in longer clips and larger crops.

python train.py --config configs/lite.py --data_dir DATA --output_dir runs/lite \
    --init_from runs/lite_pretrain/model.safetensors

DATA holds videos in DATA/video and photos in DATA/static. Some objects of both are put
before other photos, so that few clips don't become the only backgrounds.

Cost: 1.1 s a step on 2 CPU cores, about 20 minutes. Expected: J near .75 on clips held
out in three folds; IoU on their crops hardly rises after 300 steps. The shipped `lite`
is the mean of six such networks, three of them with look-alikes: docs/MODEL_CARD.md.
"""

from samn_jax.data.clips.config import SamplingConfig
from samn_jax.models.lite import LiteConfig
from samn_jax.training.config import TrainConfig
from samn_jax.training.optimizer import OptimizerConfig
from samn_jax.training.step import LossConfig


def get_config() -> TrainConfig:
    """Returns the settings."""
    return TrainConfig(
        model=LiteConfig(),
        sampling=SamplingConfig(
            num_frames=5,
            crop_size=256,
            video_share=0.65,
            crop_factor=(1.8, 4.2),
            color=0.3,
            distractor_share=0.35,
            occluder_share=0.25,
            background_share=0.3,
            box_share=0.12,
            video_motion=(12.0, 1.12, 0.08),
            thin_plate=0.03,
            perspective=0.2,
        ),
        loss=LossConfig(hard_steps=0),
        optimizer=OptimizerConfig(learning_rate=6e-4, weight_decay=0.1),
        frozen=("^trunk/", "^tap_"),
        batch_size=4,
        num_steps=1100,
        seed=1,
    )
