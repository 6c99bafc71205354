"""Goes on from a network in longer clips, under the tracker's own memory policy.

python train.py --config configs/policy.py --data_dir DATA --output_dir runs/policy \
    --init_from lite

Clips of 8 frames, more than the four that are remembered: the first, the last, and two
kept at the memory's interval, counted in frames of the video. Frames without a target
are not written, a tenth is filtered as uncertain, and a quarter of the masks that are
remembered are wrong on purpose, so that the first frame keeps its say. DATA as for
lite.py; any design of a memory may be given, `--set memory.design=my.py:Mine`.

Cost and memory: docs/TRAINING.md. Expected: not known yet.
"""

from samn_jax.training import config_file
from samn_jax.training.config import TrainConfig


def get_config() -> TrainConfig:
    """Returns the settings: those of base.py, but for these."""
    return config_file.based_on(
        "base",
        {
            "sampling.num_frames": 8,
            "sampling.crop_size": 320,  # as the tracker's
            "sampling.max_gap": 6,
            "sampling.video_share": 0.65,
            "sampling.background_share": 0.3,
            "sampling.thin_plate": 0.03,
            "sampling.perspective": 0.2,
            "unroll.policy.as_tracked": True,
            "unroll.policy.capacity": 4,
            "unroll.policy.uncertain_share": 0.1,
            "unroll.gradient_frames": 3,
            "unroll.spoil.drifted_share": 0.08,
            "unroll.spoil.ragged_share": 0.07,
            "unroll.spoil.missing_share": 0.05,
            "unroll.spoil.other_share": 0.05,
            "optimizer.learning_rate": 2e-4,
        },
    )
