"""The paper's ResNet-50 network on YouTube-VOS, encoders frozen.

python -m samn_jax.convert STM_weights.pth stm.safetensors --kind stm
python train.py --config configs/resnet50.py --data_dir YOUTUBE_VOS/train \
    --output_dir runs/resnet50 --init_from stm.safetensors

Or from torchvision's ResNet-50, with --kind resnet50. Clips of 3 frames unrolled on
their own predictions, crops of 4 times the target's size, cross entropy of the hardest
40 % of pixels plus one minus the soft IoU, Adam at 1e-5, batch 4 (paper, 3.4 and the
authors' release). Add --set model.compute_dtype=bfloat16 on GPUs and TPUs: weights stay
float32.

Cost: 80 epochs of 8,000 steps in the authors' release; see docs/TRAINING.md for what
that needs. Expected: J&F 0.773 on DAVIS-2016 (paper). Not trained here; one step's loss
and gradients equal the authors' (tests/parity/test_train.py).
"""

from samn_jax.data.clips.config import SamplingConfig
from samn_jax.models.samn import SAMNConfig
from samn_jax.training.config import TrainConfig
from samn_jax.training.optimizer import OptimizerConfig
from samn_jax.training.step import LossConfig
from samn_jax.training.unroll import UnrollConfig


def get_config() -> TrainConfig:
    """Returns the settings."""
    return TrainConfig(
        model=SAMNConfig(),
        sampling=SamplingConfig(
            num_frames=3,
            crop_size=384,
            video_share=1.0,
            max_gap=50,
            crop_factor=(4.0, 4.0),
            center_jitter=0.375,  # 1.5 target sizes each way, over 4
            scale_jitter=0.25,
            leave_share=0.0,
            blur_share=0.0,
            distractor_share=0.0,
            occluder_share=0.0,
        ),
        unroll=UnrollConfig(mode="recurrent", aggregation="soft"),
        loss=LossConfig(
            hard_fraction=0.4, hard_steps=0, threshold_stride=1, iou_weight=1.0
        ),
        optimizer=OptimizerConfig(
            name="adam",
            learning_rate=1e-5,
            schedule="constant",
            warmup_steps=0,
            weight_decay=5e-4,
            clip_norm=0.0,
            average_decay=0.999,
        ),
        frozen=("^Encoder_",),
        batch_size=4,
        num_steps=640_000,
        loader_threads=8,
        save_every=2000,
        validate_every=8000,
    )
