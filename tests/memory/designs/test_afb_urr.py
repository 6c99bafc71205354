"""Merging, use and eviction against numpy, cell by cell."""

import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.memory.designs.afb_urr import AfbUrr
from samn_jax.memory.entry import Key, Reason
from tests.memory import frames, plain

CELLS = frames.H * frames.W
START = frames.random(0, given=True)


def make(number, **facts):
    """A frame of which some cells are like ones that come in every frame."""
    rng = np.random.default_rng(number)
    common = np.random.default_rng(99).normal(size=(12, frames.CK))
    key = rng.normal(size=(CELLS, frames.CK))
    few = rng.choice(CELLS, 6, replace=False)
    scale = rng.uniform(0.5, 2.0, size=(6, 1))
    near = common[rng.choice(4, 6)] + 0.08 * rng.normal(size=(6, frames.CK))
    key[few] = scale * near
    entry = frames.random(number, **facts)
    key = jnp.asarray(key.reshape(frames.H, frames.W, -1), jnp.float32)
    return entry._replace(key=Key(key, entry.key.regression))


def nearest(cell, known):
    """The learned cell of greatest cosine, and that cosine."""
    learned = [old for old in known if not old["given"]]
    if not learned:
        return None, -1.0
    cosine = plain.cosines(cell["key"][None], plain.column(learned, "key"))[0]
    return learned[int(cosine.argmax())], cosine.max()


def merge(old, news, rate):
    """Moves a known cell to the mean of new ones; its key keeps its norm."""
    norm = np.linalg.norm(old["key"])
    for name in ("key", "value", "labels"):
        mean = np.mean([new[name] for new in news], axis=0)
        old[name] = (1 - rate) * old[name] + rate * mean
    old["key"] *= norm / np.linalg.norm(old["key"])
    old["frame"] = news[0]["frame"]


def write(known, entry, alike, rate, budget):
    """Merges and appends a frame's cells; returns how many were appended."""
    number, new = int(entry.frame_idx), plain.cells(entry)
    pairs = [nearest(cell, known) for cell in new]
    is_merged = [cosine > alike and not entry.given for _, cosine in pairs]
    targets = [old for (old, _), merged in zip(pairs, is_merged, strict=True) if merged]
    for target in {id(old): old for old in targets}.values():
        its_own = [
            cell
            for cell, (old, _), merged in zip(new, pairs, is_merged, strict=True)
            if merged and old is target
        ]
        merge(target, its_own, rate)
    fresh = [c for c, merged in zip(new, is_merged, strict=True) if not merged]
    over = max(len(known) + len(fresh) - budget, 0)
    learned = [old for old in known if not old["given"]]
    learned.sort(key=lambda old: old["used"] / max(number - old["born"], 1))
    gone = [id(old) for old in learned[:over]]
    known[:] = [old for old in known if id(old) not in gone]
    known += [cell | {"used": 0.0, "born": number} for cell in fresh]
    return len(fresh)


@pytest.mark.parametrize("capacity", [3, 8])
def test_cells_are_merged_appended_used_and_evicted_as_by_hand(capacity):
    entries = [make(i, due=i % 3 > 0, found=i % 7 > 0) for i in range(1, 25)]
    states, _, reports, _ = frames.track(AfbUrr(capacity), entries, START)
    known = [cell | {"used": 0.0, "born": 0} for cell in plain.cells(START)]
    merged = evicted = 0
    for step, entry in enumerate(entries):
        query = plain.column(plain.cells(entry), "key")
        weights = plain.attention(query, plain.column(known, "key"))
        for cell, column in zip(known, weights.T, strict=True):
            if entry.found:
                cell["used"] += np.log1p((column > 1e-3).sum())
        if entry.found and entry.due:
            before = len(known)
            appended = write(known, entry, 0.95, 0.1, capacity * CELLS)
            merged += CELLS - appended
            evicted += before + appended - len(known)
            assert reports.reason[step] == (Reason.KEPT if appended else Reason.MERGED)
        one = frames.at(states, step)
        plain.assert_same_cells(one.cells, known, used=one.used, born=one.born)
    assert merged > 20 and (evicted > 20 if capacity == 3 else evicted == 0)


def test_a_frame_seen_again_is_merged_whole_and_takes_no_place():
    one = frames.random(1)
    again = [one._replace(frame_idx=jnp.int32(i)) for i in range(1, 6)]
    _, _, reports, slots = frames.track(AfbUrr(4), again, START)
    assert reports.reason.tolist() == [Reason.KEPT] + [Reason.MERGED] * 4
    assert slots.valid.sum(axis=1).tolist() == [2 * CELLS] * 5
    assert set(slots.frame_idx[-1][slots.valid[-1]].tolist()) == {0, 5}


def test_copies_of_the_first_frame_are_appended_only_once():
    again = [START._replace(frame_idx=jnp.int32(i), given=jnp.bool_(False))
             for i in range(1, 6)]  # fmt: skip
    _, _, reports, slots = frames.track(AfbUrr(8), again, START)
    assert slots.valid.sum(axis=1).tolist() == [2 * CELLS] * 5
    assert reports.reason[1:].tolist() == [Reason.MERGED] * 4


def test_persons_masks_stay_as_they_are_and_full_of_them_nothing_is_kept():
    entries = [make(i, given=i < 3) for i in range(1, 8)]
    states, _, reports, slots = frames.track(AfbUrr(3), entries, START)
    assert set(slots.frame_idx[-1].tolist()) == {0, 1, 2}
    for name in ("key", "value"):
        last = getattr(states.cells, name).attention[-1]
        np.testing.assert_array_equal(last, getattr(states.cells, name).attention[1])
    assert reports.slot[2:].tolist() == [-1] * 5
    assert Reason.MERGED not in reports.reason.tolist()


def test_it_needs_room_for_three_frames():
    with pytest.raises(InputError, match="memory.capacity is 2: AFB-URR needs 3"):
        AfbUrr(2)
