"""A recipe of a tiny network on rendered clips: shows that recipes work at all.

python -m samn_jax.training.recipe smoke --output_dir runs/smoke_recipe

Cost: about two minutes on 2 CPU cores, nearly all of it compilation. Result: none to
speak of.
"""

from samn_jax.training.recipe.config import Recipe, Stage


def get_recipe() -> Recipe:
    """Returns two stages, the second in two folds."""
    return Recipe(
        stages=(
            Stage("first", "smoke"),
            Stage("clips", "smoke", {"seed": 1}, start="first", folds=2),
        ),
        average=("clips",),
        fold_clips="^(moving|turning)$",
    )
