import jax.numpy as jnp
import numpy as np
import optax
import pytest

from samn_jax.errors import InputError
from samn_jax.training import optimizer
from samn_jax.training.optimizer import OptimizerConfig


def rates(steps, num_steps=100, **settings):
    schedule = optimizer.build_schedule(OptimizerConfig(**settings), num_steps)
    return [float(schedule(step)) for step in steps]


def test_cosine_rises_in_a_line_and_falls_to_a_hundredth():
    found = rates([0, 5, 10, 55, 100], learning_rate=1.0, warmup_steps=10)
    np.testing.assert_allclose(found, [0, 0.5, 1, 0.505, 0.01], atol=1e-6)


def test_a_run_may_end_before_its_schedule():
    settings = {"learning_rate": 1.0, "warmup_steps": 10}
    cut = rates([0, 10, 40], num_steps=40, schedule_steps=100, **settings)
    np.testing.assert_allclose(cut, rates([0, 10, 40], **settings), rtol=1e-6)
    assert cut[-1] > 0.5


def test_steps_fall_at_their_boundaries():
    found = rates(
        [0, 5, 20, 31, 61],
        learning_rate=2.0,
        schedule="step",
        warmup_steps=10,
        step_boundaries=(30, 60),
    )
    np.testing.assert_allclose(found, [0, 1, 2, 0.2, 0.02], rtol=1e-6)


def test_constant_stays():
    found = rates([0, 99], learning_rate=0.3, schedule="constant", warmup_steps=0)
    np.testing.assert_allclose(found, [0.3, 0.3], rtol=1e-6)


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
def test_optimizers_descend_and_decay(name):
    config = OptimizerConfig(
        name=name, learning_rate=0.1, schedule="constant", warmup_steps=0,
        weight_decay=0.5, clip_norm=0.0,
    )  # fmt: skip
    made = optimizer.build_optimizer(config, 10)
    weights = jnp.array([2.0, -1.0])
    updates, _ = made.update(jnp.zeros(2), made.init(weights), weights)
    after = np.abs(np.asarray(optax.apply_updates(weights, updates)))
    assert (after < np.abs(np.asarray(weights))).all()
    if name == "sgd":
        np.testing.assert_allclose(after, [1.9, 0.95], rtol=1e-6)


def test_gradients_are_clipped():
    config = OptimizerConfig(
        name="sgd", learning_rate=1.0, schedule="constant", warmup_steps=0,
        weight_decay=0.0, clip_norm=1.0,
    )  # fmt: skip
    made = optimizer.build_optimizer(config, 10)
    updates, _ = made.update(
        jnp.array([30.0, 40.0]), made.init(jnp.zeros(2)), jnp.zeros(2)
    )
    np.testing.assert_allclose(updates, [-0.6, -0.8], rtol=1e-5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"schedule": "linear"}, "schedule 'linear' is unknown: choose from cosine"),
        ({"name": "lion"}, "name 'lion' is unknown: choose from adam"),
        ({"learning_rate": -1e-3}, "learning_rate is -0.001: give a number above 0"),
        ({"learning_rate": float("nan")}, "learning_rate is nan"),
        ({"warmup_steps": -1}, "warmup_steps is -1"),
        ({"average_decay": 1.0}, "average_decay is 1"),
        ({"average_decay": 1.5}, "average_decay is 1.5: give a share"),
        ({"accumulate": 0}, "accumulate is 0"),
        ({"clip_norm": float("inf")}, "clip_norm is inf"),
        ({"schedule": "step", "step_boundaries": (9, 3)}, "give rising steps"),
        ({"schedule": "step"}, "give both boundaries and schedule 'step'"),
        ({"step_boundaries": (3,)}, "with schedule 'cosine'"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        OptimizerConfig(**settings)
