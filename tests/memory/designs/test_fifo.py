"""The queue against a deque."""

import collections

import numpy as np
import pytest

from samn_jax.memory.designs.fifo import Fifo
from samn_jax.memory.entry import Reason
from tests.memory import frames, plain


def run(design, facts):
    entries = [frames.numbered(i, **fact) for i, fact in enumerate(facts, 1)]
    return frames.track(design, entries)


@pytest.mark.parametrize("capacity", [3, 6])
def test_holds_the_first_and_the_newest_frames_with_a_target_due_or_not(capacity):
    rng = np.random.default_rng(capacity)
    facts = [{"found": rng.random() < 0.7, "due": False} for _ in range(20)]
    _, _, _, slots = run(Fifo(capacity), facts)
    newest, wanted = collections.deque(maxlen=capacity - 1), []
    for number, fact in enumerate(facts, 1):
        if fact["found"]:
            newest.append(number)
        wanted.append([0, *newest])
    assert frames.held(slots) == wanted


@pytest.mark.parametrize("filter_samples", [True, False])
def test_uncertain_frames_pass_through_the_last_slot_only(filter_samples):
    rng = np.random.default_rng(1)
    facts = [{"certain": rng.random() < 0.5} for _ in range(20)]
    _, _, reports, slots = run(Fifo(5, filter_samples=filter_samples), facts)

    def keeps(number):
        return facts[number - 1]["certain"] or not filter_samples

    wanted = plain.simulate(facts, 3, keeps, lambda kept, *_: min(kept))
    assert frames.held(slots) == wanted
    for number, reason in enumerate(reports.reason, 1):
        assert reason == (Reason.KEPT if keeps(number) else Reason.UNCERTAIN)
