"""Storage of whole frames and of single cells."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax import errors
from samn_jax.memory import bank as bank_lib
from samn_jax.memory import cells as cells_lib
from samn_jax.memory.designs import ring
from tests.memory import frames


def bank_of(*numbers, capacity=5):
    bank = bank_lib.first_slot(capacity, frames.numbered(numbers[0], given=True))
    for slot, number in enumerate(numbers[1:], start=1):
        bank = bank_lib.place(bank, slot, frames.numbered(number))
    return bank


def test_the_first_frame_is_in_slot_0_and_the_others_are_empty():
    found = bank_lib.table(bank_of(7))
    assert found.frame_idx.tolist() == [7, -1, -1, -1, -1]
    assert found.given.tolist() == found.valid.tolist() == [True] + [False] * 4
    assert found.age(9).tolist() == [2, -1, -1, -1, -1]


def test_place_and_move_write_only_when_they_should():
    bank = bank_of(0, 3)
    place, move = jax.jit(bank_lib.place), jax.jit(bank_lib.move)
    same = place(bank, 1, frames.numbered(4), jnp.bool_(False))
    chex.assert_trees_all_equal(same, bank)
    same = move(bank, 1, 2, jnp.bool_(False))
    chex.assert_trees_all_equal(same, bank)
    moved = place(move(bank, 1, 2), 1, frames.numbered(4))
    assert moved.frame_idx.tolist() == [0, 4, 3, -1, -1]
    np.testing.assert_array_equal(moved.key.attention[:3, 0, 0, 0], [0, 4, 3])
    assert bank_lib.frame_at(moved, 2) == 3 and bank_lib.frame_at(moved, 3) == -1
    full = place(place(moved, 3, frames.numbered(5)), 4, frames.numbered(6))
    assert bank_lib.frame_at(full, -1) == -1, "none, not the last slot"


def test_the_victim_is_empty_else_oldest_else_given():
    victim = jax.jit(bank_lib.victim)
    fixed = jnp.arange(5) == 0
    assert victim(bank_of(0, 5, 3), fixed=fixed) == 3
    full = bank_of(0, 5, 3, 8, 9)
    assert victim(full, fixed=fixed) == 2
    assert victim(full, worth=jnp.float32([0, 4, 3, 2, 9]), fixed=fixed) == 3
    all_given = full._replace(given=jnp.ones(5, bool))
    assert victim(all_given) == 0 and victim(all_given, fixed=fixed) == 2
    one_free = full._replace(given=jnp.arange(5) != 4)
    assert victim(one_free, fixed=fixed) == 4
    # A slot that can't be read is as good as empty.
    shut = full._replace(valid=jnp.arange(5) != 4)
    assert victim(shut, fixed=fixed) == 4


@pytest.mark.parametrize("capacity", [4, 12])
def test_cells_of_the_first_frame_come_first(capacity):
    bank = cells_lib.first_cells(capacity, frames.random(3, given=True))
    count = frames.H * frames.W
    assert bank.valid.shape == (max(capacity, count),)
    assert bank.valid.tolist() == [i < count for i in range(max(capacity, count))]
    table = cells_lib.table(bank)
    assert set(table.frame_idx.tolist()) == ({3, -1} if capacity > count else {3})
    assert table.given[:count].all() and not table.given[count:].any()
    np.testing.assert_array_equal(
        bank.key.attention[:count], frames.random(3).key.attention.reshape(count, -1)
    )


def test_cells_are_placed_where_they_should_and_nowhere_else():
    bank = cells_lib.first_cells(12, frames.random(0))
    new = cells_lib.cells_of(frames.random(1))
    some = jax.tree.map(lambda x: x[:3], new)
    when = jnp.asarray([True, False, True])
    after = jax.jit(cells_lib.place_cells)(bank, jnp.asarray([10, 2, 4]), some, when)
    for place in range(12):
        source = {10: (new, 0), 4: (new, 2)}.get(place, (bank, place))
        np.testing.assert_array_equal(
            after.value.labels[place], source[0].value.labels[source[1]]
        )
    assert after.valid.sum() == 10 and after.frame_idx[10] == 1


def test_a_forgotten_slot_is_empty_and_the_last_one_stays():
    ring_memory = ring.Ring(4)
    state = frames.first(ring_memory)
    for number in (1, 2, 3):
        state, *_ = frames.step(ring_memory, state, frames.numbered(number))
    table = ring_memory.slots(state)
    assert table.frame_idx.tolist() == [0, 3, 1, 2]
    gone = jax.jit(bank_lib.forget)(state, jnp.int32(2))
    table = ring_memory.slots(gone)
    assert table.frame_idx.tolist() == [0, 3, -1, 2]
    assert table.valid.tolist() == [True, True, False, True]
    read = ring_memory.read(gone, frames.numbered(1).key, frames.READER)
    assert np.all(np.asarray(read.slot_mass)[..., 2] == 0)
    # The next kept frame takes the empty place.
    state, *_ = frames.step(ring_memory, gone, frames.numbered(4))
    assert ring_memory.slots(state).frame_idx.tolist() == [0, 4, 3, 2]
    # A forgotten last frame doesn't move over another one.
    state = bank_lib.forget(gone, 1)
    state, *_ = frames.step(ring_memory, state, frames.numbered(4))
    assert ring_memory.slots(state).frame_idx.tolist() == [0, 4, -1, 2]
    for slot in (0, 1, 2, 3):
        state = bank_lib.forget(state, slot)
    assert ring_memory.slots(state).valid.tolist() == [False, False, False, True]


def test_slots_that_are_not_there_are_not_forgotten():
    memory = ring.Ring(4)
    state = frames.first(memory)
    with pytest.raises(errors.InputError, match="no slot 4: give 0 to 3"):
        bank_lib.forget(state, 4)
    with pytest.raises(errors.InputError, match="no slots of whole frames"):
        bank_lib.forget({"cells": jnp.zeros(3)}, 0)
