"""Goes on from the shipped network with data of your own: docs/TRAINING.md.

python train.py --config configs/lite_finetune.py --data_dir DATA \
    --output_dir runs/mine --init_from lite

DATA holds clips, or clips in DATA/video and photos in DATA/static; photos serve as
distractors, occluders and other backgrounds too. Objects of other clips are pasted in
with or without them.

Cost: 1.1 s a step on 2 CPU cores, about 10 minutes. Expected: a loss that falls
below that of the first steps; set held_out to see what it brings on clips of yours.
"""

from samn_jax.training import config_file
from samn_jax.training.config import TrainConfig


def get_config() -> TrainConfig:
    """Returns the settings: those of base.py, but for these."""
    return config_file.based_on(
        "base",
        {
            "sampling.crop_factor": (2.0, 4.2),
            "sampling.distractor_share": 0.4,
            "optimizer.learning_rate": 2e-4,
        },
    )
