"""The ring buffer against a plain list of frames, written one by one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.memory import bank as bank_lib

KEY_SHAPE, VALUE_SHAPE = (2, 3, 4), (2, 3, 5)

write = jax.jit(bank_lib.write, static_argnames="last_add")
PATTERNS = {
    "every third": [i % 3 == 0 for i in range(1, 15)],
    "all": [True] * 14,
    "none": [False] * 14,
    "random": list(np.random.default_rng(0).random(14) < 0.5),
}


def frame(number):
    """Key and value that tell which frame they are of."""
    return jnp.full(KEY_SHAPE, float(number)), jnp.full(VALUE_SHAPE, -float(number))


def bank_after(keeps, capacity, last_add=True):
    bank = bank_lib.init_bank(capacity, *frame(0))
    for number, keep in enumerate(keeps, start=1):
        bank = write(bank, *frame(number), jnp.asarray(keep), last_add=last_add)
    return bank


def remembered(bank):
    """Numbers of the frames that may be read; keys and values must agree on them."""
    keys = np.asarray(bank.keys)[np.asarray(bank.valid)]
    values = np.asarray(bank.values)[np.asarray(bank.valid)]
    assert (keys == keys[:, :1, :1, :1]).all() and (
        values == -keys[:, :1, :1, :1]
    ).all()
    return sorted(keys[:, 0, 0, 0].astype(int).tolist())


def expected_frames(keeps, capacity, last_add=True):
    """First frame, last frame, and the newest kept ones before it that have room."""
    last = len(keeps)
    kept = [number for number, keep in enumerate(keeps, start=1) if keep]
    interval = [number for number in kept if number != last]
    interval = interval[-(capacity - bank_lib.RESERVED_SLOTS) :]
    return sorted([0, *interval] + ([last] if last_add or keeps[-1] else []))


@pytest.mark.parametrize("last_add", [True, False])
@pytest.mark.parametrize("capacity", [3, 5])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_holds_first_last_and_newest_kept_frames(pattern, capacity, last_add):
    keeps = PATTERNS[pattern]
    bank = bank_lib.init_bank(capacity, *frame(0))
    assert remembered(bank) == [0]
    for number, keep in enumerate(keeps, start=1):
        bank = write(bank, *frame(number), jnp.asarray(keep), last_add=last_add)
        expected = expected_frames(keeps[:number], capacity, last_add)
        assert remembered(bank) == expected


def test_capacity_for_all_frames_forgets_none_of_the_kept():
    keeps = PATTERNS["random"]
    kept = [number for number, keep in enumerate(keeps, start=1) if keep]
    bank = bank_after(keeps, capacity=len(keeps) + bank_lib.RESERVED_SLOTS)
    assert remembered(bank) == sorted({0, *kept, len(keeps)})


def test_write_leaves_the_old_bank_as_it_was():
    bank = bank_after([True, False, True], capacity=4)
    before = jax.tree.map(np.array, bank)
    write(bank, *frame(9), jnp.asarray(True))
    jax.tree.map(np.testing.assert_array_equal, bank, before)


def test_scan_equals_a_loop_and_compiles_once():
    keeps = PATTERNS["every third"]
    traces = []

    @jax.jit
    def step(bank, number, keep):
        traces.append(number)
        key = jnp.full(KEY_SHAPE, number)
        return bank_lib.write(bank, key, jnp.full(VALUE_SHAPE, -number), keep)

    numbers = jnp.arange(1.0, len(keeps) + 1)
    start = bank_lib.init_bank(5, *frame(0))
    bank = start
    for number, keep in zip(numbers, keeps, strict=True):
        bank = step(bank, number, jnp.asarray(keep))
    assert len(traces) == 1
    scanned, _ = jax.lax.scan(
        lambda carry, xs: (step(carry, *xs), None), start, (numbers, jnp.asarray(keeps))
    )
    jax.tree.map(np.testing.assert_array_equal, scanned, bank)


def test_objects_batch_by_vmap():
    banks = [bank_after(keeps, capacity=4) for keeps in ([True, False], [False, True])]
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *banks)
    keeps = jnp.asarray([False, True])
    key, value = (jnp.stack([x, x]) for x in frame(3))
    batched = jax.jit(jax.vmap(bank_lib.write))(stacked, key, value, keeps)
    for i, bank in enumerate(banks):
        alone = write(bank, *frame(3), keeps[i])
        jax.tree.map(
            lambda got, want, i=i: np.testing.assert_array_equal(got[i], want),
            batched,
            alone,
        )


def test_keeps_its_own_precision():
    key, value = (x.astype(jnp.bfloat16) for x in frame(0))
    bank = bank_lib.init_bank(4, key, value)
    bank = write(bank, *frame(1), jnp.asarray(False))
    assert bank.keys.dtype == bank.values.dtype == jnp.bfloat16


def test_too_few_slots_are_refused():
    with pytest.raises(ValueError, match="at least 3"):
        bank_lib.init_bank(2, *frame(0))
