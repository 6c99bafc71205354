import jax
import jax.numpy as jnp

from samn_jax.models import heads
from tests.models import random_variables


def test_key_and_value_sizes_and_reach(key):
    head = heads.KeyValueHead(key_dim=3, value_dim=5)
    features = jax.random.normal(key, (1, 6, 6, 4))
    variables = random_variables.variables_for(head, features)
    apply = jax.jit(head.apply)
    before = apply(variables, features)
    assert [x.shape for x in before] == [(1, 6, 6, 3), (1, 6, 6, 5)]
    after = apply(variables, features.at[0, 2, 2].add(1.0))
    for old, new in zip(before, after, strict=True):
        changed = jnp.any(old != new, axis=-1)[0]
        assert bool(jnp.all(changed[1:4, 1:4])) and int(changed.sum()) == 9
