"""Reading as a block to call: slots, cells, regression, what falls away."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.memory import bank as bank_lib
from samn_jax.memory import cells as cells_lib
from samn_jax.memory import machine, read, regression
from samn_jax.memory.entry import Key
from samn_jax.memory.reader import Reader
from tests.memory import frames

QUERY = frames.random(9).key


def bank_of(count, capacity=4, **kwargs):
    bank = bank_lib.first_slot(capacity, frames.random(0, **kwargs))
    for i in range(1, count):
        bank = bank_lib.place(bank, i, frames.random(i, **kwargs))
    return bank


def cell_bank(bank):
    """The same cells without their frames."""
    slots, cells = bank.valid.shape[0], frames.H * frames.W
    flat = jax.tree.map(lambda x: x.reshape(-1, x.shape[-1]), (bank.key, bank.value))
    rest = (jnp.repeat(x, cells) for x in (bank.frame_idx, bank.given, bank.valid))
    assert slots * cells == flat[0].attention.shape[0]
    return cells_lib.CellBank(*flat, *rest)


def test_attention_and_regression_each_have_their_channels():
    bank = bank_of(3)
    found = jax.jit(Reader("l2").read_slots)(QUERY, bank)
    shut = read.slot_log_weights(bank.valid, frames.H, frames.W)
    attended = read.attend(
        QUERY.attention, bank.key.attention, bank.value.attention, shut, kind="l2"
    )
    np.testing.assert_allclose(found.readout.attention, attended, atol=1e-5)
    seen = jnp.exp(shut)
    labels = regression.regress(
        QUERY.regression, bank.key.regression, bank.value.labels, seen
    )
    np.testing.assert_allclose(found.readout.labels, labels, atol=1e-4)


def test_a_network_without_regression_reads_no_labels():
    bank = bank_of(3, regression=False)
    query = Key.plain(QUERY.attention)
    found = Reader("l2").read_slots(query, bank).readout
    assert found.labels.shape == (frames.H, frames.W, 0)
    full = Reader("l2").read_slots(QUERY, bank_of(3)).readout
    np.testing.assert_allclose(found.attention, full.attention, atol=1e-5)


@pytest.mark.parametrize("chunk_slots", [0, 1, 3])
def test_cells_read_as_the_slots_that_they_are_of(chunk_slots):
    bank, reader = bank_of(3), Reader("dot", chunk_slots=chunk_slots)
    whole = jax.jit(reader.read_slots)(QUERY, bank)
    single = jax.jit(reader.read_cells)(QUERY, cell_bank(bank))
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, atol=1e-4),
        whole.readout,
        single.readout,
    )
    np.testing.assert_allclose(whole.cell_mass, single.cell_mass, atol=1e-5)
    per_slot = np.asarray(single.slot_mass).reshape(frames.H, frames.W, 4, -1).sum(-1)
    np.testing.assert_allclose(whole.slot_mass, per_slot, atol=1e-5)
    np.testing.assert_allclose(whole.slot_mass.sum(-1), 1.0, atol=1e-5)
    np.testing.assert_allclose(whole.cell_mass.sum(), frames.H * frames.W, rtol=1e-5)


def test_a_log_weight_counts_as_copies_in_attention_and_regression():
    twice = bank_lib.place(bank_of(2), 2, frames.random(1))
    weights = jnp.zeros((4, frames.H, frames.W)).at[1].set(jnp.log(2.0))
    copies = Reader("dot").read_slots(QUERY, twice)
    weighed = Reader("dot").read_slots(QUERY, bank_of(2), weights)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, atol=1e-4),
        copies.readout,
        weighed.readout,
    )


def test_the_machine_weighs_frames_and_refuses_cells():
    bank = bank_of(3)
    reader = Reader("dot", machine.MachineConfig("cosine"))
    plain, weighed = (r.read_slots(QUERY, bank) for r in (Reader("dot"), reader))
    gap = plain.readout.attention - weighed.readout.attention
    assert np.abs(gap).max() > 1e-4
    # Frames alone, attention alone: the labels are as they were.
    np.testing.assert_array_equal(plain.readout.labels, weighed.readout.labels)
    with pytest.raises(InputError, match="machine.mode is cosine.*single"):
        reader.read_cells(QUERY, cell_bank(bank))


def test_keys_are_compared_as_the_network_does_and_by_cosine():
    one, other = frames.random(1).key, frames.random(2).key
    a, b = (np.asarray(x.attention).reshape(-1, frames.CK) for x in (one, other))
    dot = Reader("dot").match_key(one, other)
    np.testing.assert_allclose(dot, a @ b.T / np.sqrt(frames.CK), atol=1e-5)
    l2 = np.asarray(Reader("l2").match_key(one, other))
    far = -np.square(a[:, None] - b[None]).sum(-1) / np.sqrt(frames.CK)
    centered = [x - x.max(axis=1, keepdims=True) for x in (l2, far)]
    np.testing.assert_allclose(*centered, atol=1e-4)
    unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (a, b)]
    np.testing.assert_allclose(
        Reader().cosine(one, other), unit[0] @ unit[1].T, atol=1e-5
    )


@pytest.mark.parametrize("chunk_slots", [0, 2])
def test_masses_cost_nothing_unless_they_are_used(chunk_slots):
    reader = Reader("l2", chunk_slots=chunk_slots)
    bank = bank_of(4)

    def flops(function):
        compiled = jax.jit(function).lower(QUERY, bank).compile()
        return compiled.cost_analysis()["flops"]

    def readout(query, bank):
        return reader.read_slots(query, bank).readout

    def by_hand(query, bank):
        keys, values = bank.key.attention, bank.value.attention
        shut = read.slot_log_weights(bank.valid, frames.H, frames.W)
        given = (query.attention, keys, values, shut)
        if chunk_slots:
            attended, _ = read.attend_in_chunks(*given, kind="l2", chunk=chunk_slots)
        else:
            attended = read.attend(*given, kind="l2")
        seen = jnp.broadcast_to(
            bank.valid[:, None, None].astype(jnp.float32), keys.shape[:3]
        )
        labels = regression.regress(
            query.regression, bank.key.regression, bank.value.labels, seen
        )
        return attended, labels

    assert flops(readout) == flops(by_hand)
    assert flops(reader.read_slots) > flops(readout)


def test_a_reader_is_the_same_whatever_its_parameters():
    bare, full = Reader("l2"), dataclasses.replace(Reader("l2"), parameters={"x": 1})
    assert bare == full and hash(bare) == hash(full)
