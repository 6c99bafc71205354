"""Anchors condition by condition, and their slots against a plain simulation."""

import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.memory.designs.dam4sam import Dam4Sam
from samn_jax.memory.entry import Reason
from tests.memory import frames

START = frames.numbered(0, given=True, area=100.0)
LIKELY = {"distractor": True, "confidence": 0.81, "area": 100.0, "due": False}
PLAIN = {"area": 100.0, "due": False}


def run(design, facts):
    entries = [frames.numbered(i, **fact) for i, fact in enumerate(facts, 1)]
    return frames.track(design, entries, START)


CASES = {
    "all hold": ({}, {}, True),
    "not confident": ({"confidence": 0.79}, {}, False),
    "too large": ({"area": 121.0}, {}, False),
    "large": ({"area": 119.0}, {}, True),
    "too small": ({"area": 79.0}, {}, False),
    "small": ({"area": 81.0}, {}, True),
    "no distractor": ({"distractor": False}, {}, False),
    "lost": ({"found": False}, {}, False),
    "uncertain, but an anchor": ({"certain": False}, {}, True),
    "five frames after the last": ({}, {7: LIKELY}, False),
    "six frames after the last": ({}, {6: LIKELY}, True),
    "after one that was lost": ({}, {7: LIKELY | {"found": False}}, True),
    # Ten frames are 3 to 12, the frame itself included.
    "a minority was larger": ({}, dict.fromkeys(range(8, 12), {"area": 200.0}), True),
    "a majority was larger": ({}, dict.fromkeys(range(6, 12), {"area": 200.0}), False),
    "as the majority": (
        {"area": 200.0},
        dict.fromkeys(range(6, 12), {"area": 200.0}),
        True,
    ),
    "ten frames ago it was larger": (
        {},
        {1: {"area": 200.0}, 2: {"area": 200.0}},
        True,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_an_anchor_meets_all_conditions(name):
    its_own, before, wanted = CASES[name]
    facts = [PLAIN | before.get(number, {}) for number in range(1, 12)]
    facts.append(LIKELY | its_own)
    states, _, reports, _ = run(Dam4Sam(8), facts)
    assert (reports.reason[-1] == Reason.KEPT) == wanted
    assert (states.notes.last_anchor[-1] == 12) == wanted
    if wanted:
        assert states.facts[-1][1], "the last frame's slot knows that it is an anchor"


def kept_slots(frame, anchors, kind):
    """Slots for a kind of frame, empty and oldest first."""
    slots = range(2, anchors + 1) if kind else range(anchors + 1, len(frame))
    return sorted(slots, key=lambda slot: frame[slot])


def expected(facts, capacity, anchors):
    """The slots' frames after each frame, and which frames are anchors."""
    frame, areas, last_anchor = [0] + [-1] * (capacity - 1), [100.0], 0
    is_anchor, keep_last, results = {0: True}, False, []
    for number, fact in enumerate(facts, 1):
        if fact["found"]:
            areas.append(fact["area"])
            ratio = fact["area"] / np.median(areas[-10:])
            is_anchor[number] = (
                fact["distractor"]
                and fact["confidence"] > 0.8
                and 0.8 <= ratio <= 1.2
                and number - last_anchor > 5
            )
            last_anchor = number if is_anchor[number] else last_anchor
            if keep_last:
                slot = kept_slots(frame, anchors, is_anchor[frame[1]])[0]
                frame[slot] = frame[1]
            frame[1] = number
            keep_last = is_anchor[number] or (fact["due"] and fact["certain"])
        results.append(list(frame))
    return results, is_anchor


@pytest.mark.parametrize("anchors", [2, 4])
def test_anchors_and_recent_frames_keep_to_their_slots(anchors):
    rng = np.random.default_rng(anchors)
    facts = [
        {
            "found": rng.random() < 0.9,
            "distractor": rng.random() < 0.6,
            "confidence": np.float32(rng.uniform(0.7, 1.0)),
            "certain": rng.random() < 0.8,
            "area": np.float32(rng.uniform(70, 130) + number),
            "due": number % 2 == 0,
        }
        for number in range(1, 81)
    ]
    wanted, is_anchor = expected(facts, 8, anchors)
    assert 5 < sum(is_anchor.values()) < 14
    states, _, _, slots = run(Dam4Sam(8, anchors=anchors), facts)
    assert slots.frame_idx.tolist() == wanted
    for held, flags in zip(wanted, states.facts, strict=True):
        found = {h: bool(f) for h, f in zip(held, flags, strict=True) if h >= 0}
        assert found == {h: is_anchor[h] for h in found}


def test_a_correction_is_an_anchor():
    facts = [PLAIN, PLAIN | {"given": True}, PLAIN, PLAIN]
    states, _, _, slots = run(Dam4Sam(6, anchors=3), facts)
    assert slots.frame_idx[-1].tolist() == [0, 4, 2, -1, -1, -1]
    assert states.notes.last_anchor[-1] == 2


@pytest.mark.parametrize("anchors", [1, 5])
def test_anchors_leave_room_for_recent_frames(anchors):
    with pytest.raises(InputError, match=f"memory.anchors is {anchors}: give 2 to 4"):
        Dam4Sam(6, anchors=anchors)
