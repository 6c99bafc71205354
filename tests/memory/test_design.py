"""The seam for memory designs: the ring against its parts, and another design."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.memory import design, machine, read

H, W, CK, CV = 3, 4, 6, 5


@pytest.fixture
def frames():
    """Keys and values of four frames."""
    rng = np.random.default_rng(0)
    shapes = ((4, H, W, CK), (4, H, W, CV))
    return tuple(jnp.asarray(rng.normal(size=shape), jnp.float32) for shape in shapes)


def remember(memory, keys, values):
    """The memory's state after these frames, all but the first written with `keep`."""
    state = memory.init(keys[0], values[0])
    for key, value in zip(keys[1:], values[1:], strict=True):
        state = memory.write(state, key, value, jnp.asarray(True))
    return state


@pytest.mark.parametrize("chunk_slots", [0, 2])
@pytest.mark.parametrize("mode", ["none", "cross_reference"])
def test_ring_with_room_reads_as_attention_over_all_frames(frames, mode, chunk_slots):
    keys, values = frames
    machine_config = machine.MachineConfig(mode=mode)
    config = design.MemoryConfig(
        capacity=6, machine=machine_config, chunk_slots=chunk_slots
    )
    memory = design.build_memory(config)
    query = keys[3] + 0.5
    readout = jax.jit(memory.read)(remember(memory, keys, values), query)
    log_weights = machine.memory_log_weights(
        machine_config, keys, jnp.ones(4, bool), query
    )
    expected = read.attend(query, keys, values, log_weights)
    np.testing.assert_allclose(readout, expected, atol=1e-5)


def test_ring_without_last_add_reads_kept_frames_alone(frames):
    keys, values = frames
    memory = design.build_memory(design.MemoryConfig(capacity=6, last_add=False))
    state = remember(memory, keys[:3], values[:3])
    state = memory.write(state, keys[3], values[3], jnp.asarray(False))
    expected = read.attend(keys[3], keys[:3], values[:3], jnp.zeros((3, H, W)))
    np.testing.assert_allclose(memory.read(state, keys[3]), expected, atol=1e-5)


def test_another_design_is_taken_by_name(frames, monkeypatch):
    @dataclasses.dataclass(frozen=True)
    class FirstFrameOnly:
        config: design.MemoryConfig

        def init(self, key, value):
            return value

        def write(self, state, key, value, keep):
            return state

        def read(self, state, query_key):
            return state

    monkeypatch.setitem(design.DESIGNS, "first", FirstFrameOnly)
    memory = design.build_memory(design.MemoryConfig(design="first"))
    state = remember(memory, *frames)
    np.testing.assert_array_equal(memory.read(state, frames[0][0]), frames[1][0])


def test_unknown_design_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="'rnig'.*'ring'"):
        design.build_memory(design.MemoryConfig(design="rnig"))
