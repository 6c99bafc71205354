"""The ring against a plain list of frames, written one by one."""

import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.memory import machine, read, reader
from samn_jax.memory.designs import ring
from samn_jax.memory.entry import Reason
from tests.memory import frames

PATTERNS = {
    "every third": [i % 3 == 0 for i in range(1, 15)],
    "all": [True] * 14,
    "none": [False] * 14,
    "random": list(np.random.default_rng(0).random(14) < 0.5),
}


@functools.partial(jax.jit, static_argnums=0)
def step(design, state, entry):
    return frames.step(design, state, entry)


def run(design, dues):
    """State and report after each frame; all but the due ones are between intervals."""
    state, results = frames.first(design), []
    for number, due in enumerate(dues, start=1):
        state, _, report = step(design, state, frames.numbered(number, due=due))
        results.append((state, jax.tree.map(int, report)))
    return results


def remembered(state):
    """Numbers of the frames that may be read; keys, values and numbers must agree."""
    bank = state.bank
    valid = np.asarray(bank.valid)
    keys = np.asarray(bank.key.attention)[valid]
    values = np.asarray(bank.value.attention)[valid]
    numbers = np.asarray(bank.frame_idx)[valid]
    assert (keys == numbers[:, None, None, None]).all()
    assert (values == -numbers[:, None, None, None]).all()
    return sorted(numbers.tolist())


def expected_frames(dues, capacity, last_add=True):
    """First frame, last frame, and the newest kept ones before it that have room."""
    last = len(dues)
    kept = [number for number, due in enumerate(dues, start=1) if due]
    interval = [number for number in kept if number != last][-(capacity - 2) :]
    return sorted([0, *interval] + ([last] if last_add or dues[-1] else []))


@pytest.mark.parametrize("last_add", [True, False])
@pytest.mark.parametrize("capacity", [3, 5])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_holds_first_last_and_newest_kept_frames(pattern, capacity, last_add):
    dues = PATTERNS[pattern]
    design = ring.Ring(capacity, last_add=last_add)
    assert remembered(frames.first(design)) == [0]
    before = [0]
    for number, (state, report) in enumerate(run(design, dues), start=1):
        expected = expected_frames(dues[:number], capacity, last_add)
        assert remembered(state) == expected
        # The report tells the same: what came, where it is, and what had to go.
        kept = dues[number - 1]
        assert report.reason == (Reason.KEPT if kept else Reason.NOT_DUE)
        assert report.slot == (1 if number in expected else -1)
        if report.slot >= 0:
            assert state.bank.frame_idx[report.slot] == number
        gone = set(before) - set(expected)
        assert gone == ({report.forgotten} - {-1})
        before = expected


def test_capacity_for_all_frames_forgets_none_of_the_kept():
    dues = PATTERNS["random"]
    kept = [number for number, due in enumerate(dues, start=1) if due]
    (*_, (state, _)) = run(ring.Ring(len(dues) + 2), dues)
    assert remembered(state) == sorted({0, *kept, len(dues)})


UNWANTED = {
    "lost": ({"found": False}, Reason.NOT_FOUND),
    "uncertain": ({"certain": False}, Reason.UNCERTAIN),
    "not due": ({"due": False, "certain": False}, Reason.NOT_DUE),
}


@pytest.mark.parametrize("name", UNWANTED)
@pytest.mark.parametrize("remember_lost", [True, False])
def test_only_good_frames_are_kept_and_lost_ones_read_on_demand(name, remember_lost):
    facts, reason = UNWANTED[name]
    design = ring.Ring(4, remember_lost=remember_lost)
    state, _, _ = step(design, frames.first(design), frames.numbered(1))
    after, _, report = step(design, state, frames.numbered(2, **facts))
    assert report.reason == reason
    written = name != "lost" or remember_lost
    assert remembered(after) == ([0, 1, 2] if written else [0, 1])
    assert report.slot == (1 if written else -1)
    if not written:  # Nothing at all has changed.
        chex.assert_trees_all_equal(after, state)
    last, _, _ = step(design, after, frames.numbered(3))
    assert remembered(last) == [0, 1, 3], "the unwanted frame was not kept"


