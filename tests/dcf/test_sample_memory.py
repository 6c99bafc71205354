import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax import errors
from samn_jax.dcf import sample_memory

CAPACITY, NUM_FIRST, RATE = 6, 2, 0.1

_write = jax.jit(sample_memory.write)


def _sample(number: float) -> tuple[jax.Array, jax.Array]:
    return jnp.full((4, 4, 3), number), jnp.full((4, 4), number)


def _first_memory() -> sample_memory.SampleMemory:
    return sample_memory.init_sample_memory(
        jnp.ones((NUM_FIRST, 4, 4, 3)), jnp.ones((NUM_FIRST, 4, 4)), capacity=CAPACITY
    )


def _write_numbers(memory, numbers, accepted=True):
    for number in numbers:
        memory = _write(
            memory,
            *_sample(float(number)),
            learning_rate=jnp.float32(RATE),
            accepted=jnp.array(accepted),
        )
    return memory


def test_first_samples_weigh_the_same():
    memory = _first_memory()
    np.testing.assert_allclose(memory.weights, [0.5, 0.5, 0, 0, 0, 0])
    assert memory.samples.shape == (CAPACITY, 4, 4, 3)


def test_free_slots_are_filled_first_and_then_the_oldest_replaced():
    memory = _write_numbers(_first_memory(), range(10, 14))
    np.testing.assert_array_equal(memory.labels[:, 0, 0], [1, 1, 10, 11, 12, 13])
    memory = _write_numbers(memory, [14, 15])
    np.testing.assert_array_equal(memory.labels[:, 0, 0], [1, 1, 14, 15, 12, 13])
    np.testing.assert_array_equal(memory.samples[:, 0, 0, 0], memory.labels[:, 0, 0])


def test_weights_sum_to_one_and_grow_with_every_write():
    memory = _first_memory()
    for number in range(8):
        memory = _write_numbers(memory, [number])
        np.testing.assert_allclose(memory.weights.sum(), 1.0, rtol=1e-6)
    written = memory.weights[NUM_FIRST:]  # in this order, the second time round
    np.testing.assert_allclose(written[1:] / written[:-1], 1 / (1 - RATE), rtol=1e-5)


def test_the_first_write_takes_the_learning_rate():
    weights = _write_numbers(_first_memory(), [7]).weights
    total = RATE + 1 / (1 - RATE)
    np.testing.assert_allclose(weights[2], RATE / total, rtol=1e-6)
    np.testing.assert_allclose(weights[0], 0.5 / (1 - RATE) / total, rtol=1e-6)


def test_a_rejected_sample_changes_nothing():
    memory = _write_numbers(_first_memory(), [5])
    after = _write_numbers(memory, [6], accepted=False)
    chex.assert_trees_all_equal(after, memory)


def test_too_many_first_samples_are_refused():
    with pytest.raises(errors.InputError, match="capacity"):
        sample_memory.init_sample_memory(
            jnp.ones((7, 4, 4, 3)), jnp.ones((7, 4, 4)), capacity=CAPACITY
        )
