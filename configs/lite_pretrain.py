"""Stage 1 of the compact network: clips made from photos alone.

python train.py --config configs/lite_pretrain.py --data_dir PHOTOS \
    --output_dir runs/lite_pretrain --init_from TRUNK.npz

Each photo becomes a clip by random affine, perspective and thin-plate changes, colour
and blur, with other objects pasted beside and over its own.

Cost: 0.5-0.8 s a step on 2 CPU cores, about 30 minutes. Expected: a loss near 0.25; the
result is the start of configs/lite_finetune.py and no good tracker by itself. Not run
to its end here: `lite` was trained in one stage, by configs/lite.py.
"""

from samn_jax.data.sampling import SamplingConfig
from samn_jax.memory.design import MemoryConfig
from samn_jax.models.lite import LiteConfig
from samn_jax.training.config import TrainConfig
from samn_jax.training.optimizer import OptimizerConfig


def get_config() -> TrainConfig:
    """Returns the settings."""
    return TrainConfig(
        model=LiteConfig(),
        memory=MemoryConfig(similarity="l2"),
        sampling=SamplingConfig(
            num_frames=3,
            crop_size=192,
            video_share=0.0,
            thin_plate=0.03,
            perspective=0.2,
            distractor_share=0.4,
            occluder_share=0.3,
        ),
        optimizer=OptimizerConfig(learning_rate=1e-3),
        frozen=("^trunk/", "^tap_"),
        batch_size=8,
        num_steps=2500,
    )
