"""What an entry says of the other objects of its frame, beside numpy's account."""

import collections
import dataclasses
import functools
import re
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.memory import registry
from samn_jax.memory.design import Wrapper
from samn_jax.models import aggregation
from samn_jax.tracking import (
    Tracker,
    TrackerSpec,
    init_tracker,
    joining,
    multi_object,
    slot_loops,
)
from tests.tracking import color_net

SIZE, SIDE, CELLS = (96, 120), 16, 4
COLORS = {1: color_net.RED, 2: (30, 30, 220), 3: (30, 220, 30)}
# 1 and 2 are side by side; the crop of 2 sees half of 3 and that of 1 nothing of it.
CORNERS = {1: (10, 30), 2: (28, 34), 3: (60, 40)}
COUNT = 5


class Noted(NamedTuple):
    """A memory, and what the last entry said."""

    inner: Any
    others: jax.Array
    corner_xy: jax.Array  # of the entry's crop, whose side is in `side`
    side: jax.Array
    frame_idx: jax.Array


@dataclasses.dataclass(frozen=True)
class Noting(Wrapper):
    """A design that remembers what the last entry said of others."""

    def init(self, entry, reader):
        return self._note(self.inner.init(entry, reader), entry)

    def read(self, state, query, reader):
        return self.inner.read(state.inner, query, reader)

    def write(self, state, entry, read, reader):
        inner, report = self.inner.write(state.inner, entry, read, reader)
        return self._note(inner, entry), report

    def slots(self, state):
        return self.inner.slots(state.inner)

    def _note(self, inner, entry):
        corner_xy = entry.crop.center_xy - entry.crop.side / 2
        return Noted(inner, entry.others, corner_xy, entry.crop.side, entry.frame_idx)


def make_spec(**fields):
    # Crops of 64 pixels, pixel by pixel, that keep their size.
    fields = {"use_spatial": False, "scale_step_from_mask": 0.0, **fields}
    plain = color_net.make_spec(**fields)
    inner = registry.build(plain.config.memory)
    return TrackerSpec.of(plain.network, plain.config, Noting(inner))


def draw(index):
    """A frame and the masks of its objects, which move on a little."""
    frame, masks = np.full((*SIZE, 3), color_net.GRAY, np.uint8), {}
    for i, (x, y) in CORNERS.items():
        mask = np.zeros(SIZE, bool)
        mask[y - index : y - index + SIDE, x + index : x + index + SIDE] = True
        frame[mask], masks[i] = COLORS[i], mask
    return frame, masks


def oracle(answer, slot, note):
    """Shares of the other objects' masks in each cell of a crop, from the frame's."""
    masks, ids = np.asarray(answer.objects.mask), np.asarray(answer.object_ids)
    theirs = sum(masks[k] for k in range(len(ids)) if k != slot and ids[k])
    padded = np.pad(theirs, 64)  # There is nobody outside the frame.
    x, y = (int(v) + 64 for v in np.asarray(note.corner_xy))
    shares = np.zeros((CELLS, CELLS))
    for row in range(CELLS):
        for column in range(CELLS):
            top, left = y + 16 * row, x + 16 * column
            shares[row, column] = padded[top : top + 16, left : left + 16].mean()
    return shares


def noted(state, slot):
    return jax.tree.map(lambda x: np.asarray(x)[slot], state.objects.memory)


def assert_told(state, answer, slot):
    note = noted(state, slot)
    assert note.side == 64
    np.testing.assert_allclose(note.others, oracle(answer, slot, note), atol=1e-4)
    return note.others.sum()


@pytest.fixture(scope="module", params=aggregation.AGGREGATIONS)
def tracker(request):
    return Tracker(make_spec(aggregation=request.param), {}, object_slots=3)


@pytest.fixture(scope="module")
def two(tracker):
    """Objects 1 and 2 after their first frame."""
    frame, masks = draw(0)
    state = tracker.add_object(None, frame, masks[1])
    return tracker.add_object(state, frame, masks[2])


def test_nothing_is_known_of_others_in_a_first_frame(two):
    assert not noted(two, 0).others.any() and not noted(two, 1).others.any()


