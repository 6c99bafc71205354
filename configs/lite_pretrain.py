"""Stage 1 of the compact network: clips made from photos alone.

python train.py --config configs/lite_pretrain.py --data_dir PHOTOS \
    --output_dir runs/lite_pretrain --init_from TRUNK.npz

Each photo becomes a clip by random affine, perspective and thin-plate changes, color
and blur, with other objects pasted beside and over its own (a copy of it, or one of its
kind, among them), or its objects put before another photo.

Cost: 0.65 s a step on 2 CPU cores, about 50 minutes. Expected: IoU near .78 on crops of
videos, none of which it has seen. `lite` itself was made by three runs of 1200, 1400
and 2200 steps, the first without other backgrounds, the first two without look-alikes:
docs/MODEL_CARD.md.
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
            num_frames=3,
            crop_size=192,
            video_share=0.0,
            thin_plate=0.045,
            perspective=0.2,
            distractor_share=0.45,
            occluder_share=0.3,
            look_alike_share=0.4,
            background_share=0.45,
            box_share=0.08,
            color=0.3,
        ),
        optimizer=OptimizerConfig(learning_rate=1e-3),
        loss=LossConfig(hard_fraction=0.4),
        frozen=("^trunk/", "^tap_"),
        batch_size=8,
        num_steps=4800,
    )
