import dataclasses
import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.memory.entry import Value
from samn_jax.models import lite, resize, winograd
from tests.models import properties, tiny_lite

TINY = tiny_lite.CONFIG


@functools.cache
def make(config=TINY):
    key = jax.random.key(3)
    image = jax.random.uniform(key, (2, 32, 48, 3))
    mask = jax.random.uniform(jax.random.fold_in(key, 1), (2, 32, 48))
    apply = jax.jit(lite.LiteNet(config).apply, static_argnames="method")
    return tiny_lite.make_variables(config), apply, image, mask


@functools.cache
def query_of(config=TINY):
    variables, apply, image, _ = make(config)
    return apply(variables, image, method="encode_query")


def test_shapes_of_every_method():
    variables, apply, image, mask = make()
    query = query_of()
    assert [x.shape for x in query.key] == [(2, 2, 3, 4), (2, 2, 3, 3)]
    shapes = [x.shape[1:] for x in query.pyramid]
    assert shapes == [(2, 3, 10), (4, 6, 8), (8, 12, 6), (16, 24, 4)]
    key, value = apply(variables, image, query, mask, method="encode_memory")
    assert [x.shape for x in value] == [(2, 2, 3, 8), (2, 2, 3, 2)]
    chex.assert_trees_all_equal(key, query.key)
    center = jnp.full((2, 2), 20.0)
    log_odds = apply(variables, value, query, center, method="decode")
    assert log_odds.shape == mask.shape and log_odds.dtype == jnp.float32
    features = apply(variables, image, method="filter_features")
    np.testing.assert_allclose(features, query.pyramid[0], atol=1e-5)


def test_labels_are_shares_and_a_linear_code():
    variables, _, _, mask = make()
    encoder = lite.LabelEncoder(TINY.label_dim)
    params = {"params": variables["params"]["label_encoder"]}
    labels = encoder.apply(params, mask)
    cells = np.asarray(mask).reshape(2, 2, 16, 3, 16).transpose(0, 1, 3, 2, 4)
    np.testing.assert_allclose(labels[..., 0], cells.mean((3, 4)), atol=1e-5)
    dense = jax.tree.map(np.asarray, params["params"]["code"])
    code = (cells.reshape(2, 2, 3, 256) - 0.5) @ dense["kernel"] + dense["bias"]
    np.testing.assert_allclose(labels[..., 1:], code, atol=1e-4)


def test_a_network_without_regression_has_no_part_of_it():
    config = dataclasses.replace(TINY, regression_dim=0)
    variables, apply, image, mask = make(config)
    assert not {"regression_head", "label_encoder"} & set(variables["params"])
    query = query_of(config)
    key, value = apply(variables, image, query, mask, method="encode_memory")
    assert [x.shape[-1] for x in (*key, *value)] == [4, 0, 8, 0]


def test_memories_come_from_the_querys_features_alone():
    variables, apply, image, mask = make()
    encode = functools.partial(apply, method="encode_memory")
    given = encode(variables, image, query_of(), mask)
    # A second pass of the trunk would spread the NaN.
    blind = encode(variables, image * jnp.nan, query_of(), mask)
    chex.assert_trees_all_equal(given, blind)
    other = encode(variables, image, query_of(), 1 - mask)
    for mine, theirs in zip(given[1], other[1], strict=True):
        assert np.abs(np.asarray(mine - theirs)).max() > 1e-3


def test_batch_entries_do_not_mix():
    properties.check_entries_do_not_mix(*make())


@pytest.mark.parametrize("mode", lite.POSITIONS)
def test_center_matters_with_positions_alone(mode):
    config = dataclasses.replace(TINY, positions=mode)
    variables, apply, _, _ = make(config)
    query = query_of()
    readout = Value(jnp.ones((2, 2, 3, 8)), jnp.ones((2, 2, 3, 2)))
    here, there = (
        apply(variables, readout, query, jnp.full((2, 2), x), method="decode")
        for x in (5.0, 30.0)
    )
    assert bool(np.any(np.abs(here - there) > 1e-4)) == (mode == "cat")
    channels = variables["params"]["decoder"]["fuse"]["kernel"].shape[2]
    assert channels == 10 + 10 + (mode == "cat")


def test_unknown_positions_are_refused():
    with pytest.raises(ValueError, match="'sum' is unknown"):
        lite.LiteConfig(positions="sum")


def test_distance_map_is_the_distance_of_cell_centers():
    centers = np.array([[20.0, 3.0], [40.0, 8.0]], np.float32)
    got = jax.jit(lite.distance_map, static_argnums=(1, 2, 3))(centers, 2, 3, 32)
    for batch in range(2):
        for row in range(2):
            for column in range(3):
                cell = np.array([column * 16 + 8, row * 16 + 8])
                wanted = np.linalg.norm(cell - centers[batch]) / 32
                np.testing.assert_allclose(
                    got[batch, row, column, 0], wanted, rtol=1e-5
                )


def test_bfloat16_stays_near_float32_with_float32_parameters():
    variables, apply, image, mask = make()
    exact = apply(variables, image, mask)
    half_variables, apply_half, _, _ = make(
        dataclasses.replace(TINY, compute_dtype="bfloat16")
    )
    rounded = apply_half(half_variables, image, mask)
    assert all(x.dtype == jnp.float32 for x in jax.tree.leaves(half_variables))
    assert rounded.dtype == jnp.float32
    scale = float(np.abs(exact).max())
    np.testing.assert_allclose(rounded, exact, atol=0.05 * scale)
    query = jax.eval_shape(
        lambda x: apply_half(half_variables, x, method="encode_query"), image
    )
    assert {x.dtype for x in query.pyramid} == {jnp.dtype(jnp.bfloat16)}


def test_measured_taps_standardize_the_maps():
    variables, apply, image, _ = make()
    taps = lite.measure_taps(variables, lite.LiteNet(TINY), image)
    params = {**variables["params"], **taps}
    query = apply({"params": params}, image, method="encode_query")
    for x in query.pyramid:
        np.testing.assert_allclose(np.mean(x, axis=(0, 1, 2)), 0.0, atol=1e-3)
        assert np.all(np.std(x, axis=(0, 1, 2)) < 1.0)
    np.testing.assert_allclose(np.std(query.pyramid[3]), 1.0, atol=0.1)


def test_decoder_upsampling_commutes_with_the_narrowing(key):
    # Why the decoder may narrow its maps before it enlarges them.
    x = jax.random.normal(key, (1, 3, 4, 5))
    weights = jax.random.normal(jax.random.fold_in(key, 1), (5, 2))
    narrow = jax.jit(lambda x: jnp.matmul(x, weights[None, None]))
    np.testing.assert_allclose(
        resize.upsample2(narrow(x)), narrow(resize.upsample2(x)), atol=1e-5
    )


def test_lite_says_rightly_that_it_has_no_fast_kernels():
    class Asked(lite.LiteNet):
        has_fast_kernels = True

    variables = tiny_lite.make_variables()
    made = winograd.with_fast_kernels(Asked(tiny_lite.CONFIG), variables)
    assert winograd.COLLECTION not in made
