"""Stage 2 of the compact network: videos and photos, in longer clips and larger crops.

python train.py --config configs/lite.py --data_dir DATA --output_dir runs/lite \
    --init_from runs/lite_pretrain/model.safetensors

DATA holds videos in DATA/video and photos in DATA/static. Some objects of both are put
before other photos, so that few clips don't become the only backgrounds.

Cost: 1.1 s a step on 2 CPU cores, about 20 minutes. Expected: J near .75 on clips held
out in three folds; IoU on their crops hardly rises after 300 steps. The shipped `lite`
is the mean of six such networks, three of them with look-alikes: docs/MODEL_CARD.md.
"""

from samn_jax.training import config_file
from samn_jax.training.config import TrainConfig


def get_config() -> TrainConfig:
    """Returns the settings: those of base.py, but for these."""
    return config_file.based_on(
        "base",
        {
            "sampling.video_share": 0.65,
            "sampling.background_share": 0.3,
            "sampling.thin_plate": 0.03,
            "sampling.perspective": 0.2,
            "num_steps": 1100,
        },
    )
