"""A design with weights of its own: drawn, trained, kept in the model file, used."""

import dataclasses
import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.memory import parameters, registry
from samn_jax.memory.config import MemoryConfig
from samn_jax.memory.design import Frozen
from samn_jax.memory.designs import ring
from samn_jax.models import model_file
from samn_jax.tracking import Tracker
from samn_jax.training import initialize, state, step, unroll
from tests.models import tiny_lite
from tests.training import tiny
from tests.training.test_step import one_device


@dataclasses.dataclass(frozen=True)
class Retold(ring.Ring):
    """A ring whose readout goes through a layer of its own."""

    def init_parameters(self, key, entry):
        values = entry.value.attention
        return nn.Dense(values.shape[-1]).init(key, values)["params"]

    def read(self, state, query, reader):
        read = super().read(state, query, reader)
        values = read.readout.attention
        layer = nn.Dense(values.shape[-1])
        values = layer.apply({"params": reader.parameters}, values)
        return read._replace(readout=read.readout._replace(attention=values))


@pytest.fixture
def retold(monkeypatch):
    monkeypatch.setattr(registry, "DESIGNS", dict(registry.DESIGNS))
    registry.register("retold", Retold)
    return MemoryConfig("retold")


def test_weights_are_drawn_in_the_networks_shapes():
    net, variables = tiny.TinyNet(), tiny.variables()
    draw = functools.partial(parameters.init_parameters, Retold(), net, variables)
    drawn = draw(jax.random.key(0))
    assert jax.tree.map(jnp.shape, drawn) == {"bias": (2,), "kernel": (2, 2)}
    wrapped = parameters.init_parameters(
        Frozen(Retold()), net, variables, jax.random.key(0)
    )
    jax.tree.map(np.testing.assert_array_equal, wrapped, drawn)
    assert not parameters.init_parameters(
        ring.Ring(), net, variables, jax.random.key(0)
    )


def test_a_step_trains_them_like_the_networks(retold):
    objective = tiny.objective()
    network = objective.network._replace(memory=retold)
    objective = step.Objective(network, objective.loss)
    drawn = parameters.init_parameters(
        Retold(), tiny.TinyNet(), tiny.variables(), jax.random.key(1)
    )
    variables = {**tiny.variables(), "memory": drawn}
    start = state.init_state(variables, (), tiny.optimizer_of())
    assert "memory:kernel" in start.params
    after, _ = one_device(objective)(start, tiny.batch())
    moved = np.abs(np.asarray(after.params["memory:kernel"] - drawn["kernel"]))
    assert moved.max() > 1e-4
    joined = state.join_params(after.params, after.frozen)
    assert set(joined["memory"]) == {"bias", "kernel"}
    fixed = state.init_state(variables, ("^memory:",), tiny.optimizer_of())
    assert "memory:kernel" in fixed.frozen and "memory:kernel" not in fixed.params


def test_training_tells_the_design_from_the_plain_one(retold):
    variables = {
        **tiny.variables(),
        "memory": {"kernel": jnp.eye(2), "bias": jnp.ones(2)},
    }
    batch = tiny.batch()

    def logits(memory):
        network = tiny.objective().network._replace(memory=memory)
        run = jax.jit(functools.partial(unroll.unroll, network))
        return np.asarray(run(variables, batch))

    assert np.abs(logits(retold) - logits(MemoryConfig())).max() > 1e-3


def test_a_run_starts_with_them_from_nothing_and_from_a_file(retold, tmp_path):
    path = tmp_path / "plain.safetensors"
    variables = tiny_lite.make_variables()
    model_file.save_model(path, tiny_lite.CONFIG, variables, {})
    config = dataclasses.replace(
        tiny.config(), model=tiny_lite.CONFIG, memory=retold, init_from=str(path)
    )
    initialize.check(config)
    frames = np.zeros((1, 32, 32, 3), np.uint8)
    for source in (str(path), ""):
        given = dataclasses.replace(config, init_from=source)
        drawn = initialize.initial_variables(given, frames)
        assert drawn["memory"]["kernel"].shape == (8, 8)
    # What the file holds of them is taken; a design without them leaves them.
    kept = {**variables, "memory": {"kernel": jnp.eye(8), "bias": jnp.ones(8)}}
    model_file.save_model(path, tiny_lite.CONFIG, kept, {})
    again = initialize.initial_variables(config, frames)
    np.testing.assert_array_equal(again["memory"]["kernel"], np.eye(8))
    plain = dataclasses.replace(config, memory=MemoryConfig())
    assert "memory" not in initialize.initial_variables(plain, frames)


def test_a_model_file_brings_them_to_the_tracker(retold, tmp_path):
    path = tmp_path / "model.safetensors"
    own = {"kernel": 2 * jnp.eye(8), "bias": jnp.ones(8)}
    variables = {**tiny_lite.make_variables(), "memory": own}
    notes = {"tracker": {"memory": dataclasses.asdict(retold)}}
    model_file.save_model(path, tiny_lite.CONFIG, variables, notes)
    tracker = Tracker.from_checkpoint(path)
    assert isinstance(tracker.spec.memory, Retold)
    reader = tracker.spec.reader(tracker.variables)
    np.testing.assert_array_equal(reader.parameters["kernel"], own["kernel"])
    other = Tracker.from_checkpoint(path, memory={"design": "ring"})
    assert "memory" not in other.variables
    model_file.save_model(path, tiny_lite.CONFIG, tiny_lite.make_variables(), notes)
    with pytest.raises(InputError, match="lacks the weights of the memory Retold"):
        Tracker.from_checkpoint(path)
