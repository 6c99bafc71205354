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

from samn_jax.training import config_file
from samn_jax.training.config import TrainConfig


def get_config() -> TrainConfig:
    """Returns the settings: those of base.py, but for these."""
    return config_file.based_on(
        "base",
        {
            "sampling.num_frames": 3,
            "sampling.crop_size": 192,
            "sampling.video_share": 0.0,
            "sampling.crop_factor": (1.6, 4.2),
            "sampling.video_motion": (6.0, 1.05, 0.03),
            "sampling.thin_plate": 0.045,
            "sampling.perspective": 0.2,
            "sampling.distractor_share": 0.45,
            "sampling.occluder_share": 0.3,
            "sampling.look_alike_share": 0.4,
            "sampling.background_share": 0.45,
            "sampling.box_share": 0.08,
            "loss.hard_fraction": 0.4,
            "loss.hard_steps": 1500,
            "optimizer.learning_rate": 1e-3,
            "optimizer.weight_decay": 1e-4,
            "batch_size": 8,
            "num_steps": 4800,
            "seed": 0,
        },
    )
