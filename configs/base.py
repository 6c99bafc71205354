"""Every setting of a training with its unit and meaning; the other configs override it.

Not to be trained itself: what all configs of the compact network have in common.
`--set part.field=value` replaces any of these on the command line.
"""

from samn_jax.data.clips.config import SamplingConfig
from samn_jax.models.lite import LiteConfig
from samn_jax.training.config import TrainConfig
from samn_jax.training.optimizer import OptimizerConfig
from samn_jax.training.policy import PolicyConfig
from samn_jax.training.previous import PreviousConfig
from samn_jax.training.spoil import SpoilConfig
from samn_jax.training.step import LossConfig
from samn_jax.training.unroll import UnrollConfig


def get_config() -> TrainConfig:
    """Returns the settings."""
    return TrainConfig(
        # The network, and the memory that it is trained and tracked with. Their
        # settings are in samn_jax/models/lite.py and samn_jax/memory/config.py.
        model=LiteConfig(),
        memory=LiteConfig().memory,
        # The weights to start from: a model file, a shipped model's name (lite), the
        # .npz of a trunk, or "" for none.
        init_from="",
        # Patterns (regular expressions) of the names of weights that stay as they are.
        frozen=("^trunk/", "^tap_"),
        # How clips are drawn, and how they are changed.
        sampling=SamplingConfig(
            num_frames=5,  # frames of a clip; the first has its true mask
            crop_size=256,  # px, the crops' side; a multiple of 16
            max_objects=1,  # of a clip; several are joined in the loss
            # From where. Shares of photos and videos may be given by source, as in
            # (("coco", 2.0), ("", 1.0)); () draws all evenly.
            video_share=0.5,  # of clips of videos; the others are photos made to clips
            photo_shares=(),
            video_shares=(),
            max_gap=12,  # frames between neighbors of a clip
            gap_growth=0,  # samples over which max_gap grows from 1; 0 is at once
            # The crop around the object.
            crop_factor=(1.8, 4.2),  # side over the root of the object's area
            center_jitter=0.25,  # shift in crop sides, from the second frame on
            scale_jitter=0.25,  # change of the side's logarithm, likewise
            leave_share=0.06,  # of later frames whose crop is somewhere else
            video_motion=(12.0, 1.12, 0.08),  # degrees, scale and shear a frame
            thin_plate=0.0,  # bending of photos' later frames, in crop sides
            perspective=0.0,  # tilting of photos' later frames; .3 is strong
            # The look of the crop.
            color=0.3,  # strength of recoloring; half of it for each frame
            blur_share=0.15,  # of clips with motion blur
            blur_px=(3, 9),  # its length
            coarse_share=0.0,  # of clips seen as in a video of low resolution
            coarse_px=(20.0, 60.0),  # the target's size there, in the video's pixels
            # What is pasted in; only where there are photos.
            distractor_share=0.35,  # of clips with another object beside their own
            occluder_share=0.25,  # of clips with another object over their own
            look_alike_share=0.0,  # of pasted objects that are a copy or of its kind
            background_share=0.25,  # of clips before a photo
            box_share=0.12,  # of clips whose first mask is a filled box
            cache_bytes=2 * 2**30,  # of decoded frames, in each process
        ),
        # How the network is run over a clip.
        unroll=UnrollConfig(
            mode="recurrent",  # what is remembered: recurrent, mask, threshold, two
            iou_threshold=0.5,  # mean IoU above which a prediction is (`threshold`)
            aggregation="odds",  # how objects become one distribution: odds, soft
            # Which frames the memories keep, while training. Off: each of a clip's.
            policy=PolicyConfig(
                as_tracked=False,  # at intervals, in few slots, as the design decides
                capacity=0,  # remembered frames then; 0 is the memory's own number
                threshold=0.5,  # probability above which a pixel is the target's
                min_area_px=50,  # crop pixels of the smallest target that is found
                uncertain_share=0.0,  # of frames that the filter is not sure of
            ),
            # Predicted frames after which gradients through the memory are cut; 0 never
            gradient_frames=0,
            # What is wrong with masks that are remembered, the first never.
            spoil=SpoilConfig(
                drifted_share=0.0,  # as below
                ragged_share=0.0,
                missing_share=0.0,
                other_share=0.0,  # another object's, or what was pasted in
                drift=(0.2, 0.8),
            ),
            # What networks with model.previous_mask are shown of the frame before.
            previous=PreviousConfig(
                true_share=0.3,  # of frames shown its true mask, not the predicted one
                empty_share=0.2,  # of frames shown nothing, as after a lost target
                drift=0.12,  # deviation of the shift between frames, in object sizes
                growth=0.1,  # deviation of the logarithm of the change of size
                spoil=SpoilConfig(
                    drifted_share=0.15,  # of masks that are shifted
                    ragged_share=0.2,  # of masks that are eroded or dilated
                    missing_share=0.1,  # of masks of which a part is cut off
                    other_share=0.05,  # of masks of another object, or far away
                    drift=(0.2, 0.8),  # the shift, in object sizes
                ),
            ),
        ),
        # What is minimized: cross entropy of the hardest pixels and soft IoU.
        loss=LossConfig(
            hard_fraction=0.3,  # share of pixels in the cross entropy, at the end
            hard_steps=0,  # steps over which it falls from 1 to that; 0 is at once
            threshold_stride=4,  # px; the hardest are told by every n-th row, column
            entropy_weight=1.0,
            iou_weight=0.5,
            others=(),  # further losses of masks, as (("soft_dice", 0.5),)
        ),
        optimizer=OptimizerConfig(
            name="adamw",  # adam, adamw, sgd
            learning_rate=6e-4,  # the highest that is reached
            schedule="cosine",  # cosine, step, constant
            schedule_steps=0,  # length of the schedule; 0 is that of the run
            warmup_steps=100,  # steps over which the rate rises from 0
            step_boundaries=(),  # steps at which it falls (`step`)
            step_factor=0.1,  # what it is multiplied by there
            weight_decay=0.1,  # a step, times the rate (adamw)
            clip_norm=1.0,  # largest norm of the gradient; 0 is without limit
            average_decay=0.998,  # a step, of the average of the weights
            accumulate=1,  # parts that a device's share of a batch is computed in
        ),
        batch_size=4,  # clips a step, over all devices of all hosts
        num_steps=500,
        seed=1,  # of everything random
        held_out=(),  # names of clips that are never trained on
        synthetic=False,  # rendered clips instead of a data folder
        dataset="",  # benchmark that the folder holds, as davis17; "": clips and photos
        split="",  # part of that benchmark
        loader_threads=1,  # that make batches, in each process
        loader_workers=0,  # processes that make batches; 0 leaves it to the threads
        log_every=20,  # steps between lines of the log
        save_every=200,  # steps between checkpoints
        validate_every=400,  # steps between measurements on held-out crops
        track_every=0,  # steps between trackings of held-out clips; 0 is never
    )
