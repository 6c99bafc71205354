"""Weights and replaced slots of the sample memory against the authors' rule."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.dcf import sample_memory
from tests.parity.golden import files


@pytest.mark.parametrize("path", files("sample_weights*.npz"))
def test_weights_and_replaced_slots(path):
    golden = np.load(path)
    rates = jnp.where(
        jnp.asarray(golden["is_hard_negative"]),
        jnp.float32(golden["hard_negative_learning_rate"]),
        jnp.float32(golden["learning_rate"]),
    )
    first = np.zeros(golden["capacity"], np.float32)
    first[: golden["num_init"]] = 1.0 / golden["num_init"]

    def replace(carry, rate):
        weights, slot = sample_memory.replace_least(*carry, rate)
        return (weights, slot), (weights, slot)

    start = (jnp.asarray(first), jnp.int32(-1))
    _, (weights, slots) = jax.jit(jax.lax.scan, static_argnums=0)(replace, start, rates)
    np.testing.assert_array_equal(slots, golden["replaced"])
    np.testing.assert_allclose(weights, golden["weights"], atol=1e-6)
