"""The shipped `lite`: photos, then photos and clips in three folds, twice; the mean.

python -m samn_jax.training.recipe lite --data_dir DATA --output_dir runs/lite \
    --init_from TRUNK.npz

DATA holds videos in DATA/video and photos in DATA/static. TRUNK.npz are the weights of
EfficientNet-Lite0 (docs/TRAINING.md). Each network of a fold is judged by the clips it
has not seen, tracked forwards and backwards: cross_validation.json.

Cost: about 3 hours on 2 CPU cores (estimated); it may be cut off at any point.
Expected: J near .75 on the held-out clips of either stage with folds; see
docs/MODEL_CARD.md for what was shipped, which was made by hand in these steps.
"""

from samn_jax.training.recipe.config import Recipe, Stage

# What stages 1a and 1b had less of than lite_pretrain.py has today.
_LESS = {
    "sampling.thin_plate": 0.03,
    "sampling.distractor_share": 0.4,
    "sampling.look_alike_share": 0.0,
}
_LATER = {"optimizer.learning_rate": 8e-4, "loss.hard_steps": 0}
_WITH_LOOK_ALIKES = {
    "sampling.look_alike_share": 0.35,
    "sampling.background_share": 0.4,
    "sampling.video_share": 0.6,
    "optimizer.learning_rate": 5e-4,
    "num_steps": 700,
}


def get_recipe() -> Recipe:
    """Returns the stages."""
    return Recipe(
        stages=(
            Stage(
                "photos_a",
                "lite_pretrain",
                {
                    **_LESS,
                    "sampling.background_share": 0.0,
                    "num_steps": 1200,
                    "optimizer.schedule_steps": 2600,
                },
            ),
            Stage(
                "photos_b",
                "lite_pretrain",
                {
                    **_LESS,
                    **_LATER,
                    "sampling.background_share": 0.4,
                    "num_steps": 1400,
                },
                start="photos_a",
            ),
            Stage("clips", "lite", start="photos_b", folds=3),
            Stage(
                "photos_c",
                "lite_pretrain",
                {**_LATER, "num_steps": 2200},
                start="photos_b",
            ),
            Stage(
                "clips_look_alikes",
                "lite",
                _WITH_LOOK_ALIKES,
                start="photos_c",
                folds=3,
            ),
        ),
        average=("clips", "clips_look_alikes"),
        needs="the .npz of EfficientNet-Lite0's weights (docs/TRAINING.md)",
        # Chosen with networks of two folds that were trained with `ring`: see
        # docs/EXPERIMENTS.md.
        tracker={"memory.design": "swiftnet"},
        notes={"license": "weights: see docs/MODEL_CARD.md for the data's terms"},
    )
