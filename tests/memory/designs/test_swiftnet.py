"""Which cells are remembered, and which go, against numpy."""

import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.memory.designs.swiftnet import SwiftNet
from tests.memory import frames, plain

CELLS = frames.H * frames.W


def remember(known, entry, count, budget):
    """The cells known after a frame, of which `count` at most are new."""
    new = plain.cells(entry)
    likeness = plain.cosines(plain.column(new, "key"), plain.column(known, "key"))
    order = np.argsort(likeness.max(axis=1), kind="stable")
    for cell in (new[i] for i in order[: CELLS if entry.given else count]):
        if len(known) < budget:
            known.append(cell)
            continue
        learned = [i for i, old in enumerate(known) if not old["given"]]
        if learned:
            known[min(learned, key=lambda i: known[i]["frame"])] = cell


@pytest.mark.parametrize("share, count", [(0.1, 1), (0.34, 3), (1.0, 9)])
def test_the_cells_least_like_any_known_are_remembered_and_the_oldest_go(share, count):
    entries = [
        frames.random(i, due=i % 4 > 0, found=i % 5 > 0, given=i == 7)
        for i in range(1, 26)
    ]
    start = frames.random(0, given=True)
    states, _, reports, _ = frames.track(SwiftNet(4, share=share), entries, start)
    known = plain.cells(start)
    for step, entry in enumerate(entries):
        before = {cell["frame"] for cell in known}
        if entry.given or (entry.found and entry.due):
            remember(known, entry, count, 4 * CELLS)
            assert reports.slot[step] >= 0
        one = frames.at(states, step)
        plain.assert_same_cells(one, known)
        gone = before - {cell["frame"] for cell in known}
        assert reports.forgotten[step] == min(gone, default=-1)
    assert len(known) == min(4, 2 + count) * CELLS or count < 9


def test_a_frame_full_of_persons_masks_learns_no_more():
    entries = [frames.random(i, given=True) for i in (1, 2)] + [frames.random(3)]
    _, _, reports, slots = frames.track(
        SwiftNet(3), entries, frames.random(0, given=True)
    )
    assert set(slots.frame_idx[-1].tolist()) == {0, 1, 2}
    assert reports.slot[-1] == -1


@pytest.mark.parametrize("field, value", [("share", 0.0), ("capacity", 2)])
def test_settings_out_of_range_are_refused(field, value):
    with pytest.raises(InputError, match=f"memory.{field} is {value}"):
        SwiftNet(**{field: value})
