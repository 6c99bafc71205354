import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.memory.entry import Value
from samn_jax.models import samn
from tests.models import properties, random_variables

TINY = samn.SAMNConfig(
    stage_blocks=(1, 1, 1), width=4, key_dim=4, value_dim=6, decoder_dim=8
)


@functools.cache
def make(config=TINY):
    net = samn.SAMN(config)
    key = jax.random.key(3)
    image = jax.random.uniform(key, (2, 32, 48, 3))
    mask = jax.random.uniform(jax.random.fold_in(key, 1), (2, 32, 48))
    variables = random_variables.variables_for(net, image, mask)
    apply = jax.jit(net.apply, static_argnames="method")
    return variables, apply, image, mask


def test_shapes_of_every_method():
    variables, apply, image, mask = make()
    query = apply(variables, image, method="encode_query")
    assert query.key.attention.shape == (2, 2, 3, 4) and query.value.shape == (
        2,
        2,
        3,
        6,
    )
    assert [x.shape[1:3] for x in query.pyramid] == [(2, 3), (4, 6), (8, 12)]
    memory = apply(variables, image, query, mask, method="encode_memory")
    shapes = [x.shape for x in jax.tree.leaves(memory)]
    assert shapes == [(2, 2, 3, 4), (2, 2, 3, 0), (2, 2, 3, 6), (2, 2, 3, 0)]
    center = jnp.full((2, 2), 30.0)
    log_odds = apply(variables, memory[1], query, center, method="decode")
    assert log_odds.shape == mask.shape
    r4 = apply(variables, image, method="filter_features")
    np.testing.assert_allclose(r4, query.pyramid[0], atol=1e-5)


def test_log_odds_give_the_softmax_of_both_logits():
    variables, apply, image, _ = make()
    query = apply(variables, image, method="encode_query")
    args = (variables, Value.plain(query.value), query, jnp.full((2, 2), 30.0))
    log_odds = apply(*args, method="decode")
    logits = apply(*args, method="decode_logits")
    np.testing.assert_allclose(
        jax.nn.sigmoid(log_odds), jax.nn.softmax(logits)[..., 1], atol=1e-5
    )


def test_memory_sees_the_background_unless_told_of_others():
    variables, apply, image, mask = make()
    query = apply(variables, image, method="encode_query")
    args = (variables, image, query, mask)
    background = apply(*args, method="encode_memory")
    told = apply(*args, 1.0 - mask, method="encode_memory")
    alone = apply(*args, 0.0 * mask, method="encode_memory")
    np.testing.assert_array_equal(background[1].attention, told[1].attention)
    assert not np.allclose(background[1].attention, alone[1].attention)


def test_batch_entries_do_not_mix():
    properties.check_entries_do_not_mix(*make())


@pytest.mark.parametrize(("mode", "moves"), [("none", 0), ("sum", 1), ("cat", 1)])
def test_center_matters_with_a_positional_encoding(mode, moves):
    config = dataclasses.replace(TINY, positions=mode)
    variables, apply, image, _ = make(config)
    query = apply(variables, image, method="encode_query")
    readout = Value.plain(query.value)
    here, there = (
        apply(variables, readout, query, jnp.full((2, 2), x), method="decode")
        for x in (5.0, 50.0)
    )
    assert bool(jnp.any(jnp.abs(here - there) > 1e-4)) == bool(moves)
    channels = variables["params"]["Decoder"]["convFM"]["kernel"].shape[2]
    assert channels == 12 + (mode == "cat")


def test_bfloat16_stays_near_float32_with_float32_parameters():
    variables, apply, image, mask = make()
    exact = apply(variables, image, mask)
    config = dataclasses.replace(TINY, compute_dtype="bfloat16")
    _, apply_half, _, _ = make(config)
    rounded = apply_half(variables, image, mask)
    assert rounded.dtype == jnp.float32
    assert all(x.dtype == jnp.float32 for x in jax.tree.leaves(variables))
    assert float(jnp.abs(rounded - exact).max()) < 0.05 * float(jnp.abs(exact).max())
