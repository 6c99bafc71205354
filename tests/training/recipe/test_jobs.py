import pytest

from samn_jax.errors import InputError
from samn_jax.training.recipe import jobs
from samn_jax.training.recipe.config import Recipe, Stage
from tests.training import tiny_config


def parts(names, folds, pattern=""):
    stage = Stage("clips", "lite", folds=folds)
    recipe = Recipe((stage,), ("clips",), fold_clips=pattern)
    return jobs.fold_parts(recipe, stage, names)


def test_every_nth_clip_by_name_is_held_out_in_turn():
    found = parts(["d", "a", "c", "b", "e"], 2)
    assert found == {0: ("a", "c", "e"), 1: ("b", "d")}
    assert parts(["a"], 0) == {None: ()}


def test_clips_that_do_not_match_are_never_held_out():
    found = parts(["turn-a", "x", "y", "turn-b"], 2, pattern="^(?!turn-)")
    assert found == {0: ("x",), 1: ("y",)}


def test_clips_of_one_group_are_held_out_together():
    names = ["cat-1", "cat-2", "dog-1", "dog-2", "owl-1"]
    found = parts(names, 2, pattern=r"^(\w+)-")
    assert found == {0: ("cat-1", "cat-2", "owl-1"), 1: ("dog-1", "dog-2")}


def test_too_few_clips_are_named():
    with pytest.raises(InputError, match="3 folds, but .* matches 2 of the 2 clips"):
        parts(["a", "b"], 3)


@pytest.mark.parametrize(
    ("stages", "average", "message"),
    [
        ([Stage("a", "lite"), Stage("a", "lite")], ("a",), "two stages are called a"),
        ([Stage("a", "lite", start="b")], ("a",), "starts from 'b': name one before"),
        ([Stage("a", "lite")], (), "average is empty"),
        ([Stage("a", "lite")], ("c",), "average names 'c': choose from a"),
        (
            [Stage("a", "lite", folds=2), Stage("b", "lite", start="a", folds=3)],
            ("b",),
            "a, which has 2 folds: give it as many",
        ),
        (
            [Stage("a", "lite", folds=2), Stage("b", "lite", start="a")],
            ("b",),
            "a, which has 2 folds",
        ),
    ],
)
def test_stages_that_do_not_fit_are_refused(stages, average, message):
    with pytest.raises(InputError, match=message):
        Recipe(tuple(stages), average)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": "../a"}, "is empty or begins with a dot|is a path"),
        ({"folds": 1}, "has 1 folds: give 0, or at least 2"),
        ({"folds": 2, "settings": {"held_out": ("x",)}}, "sets held_out and has folds"),
        ({"start": "b", "settings": {"init_from": "lite"}}, "sets init_from and has"),
    ],
)
def test_a_stage_checks_itself(settings, message):
    with pytest.raises(InputError, match=message):
        Stage(**{"name": "a", "config": "lite", **settings})


@pytest.mark.parametrize("tracker", [{"memory.design": "nope"}, {"crop": 1}])
def test_settings_that_no_tracker_has_are_refused_before_the_first_training(
    tmp_path, tracker
):
    stage = Stage("one", "smoke")
    recipe = Recipe((stage,), ("one",), tracker=tracker)
    job = jobs.Job(stage, None, tiny_config.get_config(), tmp_path)
    with pytest.raises(InputError, match="the recipe's tracker: .*(nope|crop)"):
        jobs.check(recipe, [job], devices=1)
