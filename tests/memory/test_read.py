"""Space-time attention against a loop in numpy, and read in chunks against whole."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.memory import read

T, H, W, CK, CV = 5, 3, 4, 6, 7

attend = jax.jit(read.attend, static_argnames="kind")


@functools.partial(jax.jit, static_argnames=("kind", "chunk"))
def attend_in_chunks(*arrays, **how):
    return read.attend_in_chunks(*arrays, **how)[0]


@pytest.fixture
def memory():
    """Query key, keys, values and log-weights, with slots 1 and 4 empty."""
    rng = np.random.default_rng(0)
    shapes = ((H, W, CK), (T, H, W, CK), (T, H, W, CV), (T, H, W))
    arrays = [jnp.asarray(rng.normal(size=shape), jnp.float32) for shape in shapes]
    valid = jnp.asarray([True, False, True, True, False])
    arrays[3] = arrays[3] + read.slot_log_weights(valid, H, W)
    return tuple(arrays)


def readout_by_loop(query, keys, values, log_weights, kind):
    """The readout, cell by cell, in float64; empty cells are not looked at."""
    query, keys, values, log_weights = (
        np.asarray(x).astype(np.float64) for x in (query, keys, values, log_weights)
    )
    is_open = log_weights > read.EMPTY / 2
    keys, values, log_weights = keys[is_open], values[is_open], log_weights[is_open]
    readout = np.zeros((H, W, CV))
    for row, column in np.ndindex(H, W):
        cell = query[row, column]
        if kind == "dot":
            affinity = keys @ cell / np.sqrt(CK)
        else:
            affinity = -np.sum((keys - cell) ** 2, axis=1) / np.sqrt(CK)
        weights = np.exp(affinity) * np.exp(log_weights)
        readout[row, column] = weights @ values / weights.sum()
    return readout


@pytest.mark.parametrize("kind", read.SIMILARITIES)
def test_whole_read_equals_the_loop(memory, kind):
    expected = readout_by_loop(*memory, kind)
    np.testing.assert_allclose(attend(*memory, kind=kind), expected, atol=1e-5)


@pytest.mark.parametrize("kind", read.SIMILARITIES)
@pytest.mark.parametrize("chunk", [1, 2, 5, 8])
def test_read_in_chunks_equals_the_loop(memory, chunk, kind):
    readout = attend_in_chunks(*memory, kind=kind, chunk=chunk)
    np.testing.assert_allclose(readout, readout_by_loop(*memory, kind), atol=1e-5)


@pytest.mark.parametrize("kind", read.SIMILARITIES)
@pytest.mark.parametrize("chunk", [0, 1, 2, 5, 8])
def test_masses_are_sums_of_the_attention(memory, chunk, kind):
    query, keys, values, log_weights = memory
    attention = read.attention(query, keys, log_weights, kind=kind)
    if chunk:
        how = {"kind": kind, "chunk": chunk}
        _, total = read.attend_in_chunks(*memory, **how)
        masses = read.masses_in_chunks(query, keys, log_weights, total, **how)
    else:
        masses = read.masses(attention, T, (H, W))
    slots = np.asarray(attention).reshape(H, W, T, -1)
    np.testing.assert_allclose(masses[0], slots.sum(-1), atol=1e-5)
    np.testing.assert_allclose(masses[0].sum(-1), 1.0, atol=1e-5)
    np.testing.assert_array_equal(masses[0][..., [1, 4]], 0.0)
    np.testing.assert_allclose(masses[1], np.sum(attention, axis=0), atol=1e-5)
    assert masses[1].shape == (T * H * W,)


def test_a_first_chunk_of_empty_slots_leaves_no_trace(memory):
    query, keys, values, log_weights = memory
    log_weights = log_weights.at[:2].set(read.EMPTY)
    memory = (query, keys, values.at[:2].set(1e4), log_weights)
    readout = attend_in_chunks(*memory, chunk=1)
    np.testing.assert_allclose(readout, readout_by_loop(*memory, "dot"), atol=1e-5)


def test_large_affinities_overflow_in_neither_form(memory):
    query, keys, *rest = memory
    readout = attend(300 * query, 300 * keys, *rest)
    chunked = attend_in_chunks(300 * query, 300 * keys, *rest)
    assert jnp.all(jnp.isfinite(readout))
    np.testing.assert_allclose(chunked, readout, atol=1e-4)


def test_gradients_of_both_forms_agree(memory):
    def loss(form, *arrays):
        return jnp.sum(jnp.sin(form(*arrays)))

    gradient = jax.jit(jax.grad(loss, argnums=(1, 2, 3, 4)), static_argnums=0)

    def in_chunks(*arrays):
        return read.attend_in_chunks(*arrays, chunk=2)[0]

    whole, chunked = gradient(read.attend, *memory), gradient(in_chunks, *memory)
    for expected, found in zip(whole, chunked, strict=True):
        assert jnp.any(expected != 0)
        np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("form", [attend, attend_in_chunks])
def test_a_log_weight_counts_as_copies_of_the_frame(memory, form):
    query, keys, values, _ = memory
    keys, values = keys[:2], values[:2]
    log_weights = jnp.zeros((2, H, W)).at[1].set(jnp.log(2.0))
    twice = jnp.asarray([0, 1, 1])
    copies = form(query, keys[twice], values[twice], jnp.zeros((3, H, W)))
    weighed = form(query, keys, values, log_weights)
    np.testing.assert_allclose(weighed, copies, atol=1e-5)


@pytest.mark.parametrize("form", [attend, attend_in_chunks])
def test_order_of_slots_does_not_matter(memory, form):
    order = jnp.asarray([3, 1, 4, 0, 2])
    shuffled = (memory[0], *(x[order] for x in memory[1:]))
    np.testing.assert_allclose(form(*shuffled), form(*memory), atol=1e-5)


@pytest.mark.parametrize("form", [attend, attend_in_chunks])
def test_half_precision_values_are_read_in_half_precision(memory, form):
    *arrays, log_weights = memory
    low = [x.astype(jnp.bfloat16) for x in arrays]
    readout = form(*low, log_weights)
    assert readout.dtype == jnp.bfloat16
    np.testing.assert_allclose(readout.astype(jnp.float32), attend(*memory), atol=0.05)


def test_chunks_never_hold_the_whole_affinity():
    slots, cells = 16, H * W
    shapes = ((H, W, CK), (slots, H, W, CK), (slots, H, W, CV), (slots, H, W))
    arrays = [jax.ShapeDtypeStruct(shape, jnp.float32) for shape in shapes]

    def largest(form):
        sizes, pending = [], [jax.make_jaxpr(form)(*arrays).jaxpr]
        while pending:
            jaxpr = pending.pop()
            for equation in jaxpr.eqns:
                sizes += [v.aval.size for v in equation.outvars]
                pending += [
                    p.jaxpr for p in equation.params.values() if hasattr(p, "jaxpr")
                ]
        return max(sizes)

    whole, per_slot = slots * cells * cells, cells * cells
    assert largest(read.attend) >= whole
    limit = max(2 * per_slot, slots * cells * CV)
    assert largest(lambda *a: read.attend_in_chunks(*a, chunk=2)) <= limit


def test_slot_log_weights_shut_out_empty_slots():
    found = read.slot_log_weights(jnp.asarray([True, False]), 2, 3)
    assert found.shape == (2, 2, 3)
    np.testing.assert_array_equal(found[0], 0.0)
    np.testing.assert_array_equal(jnp.exp(found[1]), 0.0)
    assert jnp.all(jnp.isfinite(found))


def test_unknown_similarity_is_refused(memory):
    with pytest.raises(ValueError, match="choose from"):
        read.attend(*memory, kind="cosine")
