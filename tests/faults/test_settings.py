"""Settings of another type or beyond what a device holds, wherever they are made."""

import pytest

from samn_jax import overrides
from samn_jax.errors import InputError
from samn_jax.memory.config import MemoryConfig
from samn_jax.tracking import TrackerConfig
from samn_jax.training import config_file
from samn_jax.training.recipe.config import Recipe, Stage

pytestmark = pytest.mark.usefixtures("as_users_call")


@pytest.fixture(scope="module")
def smoke():
    return config_file.load_config("smoke")


OWN = ("None", "3", "1e400", "x", "(1,2,3)", "((1,),)", "'a','b'")


@pytest.mark.parametrize("text", OWN)
def test_settings_of_a_design_are_pairs(smoke, text):
    for config in (smoke, TrackerConfig()):
        with pytest.raises(InputError, match=r"memory\.own is"):
            overrides.override(config, [f"memory.own={text}"])


@pytest.mark.parametrize("text", ["None", "nan", "x", "{}", "((1,),)", "'a',3", "1.5"])
def test_steps_at_which_a_rate_falls_are_whole_numbers(smoke, text):
    with pytest.raises(InputError, match="step_boundaries is"):
        overrides.override(smoke, [f"optimizer.step_boundaries={text}"])


@pytest.mark.parametrize("pattern", ["(" * 5000, "a{99999999999999999999}", "["])
def test_patterns_that_can_not_be_used_are_told(smoke, pattern):
    with pytest.raises(InputError, match="is no regular expression that can be used"):
        overrides.override(smoke, [f"frozen={pattern}"])
    with pytest.raises(InputError, match="fold_clips"):
        Recipe((Stage("a", "smoke"),), ("a",), fold_clips=pattern)


@pytest.mark.parametrize(
    "assignment",
    [
        "search_factor=1e308",
        "min_area_px=99999999999",
        "memory.memorize_every=99999999999",
        "memory.machine.epsilon=1e308",
        "spatial.train_every_frames=99999999999",
        "spatial.filter_reg=1e39",
    ],
)
def test_a_tracker_has_no_number_that_a_device_can_not_hold(assignment):
    name = assignment.partition("=")[0]
    with pytest.raises(InputError, match=f"{name} is .*: give at most"):
        overrides.override(TrackerConfig(), [assignment])


@pytest.mark.parametrize(
    "assignment",
    [
        "optimizer.learning_rate=1e308",
        "optimizer.warmup_steps=99999999999",
        "unroll.policy.min_area_px=99999999999",
        "unroll.gradient_frames=99999999999",
        "loss.entropy_weight=1e308",
        "num_steps=99999999999",
        "sampling.num_frames=99999999999",
    ],
)
def test_a_training_has_no_number_that_a_device_can_not_hold(smoke, assignment):
    with pytest.raises(InputError, match=r"is .*: give at most"):
        overrides.override(smoke, [assignment])


def test_seeds_and_bytes_stay_on_the_host(smoke):
    large = ["seed=99999999999", "sampling.cache_bytes=99999999999"]
    assert overrides.override(smoke, large).seed == 99999999999


@pytest.mark.parametrize("fields", [{"capacity": None}, {"design": 3}, {"own": 7}])
def test_a_memory_made_in_python_is_checked_too(fields):
    with pytest.raises(InputError, match=f"memory.{next(iter(fields))} is"):
        MemoryConfig(**fields)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"folds": 2.5}, "folds is 2.5"),
        ({"folds": float("nan")}, "folds is nan"),
        ({"folds": None}, "folds is None"),
        ({"settings": {3: 4}}, "settings is {3: 4}"),
        ({"settings": [1]}, "settings is"),
        ({"settings": {"a": "y" * 2**19}}, "too long for a model file"),
    ],
)
def test_a_stage_that_would_fail_late_is_refused(fields, word):
    with pytest.raises(InputError, match=word):
        Stage("a", "smoke", **fields)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"average": "a"}, "average is 'a': give a tuple, each text"),
        ({"stages": 3}, "stages is 3"),
        ({"fold_clips": None}, "fold_clips is None"),
        ({"notes": {"a": "y" * 2**19}}, "too long for a model file"),
        ({"starts": "mask"}, "starts is 'mask'"),
    ],
)
def test_a_recipe_that_would_fail_late_is_refused(fields, word):
    good = {"stages": (Stage("a", "smoke"),), "average": ("a",)}
    with pytest.raises(InputError, match=word):
        Recipe(**(good | fields))
