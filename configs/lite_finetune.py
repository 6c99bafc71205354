"""Goes on from the shipped network with data of your own: docs/TRAINING.md.

python train.py --config configs/lite_finetune.py --data_dir DATA \
    --output_dir runs/mine --init_from lite

DATA holds clips, or clips in DATA/video and photos in DATA/static; photos serve as
distractors, occluders and other backgrounds too. Without photos nothing is pasted in.

Cost: 1.1 s a step on 2 CPU cores, about 10 minutes. Expected: a loss that falls
below that of the first steps; set held_out to see what it brings on clips of yours.
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
            video_share=0.5,
            crop_factor=(2.0, 4.2),
            color=0.3,
            distractor_share=0.4,
            occluder_share=0.25,
            background_share=0.25,
            box_share=0.12,
            video_motion=(12.0, 1.12, 0.08),
        ),
        loss=LossConfig(hard_steps=0),
        optimizer=OptimizerConfig(learning_rate=2e-4, weight_decay=0.1),
        frozen=("^trunk/", "^tap_"),
        batch_size=4,
        num_steps=500,
        seed=1,
    )