def test_uncertain_frames_are_kept_if_samples_are_not_filtered():
    design = ring.Ring(4, filter_samples=False)
    state = frames.first(design)
    state, _, report = step(design, state, frames.numbered(1, certain=False))
    assert report.reason == Reason.KEPT and state.keep_last


def test_a_persons_mask_stays_while_others_come_and_go():
    design = ring.Ring(4)
    state = frames.first(design)
    corrected = frames.numbered(1, given=True, due=False, certain=False)
    state, _, report = step(design, state, corrected)
    assert report.reason == Reason.KEPT
    for number in range(2, 9):
        state, _, _ = step(design, state, frames.numbered(number))
        assert {0, 1, number} <= set(remembered(state))
    # More of them than there is room for: the oldest gives way, the first frame never.
    for number in (9, 10, 11):
        entry = frames.numbered(number, given=True)
        state, _, report = step(design, state, entry)
    state, _, report = step(design, state, frames.numbered(12))
    assert remembered(state) == [0, 10, 11, 12] and report.forgotten == 9
    state, _, report = step(design, state, frames.numbered(13))
    assert remembered(state) == [0, 10, 11, 13] and report.forgotten == 12


@pytest.mark.parametrize("chunk_slots", [0, 2])
@pytest.mark.parametrize("mode", ["none", "cross_reference"])
def test_with_room_it_reads_as_attention_over_all_frames(mode, chunk_slots):
    config = machine.MachineConfig(mode=mode)
    how = reader.Reader("dot", config, chunk_slots)
    design, entries = ring.Ring(6), [frames.random(i) for i in range(4)]
    state = frames.first(design, entries[0])
    for entry in entries[1:]:
        state, _, _ = frames.step(design, state, entry, how)
    keys = jnp.stack([entry.key.attention for entry in entries])
    values = jnp.stack([entry.value.attention for entry in entries])
    query = jax.tree.map(lambda x: x + 0.5, entries[3].key)
    found = jax.jit(design.read, static_argnums=2)(state, query, how).readout
    weights = machine.memory_log_weights(
        config, keys, jnp.ones(4, bool), query.attention
    )
    expected = read.attend(query.attention, keys, values, weights)
    np.testing.assert_allclose(found.attention, expected, atol=1e-5)


def test_scan_equals_a_loop_and_compiles_once():
    design = ring.Ring(5)
    entries = [frames.numbered(i, due=i % 3 == 0) for i in range(1, 9)]

    def write(state, entry):
        return frames.step(design, state, entry)[0]

    start = state = frames.first(design)
    compiled = jax.jit(chex.assert_max_traces(write, n=1))
    for entry in entries:
        state = compiled(state, entry)
    stacked = jax.tree.map(lambda *x: jnp.stack(x), *entries)
    scanned, _ = jax.lax.scan(lambda s, e: (write(s, e), None), start, stacked)
    chex.assert_trees_all_equal(scanned, state)


def test_objects_batch_by_vmap():
    design = ring.Ring(4)
    states = [run(design, dues)[-1][0] for dues in ([True, False], [False, True])]
    entries = [frames.numbered(3, due=due) for due in (False, True)]
    both = jax.tree.map(lambda *x: jnp.stack(x), *states)
    told = jax.tree.map(lambda *x: jnp.stack(x), *entries)
    together, _, _ = jax.jit(jax.vmap(functools.partial(frames.step, design)))(
        both, told
    )
    for i, (state, entry) in enumerate(zip(states, entries, strict=True)):
        alone, _, _ = step(design, state, entry)
        jax.tree.map(
            lambda got, want, i=i: np.testing.assert_array_equal(got[i], want),
            together,
            alone,
        )


def test_keeps_its_own_precision():
    design = ring.Ring(4)
    low = jax.tree.map(lambda x: x.astype(jnp.bfloat16), frames.numbered(0).key)
    entry = frames.numbered(0)._replace(key=low)
    state = frames.first(design, entry)
    state, _, _ = frames.step(design, state, entry)
    assert state.bank.key.attention.dtype == jnp.bfloat16


def test_too_few_slots_are_refused():
    with pytest.raises(InputError, match="memory.capacity is 2: ring needs 3"):
        ring.Ring(2)
