import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.tracking import slot_loops


def grow(one, given):
    """The slot plus what is given, and twice the sum."""
    new = {"x": one["x"] + given, "n": one["n"] + 1}
    return new, 2.0 * jnp.sum(new["x"])


def make_slots(count):
    rng = np.random.default_rng(count)
    x = jnp.asarray(rng.normal(size=(count, 3)), jnp.float32)
    given = jnp.asarray(rng.normal(size=(count, 3)), jnp.float32)
    return {"x": x, "n": jnp.arange(count)}, given


CHOICES = [
    *([True], [False], [True, False], [False, True, True]),
    *([True, True, False, True, True], [False] * 4, [True] * 4),
]


@pytest.mark.parametrize("group", [1, 2, 3])
@pytest.mark.parametrize("chosen", CHOICES)
def test_chosen_slots_are_updated_and_the_others_stay(chosen, group):
    slots, given = make_slots(len(chosen))
    update = jax.jit(functools.partial(slot_loops.update_slots, grow, group=group))
    new, results = update(jnp.array(chosen), slots, given)
    for slot, its_chosen in enumerate(chosen):
        want = slots["x"][slot] + (given[slot] if its_chosen else 0.0)
        np.testing.assert_array_equal(new["x"][slot], want)
        assert new["n"][slot] == slot + its_chosen
        want = 2.0 * want.sum() if its_chosen else 0.0
        np.testing.assert_allclose(results[slot], want, rtol=1e-6)


@pytest.mark.parametrize("chosen", CHOICES)
def test_accelerators_batch_gives_what_the_loop_gives(chosen):
    slots, given = make_slots(len(chosen))
    zeros = jnp.zeros(len(chosen))
    arguments = jnp.array(chosen), slots, given, zeros
    batch = jax.jit(functools.partial(slot_loops._at_once, grow))(*arguments)
    loop = jax.jit(functools.partial(slot_loops.update_slots, grow))(*arguments[:3])
    jax.tree.map(functools.partial(np.testing.assert_allclose, rtol=1e-6), batch, loop)


def test_a_mapped_function_leaves_zeros_where_it_is_not_called():
    given = {"a": jnp.ones((3, 2)), "b": jnp.arange(3)}
    double = lambda one: (one["a"] * 2, one["b"] + 1)  # noqa: E731
    chosen = jnp.array([True, False, True])
    a, b = jax.jit(lambda x: slot_loops.map_slots(double, chosen, x))(given)
    np.testing.assert_array_equal(a, [[2, 2], [0, 0], [2, 2]])
    np.testing.assert_array_equal(b, [1, 0, 3])


@pytest.mark.parametrize("chosen", CHOICES)
def test_the_function_runs_for_the_chosen_slots_alone(chosen):
    calls = []

    def note(one):
        jax.debug.callback(lambda slot: calls.append(int(slot)), one)
        return one

    run = jax.jit(lambda x: slot_loops.map_slots(note, jnp.array(chosen), x))
    jax.block_until_ready(run(jnp.arange(len(chosen))))
    jax.effects_barrier()
    assert sorted(calls) == [slot for slot, yes in enumerate(chosen) if yes]


def test_slots_are_visited_in_order():
    def append(digits, slot):
        return 10 * digits + slot.astype(jnp.int32)

    chosen = jnp.array([False, True, False, True, True])
    visit = jax.jit(lambda start: slot_loops.visit(append, chosen, start))
    assert visit(jnp.int32(0)) == 134
