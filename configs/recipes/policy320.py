"""A comparison by folds at the tracker's crops: previous mask, memory policy.

python -m samn_jax.training.recipe policy320 --data_dir DATA \
    --output_dir runs/policy320 --init_from lite

Three networks for each fold from the same weights: `plain320` as lite.py trains;
`previous320` is shown the previous frame's mask; `policy320` is shown it too, in longer
clips under the tracker's memory policy, with wrong memories on purpose (policy.py).
DATA are the folders of photos and clips between commas, of which the shares below name
the sources. The shipped `lite` has seen the clips that are held out here: differences
between stages count, not their heights; --init_from the weights of photos alone
(lite_pretrain.py) gives heights that count.

Cost: see docs/TRAINING.md for seconds a step. Expected: not known yet.
"""

from samn_jax.training.recipe.config import Recipe, Stage

_PLAIN = {
    "sampling.crop_size": 320,
    "sampling.look_alike_share": 0.35,
    "sampling.background_share": 0.35,
    "sampling.video_share": 0.6,
    "sampling.video_shares": (("turn-", 8.0), ("yt-", 10.0), ("", 82.0)),
    "sampling.photo_shares": (
        ("coco", 25.0),
        ("sport", 20.0),
        ("pets", 10.0),
        ("people", 5.0),
        ("ecssd", 25.0),
        ("person", 8.0),
        ("", 7.0),
    ),
    "optimizer.learning_rate": 5e-4,
    "num_steps": 500,
}
_PREVIOUS = {**_PLAIN, "model.previous_mask": True}
_POLICY = {
    **_PREVIOUS,
    # Of YouTube-VOS one clip alone is that long.
    "sampling.video_shares": (("turn-", 8.0), ("yt-", 1.0), ("", 91.0)),
}


def get_recipe() -> Recipe:
    """Returns three stages of two folds."""
    return Recipe(
        stages=(
            Stage("plain320", "lite", _PLAIN, folds=2),
            Stage("previous320", "lite", _PREVIOUS, folds=2),
            Stage("policy320", "policy", _POLICY, folds=2),
        ),
        average=("policy320",),
        fold_clips="^(?!turn-|yt-|caps)",
        needs="weights of the compact network, as lite (docs/TRAINING.md)",
    )
