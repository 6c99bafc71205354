"""Poor frames, and eviction by quality and age, against brute force."""

import math

import numpy as np
import pytest

from samn_jax.memory.designs.qdmn import Qdmn
from samn_jax.memory.entry import Reason
from tests.memory import frames, plain


@pytest.mark.parametrize("first", [1.0, 0.7])
def test_good_frames_are_kept_and_the_poorest_and_oldest_goes(first):
    rng = np.random.default_rng(0)
    quality = [first, *rng.uniform(0.5, 1.0, size=40)]
    facts = [{"confidence": q, "due": i % 5 > 0} for i, q in enumerate(quality[1:], 1)]
    # A person's mask is perfect; a first frame that is none has its own confidence.
    start = frames.numbered(0, given=first == 1.0, confidence=min(first, 0.9))
    entries = [frames.numbered(i, **fact) for i, fact in enumerate(facts, 1)]
    _, _, reports, slots = frames.track(Qdmn(6), entries, start)

    def good(number):
        return quality[number] > 0.8 * first

    def keeps(number):
        return facts[number - 1]["due"] and good(number)

    def loses(kept, last, _):
        every = [0, *kept, last]
        worth = {
            k: quality[k] + math.exp(-sum(other > k for other in every)) for k in kept
        }
        return min(kept, key=worth.get)

    assert frames.held(slots) == plain.simulate(facts, 4, keeps, loses)
    for number, reason in enumerate(reports.reason, 1):
        wanted = Reason.KEPT if good(number) else Reason.POOR
        assert reason == (wanted if facts[number - 1]["due"] else Reason.NOT_DUE)
    assert 5 < sum(map(keeps, range(1, 41))) < 32


def test_a_persons_mask_is_perfect_whatever_its_confidence():
    entry = frames.numbered(1, given=True, confidence=0.1)
    states, _, reports, _ = frames.track(Qdmn(4), [entry, frames.numbered(2)])
    assert reports.reason[0] == Reason.KEPT
    assert states.bank.frame_idx[-1].tolist() == [0, 2, 1, -1]
    assert states.facts[-1][2] == 1.0
