import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np

from samn_jax.memory.entry import Value
from samn_jax.models import lite, lite_decoder, model_file
from tests.models import tiny_lite

SHOWN = dataclasses.replace(tiny_lite.CONFIG, previous_mask=True)


def decode(config, variables, *previous):
    apply = jax.jit(lite.LiteNet(config).apply, static_argnames="method")
    image = jax.random.uniform(jax.random.key(3), (2, 32, 48, 3))
    query = apply(variables, image, method="encode_query")
    readout = Value(jnp.ones((2, 2, 3, 8)), jnp.ones((2, 2, 3, 2)))
    center = jnp.full((2, 2), 20.0)
    return apply(variables, readout, query, center, *previous, method="decode")


def test_cells_of_a_mask_are_the_means_of_their_parts():
    mask = np.random.default_rng(0).random((2, 16, 24)).astype(np.float32)
    cells = lite_decoder.mask_cells(jnp.asarray(mask), 8, 4)
    assert cells.shape == (2, 2, 3, 16)
    for part in range(16):
        y, x = 8 + part // 4 * 2, 16 + part % 4 * 2  # of the cell in row 1, column 2
        mean = mask[:, y : y + 2, x : x + 2].mean((1, 2))
        np.testing.assert_allclose(cells[:, 1, 2, part], mean, atol=1e-6)
    pixels = lite_decoder.mask_cells(jnp.asarray(mask), 4, 4)
    np.testing.assert_array_equal(pixels[0, 1, 2], mask[0, 4:8, 8:12].ravel())


def test_a_new_network_decodes_as_one_that_is_shown_nothing():
    variables = tiny_lite.make_variables(SHOWN)
    decoder = variables["params"]["decoder"]
    for name in ("previous_s16", "previous_s8"):
        decoder[name] = {"kernel": jnp.zeros_like(decoder[name]["kernel"])}
    plain = tiny_lite.make_variables()
    kept = {k: v for k, v in decoder.items() if not k.startswith("previous")}
    plain["params"] = {**variables["params"], "decoder": kept}
    mask = jax.random.uniform(jax.random.key(0), (2, 16, 24))
    np.testing.assert_allclose(
        decode(SHOWN, variables, mask), decode(tiny_lite.CONFIG, plain), atol=1e-6
    )


def test_a_mask_counts_where_it_is_and_an_empty_one_does_not():
    variables = tiny_lite.make_variables(SHOWN)
    empty = jnp.zeros((2, 16, 24))
    nothing = decode(SHOWN, variables)
    np.testing.assert_allclose(decode(SHOWN, variables, empty), nothing, atol=1e-6)
    shown = decode(SHOWN, variables, empty.at[1, :4, :4].set(1.0))
    np.testing.assert_allclose(shown[0], nothing[0], atol=1e-5)
    change = np.abs(shown[1] - nothing[1])
    assert change[:8, :8].max() > 1e-3


def test_the_names_of_weights_that_start_from_zero_are_the_networks_own():
    draw = jax.jit(functools.partial(model_file.init_variables, SHOWN))
    drawn = draw(jax.random.key(0))["params"]["decoder"]
    added = {name.split("/")[1] for name in lite_decoder.ZERO_AT_START}
    plain = jax.eval_shape(
        functools.partial(model_file.init_variables, tiny_lite.CONFIG),
        jax.random.key(0),
    )
    assert drawn.keys() - plain["params"]["decoder"].keys() == added
    assert not any(np.any(drawn[name]["kernel"]) for name in added)
