"""Two steps of smoke.py's network under the tracker's memory policy, rendered clips.

python train.py --config configs/policy_smoke.py --output_dir runs/policy_smoke

Cost: half a minute on 2 CPU cores, nearly all of it compilation. Result: none to speak
of.
"""

from samn_jax.training import config_file
from samn_jax.training.config import TrainConfig


def get_config() -> TrainConfig:
    """Returns the settings: those of smoke.py, but for these."""
    return config_file.based_on(
        "smoke",
        {
            "sampling.num_frames": 5,
            "unroll.policy.as_tracked": True,
            "unroll.policy.capacity": 3,
            "unroll.policy.min_area_px": 10,
            "unroll.policy.uncertain_share": 0.1,
            "unroll.gradient_frames": 2,
            "unroll.spoil.drifted_share": 0.1,
            "unroll.spoil.other_share": 0.1,
        },
    )
