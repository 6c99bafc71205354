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

from samn_jax.models.samn import SAMNConfig
from samn_jax.training import config_file
from samn_jax.training.config import TrainConfig


def get_config() -> TrainConfig:
    """Returns the settings: those of base.py, but for these."""
    return config_file.based_on(
        "base",
        {
            "sampling.num_frames": 3,
            "sampling.crop_size": 384,
            "sampling.video_share": 1.0,
            "sampling.max_gap": 50,
            "sampling.crop_factor": (4.0, 4.0),
            "sampling.center_jitter": 0.375,  # 1.5 target sizes each way, over 4
            "sampling.leave_share": 0.0,
            "sampling.video_motion": (6.0, 1.05, 0.03),
            "sampling.color": 0.2,
            "sampling.blur_share": 0.0,
            "sampling.distractor_share": 0.0,
            "sampling.occluder_share": 0.0,
            "sampling.background_share": 0.0,
            "sampling.box_share": 0.0,
            "unroll.aggregation": "soft",
            "loss.hard_fraction": 0.4,
            "loss.threshold_stride": 1,
            "loss.iou_weight": 1.0,
            "optimizer.name": "adam",
            "optimizer.learning_rate": 1e-5,
            "optimizer.schedule": "constant",
            "optimizer.warmup_steps": 0,
            "optimizer.weight_decay": 5e-4,
            "optimizer.clip_norm": 0.0,
            "optimizer.average_decay": 0.999,
            "frozen": ("^Encoder_",),
            "num_steps": 640_000,
            "seed": 0,
            "loader_threads": 8,
            "save_every": 2000,
            "validate_every": 8000,
        },
        model=SAMNConfig(),
    )