def test_later_frames_tell_the_share_of_the_others_in_each_cell(tracker, two):
    state = two
    for index in range(1, COUNT):
        state, answer = tracker.step(state, draw(index)[0])
        for slot in (0, 1):
            # All of the other object, 256 pixels, is in the crop: one cell's worth.
            assert assert_told(state, answer, slot) == pytest.approx(1.0, abs=0.1)
            assert noted(state, slot).frame_idx == index


def test_an_object_that_begins_midway_is_told_of_from_the_next_frame_on(tracker, two):
    frame, masks = draw(1)
    state, _ = tracker.step(two, frame)
    before = [noted(state, slot).others for slot in (0, 1)]
    state = tracker.add_object(state, frame, masks[3])
    assert not noted(state, 2).others.any()
    for slot in (0, 1):
        np.testing.assert_array_equal(noted(state, slot).others, before[slot])
    state, answer = tracker.step(state, draw(2)[0])
    sums = [assert_told(state, answer, slot) for slot in range(3)]
    assert sums == pytest.approx([1.0, 1.5, 0.5], abs=0.1)
    state = tracker.remove_object(state, 2)
    state, answer = tracker.step(state, draw(3)[0])
    sums = [assert_told(state, answer, slot) for slot in (0, 2)]
    assert sums == pytest.approx([0.0, 0.0], abs=0.01)


def test_a_correction_tells_nothing_of_others_and_leaves_theirs(tracker, two):
    state, _ = tracker.step(two, draw(1)[0])
    frame, masks = draw(1)
    corrected, _ = tracker.correct(state, frame, masks[1], object_id=1)
    assert not noted(corrected, 0).others.any()
    np.testing.assert_array_equal(noted(corrected, 1).others, noted(state, 1).others)
    after, answer = tracker.step(corrected, draw(2)[0])
    for slot in (0, 1):
        assert assert_told(after, answer, slot) > 0.9


def test_an_object_alone_is_beside_nobody(tracker):
    frame, masks = draw(0)
    state, _ = tracker.init(frame, mask=masks[1])
    state, _ = tracker.step(state, draw(1)[0])
    assert not np.asarray(state.memory.others).any()
    assert int(state.memory.frame_idx) == 1
    state = tracker.add_state(None, state)
    state, _ = tracker.step(state, draw(2)[0])
    assert not noted(state, 0).others.any() and noted(state, 0).frame_idx == 2


def costs(spec, slots):
    """FLOPs, bytes and instructions of the compiled step of several objects."""
    frame, masks = draw(0)
    given = frame, jnp.array(SIZE, jnp.int32), masks[1].astype(np.float32)
    start = functools.partial(init_tracker, spec, {}, from_mask=True)
    one = jax.eval_shape(start, *given)[0]
    state = jax.eval_shape(lambda x: multi_object.empty_slots(x, slots), one)
    step = functools.partial(multi_object.step_objects, spec, {})
    quick = {"xla_backend_optimization_level": 0}
    made = jax.jit(step).lower(state, frame).compile(compiler_options=quick)
    found = made.cost_analysis()
    names = re.findall(r" = \S+ ([a-z-]+)\(", made.as_text())
    return found["flops"], found["bytes accessed"], collections.Counter(names)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("slots", "at_once"),
    [(1, False), (2, True), pytest.param(2, False, marks=pytest.mark.full_size)],
)
def test_a_design_that_does_not_ask_for_others_pays_nothing(
    monkeypatch, slots, at_once
):
    if at_once:  # As on an accelerator, slots are a batch.
        batch = lambda *args, group: slot_loops._at_once(*args)  # noqa: E731
        monkeypatch.setattr(slot_loops, "_in_turn", batch)
    noting = make_spec()
    ring = TrackerSpec.of(noting.network, noting.config)
    told = costs(ring, slots)
    if slots > 1:  # One that asks does pay, a mean over each crop at least.
        assert costs(noting, slots)[0] - told[0] > color_net.CONFIG.crop_size**2
    nobody = lambda _, rows: jnp.zeros((rows, rows))  # noqa: E731
    monkeypatch.setattr(joining, "cell_shares", nobody)
    assert told == costs(ring, slots)
