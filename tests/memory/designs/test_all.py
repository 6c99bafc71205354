"""What every design promises: finite reads, shares that sum to one, masks that stay."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.memory import registry
from samn_jax.memory.config import MemoryConfig
from samn_jax.memory.entry import Reason
from tests.memory import frames

OWN = {"xmem": (("long_term", 27), ("prototypes", 9))}


def design(name, capacity=6):
    return registry.build(
        MemoryConfig(design=name, capacity=capacity, own=OWN.get(name, ()))
    )


@functools.cache
def run(name, regression=True):
    """The memory after each of 30 frames, some lost, one of them a correction."""
    rng = np.random.default_rng(0)
    facts = [
        {
            "found": rng.random() < 0.8,
            "due": i % 2 == 0,
            "distractor": rng.random() < 0.5,
            "area": 30 + 3 * rng.random(),
            "given": i == 8,
        }
        for i in range(1, 31)
    ]
    entries = [frames.random(i, regression, **f) for i, f in enumerate(facts, 1)]
    start = frames.random(0, regression, given=True, area=30.0)
    stacked = jax.tree.map(lambda *x: jnp.stack(x), *entries)
    return stacked, frames.track(design(name), entries, start)


CELLS = ("afb_urr", "swiftnet", "xmem")  # a frame may live on in some of its cells


def all_but(*others):
    names = [name for name in registry.DESIGNS if name not in others]
    return pytest.mark.parametrize("name", names)


every = all_but()


@every
def test_reads_are_finite_and_their_shares_sum_to_one(name):
    _, (_, reads, _, _) = run(name)
    assert all(np.isfinite(x).all() for x in jax.tree.leaves(reads))
    np.testing.assert_allclose(reads.slot_mass.sum(-1), 1.0, atol=1e-5)
    cells = frames.H * frames.W
    np.testing.assert_allclose(reads.cell_mass.sum(-1), cells, rtol=1e-5)


@every
def test_the_first_frame_and_a_correction_stay(name):
    _, (_, _, _, slots) = run(name)
    for step in range(7, 30):
        held = set(slots.frame_idx[step][slots.valid[step]].tolist())
        assert {0, 8} <= held
    assert (slots.given[-1] & slots.valid[-1]).any()


@all_but("ring")  # the paper\'s remembers them unless told otherwise
def test_frames_without_a_target_change_nothing_that_is_read(name):
    entries, (states, _, reports, slots) = run(name)
    lost = ~np.asarray(entries.found) & ~np.asarray(entries.given)
    assert lost.sum() > 3
    for step in np.flatnonzero(lost[1:]) + 1:
        assert reports.reason[step] == Reason.NOT_FOUND
        assert reports.slot[step] == -1
        assert reports.forgotten[step] == -1
        for one in slots:
            np.testing.assert_array_equal(one[step], one[step - 1])
        for x in jax.tree.leaves(states):
            np.testing.assert_array_equal(x[step], x[step - 1])


@all_but("mean", *CELLS)
def test_reports_tell_what_the_slots_show(name):
    _, (_, _, reports, slots) = run(name)
    for step in range(1, 30):
        before = slots.frame_idx[step - 1][slots.valid[step - 1]]
        after = slots.frame_idx[step][slots.valid[step]]
        gone = set(before.tolist()) - set(after.tolist())
        assert gone == {int(reports.forgotten[step])} - {-1}
        if reports.slot[step] >= 0:
            assert slots.frame_idx[step][reports.slot[step]] == step + 1


@all_but(*CELLS)
def test_no_frame_stands_twice_in_slots(name):
    _, (_, _, _, slots) = run(name)
    for frame_idx, valid in zip(slots.frame_idx, slots.valid, strict=True):
        held = frame_idx[valid]
        assert len(np.unique(held)) == len(held)


@every
def test_it_does_without_a_regression(name):
    _, (_, reads, _, _) = run(name, regression=False)
    assert reads.readout.labels.shape[-1] == 0
    assert np.isfinite(reads.readout.attention).all()


@every
def test_the_state_keeps_its_shapes_and_size(name):
    memory, entry = design(name), frames.random(1)
    start = jax.eval_shape(lambda e: memory.init(e, frames.READER), entry)
    after = jax.eval_shape(lambda s, e: frames.step(memory, s, e)[0], start, entry)
    assert jax.tree.structure(start) == jax.tree.structure(after)
    assert [(x.shape, x.dtype) for x in jax.tree.leaves(start)] == [
        (x.shape, x.dtype) for x in jax.tree.leaves(after)
    ]


@pytest.mark.parametrize("name", registry.DESIGNS)
def test_a_frame_that_a_person_corrects_takes_its_own_place(name):
    memory = design(name)
    step = jax.jit(functools.partial(frames.step, memory))
    state = frames.first(memory, frames.random(0, given=True, area=30.0))
    for number in range(1, 6):
        entry = frames.random(number, due=number > 3, area=30.0)
        state, *_ = step(state, entry)
    once, *_ = step(state, frames.random(5, given=True, area=30.0))
    entry = frames.random(5, given=True, area=30.0)
    other = jax.tree.map(lambda x: x * 2.0, entry.value)
    twice, _, report = step(once, entry._replace(value=other))
    for corrected in (once, twice):
        table = memory.slots(corrected)
        own = np.asarray(table.valid & (table.frame_idx == 5))
        given = own & np.asarray(table.given)
        cells = frames.H * frames.W if name in CELLS else 1
        assert given.sum() == cells, "all of the frame is a person's"
        # What was folded into others (the mean, a merged cell) can't be taken out.
        assert name in ("mean", "afb_urr") or own.sum() == cells
    before, after = memory.slots(state), memory.slots(twice)
    kept = set(np.asarray(before.frame_idx)[np.asarray(before.valid)].tolist()) - {5}
    assert kept <= set(np.asarray(after.frame_idx)[np.asarray(after.valid)].tolist())
    assert int(report.forgotten) == -1
