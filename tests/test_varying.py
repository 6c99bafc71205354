import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec

from samn_jax import varying


def add_up(start, x):
    return jax.lax.scan(lambda total, row: (total + row, None), start, x)[0]


def sharded(function):
    mesh = jax.make_mesh((2,), ("d",), axis_types=(jax.sharding.AxisType.Auto,))
    spec = PartitionSpec("d")
    return jax.jit(jax.shard_map(function, mesh=mesh, in_specs=spec, out_specs=spec))


def test_a_scan_may_start_from_a_constant():
    x = np.arange(12.0, dtype=np.float32).reshape(6, 2)
    with pytest.raises(TypeError, match="carry"):
        sharded(lambda x: add_up(jnp.zeros(2), x))(x)
    ours = sharded(lambda x: add_up(varying.like(jnp.zeros(2), {"rows": x}), x))(x)
    np.testing.assert_array_equal(ours, [*x[:3].sum(0), *x[3:].sum(0)])


def test_values_and_types_stay_whatever_the_reference_holds():
    start = {"a": jnp.arange(3), "b": jnp.float32(np.nan), "c": jnp.bool_(True)}
    reference = (jnp.full((2, 2), np.nan), jnp.zeros((0, 3)), jnp.int32(1))
    ours = jax.jit(varying.like)(start, reference)
    chex.assert_trees_all_equal(ours, start)
    assert jax.tree.map(lambda x: (x.dtype, x.weak_type), ours) == jax.tree.map(
        lambda x: (x.dtype, x.weak_type), start
    )
