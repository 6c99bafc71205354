"""Use, consolidation and long-term eviction against numpy, cell by cell."""

import pytest

from samn_jax.errors import InputError
from samn_jax.memory.designs.xmem import XMem
from tests.memory import frames, plain

CELLS = frames.H * frames.W
START = frames.random(0, given=True)


def unused(entry):
    """A frame's cells in the working memory."""
    more = {"use": 0.0, "life": 0.0, "works": True}
    return [cell | more for cell in plain.cells(entry)]


def worth(cell):
    return cell["use"] / max(cell["life"], 1.0)


def count_use(known, entry):
    query = plain.column(plain.cells(entry), "key")
    weights = plain.attention(query, plain.column(known, "key"))
    for cell, total in zip(known, weights.sum(axis=0), strict=True):
        cell["use"] += total
        cell["life"] += 1.0


def consolidate(known, design):
    """Makes prototypes of all working frames but the given and the newest."""
    works = sorted({cell["frame"] for cell in known if cell["works"]})
    middle = set(works[: -design.newest]) - {0}
    candidates = [c for c in known if c["works"] and c["frame"] in middle]
    best = sorted(candidates, key=worth, reverse=True)[: design.prototypes]
    weights = plain.attention(
        plain.column(best, "key"), plain.column(candidates, "key")
    )
    made = [
        cell
        | {"works": False}
        | {name: row @ plain.column(candidates, name) for name in ("value", "labels")}
        for cell, row in zip(best, weights, strict=True)
    ]
    long_term = sorted((c for c in known if not c["works"]), key=worth)
    over = max(len(long_term) + len(made) - design.long_term, 0)
    gone = {id(cell) for cell in candidates + long_term[:over]}
    known[:] = [cell for cell in known if id(cell) not in gone] + made
    return middle, over


@pytest.mark.parametrize("newest", [1, 2])
def test_frames_are_consolidated_and_prototypes_evicted_as_by_hand(newest):
    design = XMem(capacity=5, newest=newest, prototypes=4, long_term=10)
    entries = [frames.random(i, due=i % 4 > 0, found=i % 7 > 0) for i in range(1, 33)]
    states, _, reports, _ = frames.track(design, entries, START)
    known, sizes, evicted = unused(START), [], 0
    for step, entry in enumerate(entries):
        before = {cell["frame"] for cell in known}
        if entry.found:
            count_use(known, entry)
        if entry.found and entry.due:
            known += unused(entry)
            if len({cell["frame"] for cell in known if cell["works"]}) == 5:
                middle, over = consolidate(known, design)
                sizes.append(len(middle))
                evicted += over
        one = frames.at(states, step)
        plain.assert_same_cells(one.cells, known, use=one.use, life=one.life)
        gone = before - {cell["frame"] for cell in known}
        assert reports.forgotten[step] == min(gone, default=-1)
    # All but the first and the newest, each time; some prototypes had to go.
    assert len(sizes) >= 5 and set(sizes) == {4 - newest} and evicted >= 8


def test_corrections_stay_in_the_working_memory():
    design = XMem(capacity=4, newest=1, prototypes=2, long_term=4)
    entries = [frames.random(i, given=i == 2) for i in range(1, 12)]
    states, _, _, slots = frames.track(design, entries, START)
    for step in range(2, 11):
        for number in (0, 2):
            held = (slots.frame_idx[step] == number) & slots.valid[step]
            assert held[: 4 * CELLS].sum() == CELLS
    one = frames.at(states, -1)
    assert one.cells.valid[4 * CELLS :].all()


@pytest.mark.parametrize(
    "field, value", [("newest", 0), ("newest", 9), ("prototypes", 0), ("long_term", 9)]
)
def test_settings_out_of_range_are_refused(field, value):
    with pytest.raises(InputError, match="memory.(newest|prototypes) is"):
        XMem(**{field: value})
