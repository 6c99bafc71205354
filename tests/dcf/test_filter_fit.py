import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.dcf import filter_fit, sample_memory, spatial_config

CONFIG = spatial_config.SpatialMemoryConfig(capacity=150)
CELLS, CHANNELS = 6, 3
refine = jax.jit(functools.partial(filter_fit.refine_filter, CONFIG))
refine_all = jax.jit(functools.partial(filter_fit._refine, CONFIG))


def make_memory(used: int) -> sample_memory.SampleMemory:
    """Samples in the first slots, and what was never written in the others."""
    rng = np.random.default_rng(used)
    shape = (CONFIG.capacity, CELLS, CELLS)
    weights = rng.random(CONFIG.capacity) * (np.arange(CONFIG.capacity) < used)
    weights[: used - 1 : 3] = 0.0  # a hole does not end what is in use
    return sample_memory.SampleMemory(
        samples=jnp.asarray(rng.normal(size=(*shape, CHANNELS)), jnp.float32),
        labels=jnp.asarray(rng.random(shape), jnp.float32),
        weights=jnp.asarray(weights / weights.sum(), jnp.float32),
        last_written=jnp.int32(used - 1),
    )


@pytest.mark.parametrize("used", [1, 63, 64, 65, 128, 129, 150])
def test_leaving_out_unused_slots_changes_nothing(used):
    memory = make_memory(used)
    size = (CONFIG.kernel_size, CONFIG.kernel_size, CHANNELS)
    start = jnp.asarray(np.random.default_rng(0).normal(size=size), jnp.float32)
    ours, wanted = refine(memory, start), refine_all(memory, start)
    np.testing.assert_allclose(ours, wanted, rtol=1e-5, atol=1e-6)
    assert np.abs(np.asarray(ours) - start).max() > 1e-3


@pytest.mark.parametrize(("used", "read"), [(10, 64), (64, 64), (65, 128), (129, 150)])
def test_on_cpus_no_more_slots_are_read_than_needed(used, read):
    memory = make_memory(used)
    size = (CONFIG.kernel_size, CONFIG.kernel_size, CHANNELS)
    for slot in {read - 1, read} - {CONFIG.capacity}:
        poison = memory._replace(samples=memory.samples.at[slot].set(jnp.nan))
        spoiled = bool(jnp.isnan(refine(poison, jnp.ones(size))).any())
        assert spoiled == (slot < read)
