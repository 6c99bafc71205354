import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from samn_jax.models import heads, winograd
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


def test_both_convolutions_in_one_are_those_of_nn_conv(key):
    head = heads.KeyValueHead(key_dim=3, value_dim=5)

    class Network(nn.Module):
        def setup(self):
            self.head = head

        def __call__(self, image, mask):
            return self.head(image)

    net, image = Network(), jax.random.normal(key, (2, 32, 32, 3))
    variables = random_variables.variables_for(net, image, image[..., 0])
    fast = winograd.with_fast_kernels(net, variables)
    assert fast["winograd"]["head"]["kernel"].shape == (16, 3, 8)
    for name, channels in (("Key", 3), ("Value", 5)):
        params = variables["params"]["head"][name]
        plain = nn.Conv(channels, (3, 3)).apply({"params": params}, image)
        for given in (variables, fast):
            both = jax.jit(net.apply)(given, image, image[..., 0])
            np.testing.assert_allclose(both[name == "Value"], plain, atol=2e-5)
