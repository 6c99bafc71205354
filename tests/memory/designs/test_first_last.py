"""First and last frame, and corrections that stay."""

import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.memory.designs.first_last import FirstLast
from samn_jax.memory.entry import Reason
from tests.memory import frames, plain


def run(design, facts):
    entries = [frames.numbered(i, **fact) for i, fact in enumerate(facts, 1)]
    return frames.track(design, entries)


def test_holds_the_first_frame_and_the_last_with_a_target():
    rng = np.random.default_rng(0)
    facts = [{"found": rng.random() < 0.6, "due": i % 2} for i in range(20)]
    states, _, reports, slots = run(FirstLast(), facts)
    last, wanted = None, []
    for number, fact in enumerate(facts, 1):
        last = number if fact["found"] else last
        wanted.append([0] if last is None else [0, last])
        reason = Reason.NOT_DUE if fact["found"] else Reason.NOT_FOUND
        assert reports.reason[number - 1] == reason
    assert frames.held(slots) == wanted
    keys = states.bank.key.attention[:, :, 0, 0, 0]
    np.testing.assert_array_equal(keys[slots.valid], slots.frame_idx[slots.valid])


def test_corrections_stay_until_newer_ones_need_their_slots():
    facts = [{"given": i in (2, 4, 5, 8), "found": i != 4} for i in range(1, 10)]
    _, _, reports, slots = run(FirstLast(corrections=2), facts)
    assert frames.held(slots) == [
        [0, 1],
        [0, 2],
        [0, 2, 3],
        [0, 2, 4],
        [0, 2, 4, 5],
        [0, 4, 5, 6],
        [0, 4, 5, 7],
        [0, 4, 5, 8],
        [0, 5, 8, 9],
    ]
    assert reports.forgotten.tolist() == [-1, 1, -1, 3, -1, 2, 6, 7, 4]
    assert (reports.reason == Reason.KEPT).tolist() == [f["given"] for f in facts]
    simulated = plain.simulate(facts, 2, lambda _: False, lambda *_: None)
    assert frames.held(slots) == simulated


def test_it_needs_a_slot_for_corrections():
    with pytest.raises(InputError, match="memory.corrections is 0: give 1 or more"):
        FirstLast(corrections=0)
