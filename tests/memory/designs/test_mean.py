"""The moving mean against numpy, and corrections that stay out of it."""

import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.memory.designs.mean import Mean
from samn_jax.memory.entry import Reason
from tests.memory import frames


def parts(entry):
    """Key and value of an entry, each in its two parts."""
    return [np.asarray(x, np.float64) for x in (*entry.key, *entry.value)]


@pytest.mark.parametrize("rate", [0.2, 1.0])
def test_slot_1_is_the_moving_mean_of_all_frames_with_a_target(rate):
    rng = np.random.default_rng(0)
    facts = [
        {"found": rng.random() < 0.8, "given": i in (6, 9), "due": i % 2}
        for i in range(1, 13)
    ]
    entries = [frames.random(i, **fact) for i, fact in enumerate(facts, 1)]
    states, _, reports, slots = frames.track(Mean(rate), entries)
    mean, newest = None, -1
    for step, (entry, fact) in enumerate(zip(entries, facts, strict=True)):
        reason = Reason.MERGED if fact["found"] else Reason.NOT_FOUND
        reason = Reason.KEPT if fact["given"] else reason
        assert reports.reason[step] == reason
        if fact["found"] and not fact["given"]:
            new = parts(entry)
            pairs = zip(mean or new, new, strict=True)
            mean = [(1 - rate) * old + rate * x for old, x in pairs]
            newest = step + 1
        stored = (*states.key, *states.value)
        assert slots.valid[step][1] == (mean is not None)
        assert slots.frame_idx[step][1] == newest
        for found, wanted in zip(stored, mean or stored[:0], strict=bool(mean)):
            np.testing.assert_allclose(found[step][1], wanted, rtol=1e-4, atol=1e-5)
    # The corrections are as they came.
    assert slots.frame_idx[-1].tolist() == [0, newest, 6, 9]
    for slot, number in ((2, 6), (3, 9)):
        for found, wanted in zip(stored, parts(entries[number - 1]), strict=True):
            np.testing.assert_allclose(found[-1][slot], wanted, rtol=1e-6)


def test_the_oldest_correction_gives_way_to_a_newer_one():
    entries = [frames.numbered(i, given=i != 3) for i in range(1, 5)]
    _, _, reports, slots = frames.track(Mean(corrections=2), entries)
    assert slots.frame_idx[-1].tolist() == [0, 3, 4, 2]
    assert reports.slot.tolist() == [2, 3, 1, 2]
    assert reports.forgotten.tolist() == [-1, -1, -1, 1]


@pytest.mark.parametrize(
    "field, value", [("rate", 0.0), ("rate", 1.1), ("corrections", 0)]
)
def test_settings_out_of_range_are_refused(field, value):
    with pytest.raises(InputError, match=f"memory.{field} is {value}: give"):
        Mean(**{field: value})
