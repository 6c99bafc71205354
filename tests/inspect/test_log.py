import numpy as np
import pytest

from samn_jax.inspect import record
from samn_jax.inspect.log import Log, Shown
from samn_jax.inspect.tracing import tracing
from samn_jax.memory.entry import Reason
from samn_jax.tracking import trace
from tests.inspect import clips
from tests.inspect.clips import COUNT, FRAMES, MASKS
from tests.tracking import color_net


def rows_of(one, row):
    start = one.held_end[row - 1] if row else 0
    return range(start, one.held_end[row])


def test_each_frame_is_told():
    (named,) = clips.content().objects
    one = named.trace
    assert named.name == "object 1" and one.frame.tolist() == list(range(COUNT))
    assert one.given.tolist() == [True] + [False] * (COUNT - 1)
    assert not one.found[8:10].any() and one.found[:8].all()
    assert (one.region[1:8] > 0.7).all() and (one.region[8:10] == 1).all()
    assert one.reason[8] == Reason.NOT_FOUND
    small = clips.content().small_hw
    masks = record.unpack_mask(one.mask, small)
    for index in range(8):
        assert color_net.overlap(masks[index], MASKS[index]) > 0.7
    truths = record.unpack_mask(one.truth, small)
    np.testing.assert_array_equal(truths, MASKS, err_msg="as large as the frames")


def test_what_is_held_is_what_the_state_holds():
    one = clips.content().objects[0].trace
    tracker = clips.tracker(**{"memory.design": "ring", "memory.memorize_every": 3})
    state, _ = tracker.init(FRAMES[0], mask=MASKS[0])
    for index in range(1, COUNT):
        slots = tracker.spec.memory.slots(state.memory)
        wanted = [
            (place, int(slots.frame_idx[place]), bool(slots.given[place]))
            for place in np.flatnonzero(slots.valid)
        ]
        rows = rows_of(one, index)
        names = "held_slot", "held_frame", "held_given"
        told = zip(*(getattr(one, name)[rows].tolist() for name in names), strict=True)
        assert list(told) == wanted
        np.testing.assert_allclose(one.held_mass[rows].sum(), 1.0, rtol=1e-3)
        state, _, told = trace.step_in_place(tracker, state, FRAMES[index])
        masses = np.asarray(told.target_mass)[[place for place, *_ in wanted]]
        np.testing.assert_allclose(one.held_target[rows], masses, rtol=1e-4, atol=1e-6)


def test_pictures_are_kept_once_and_small():
    content = clips.content()
    assert sorted(content.pictures) == list(range(COUNT))
    picture = clips.decoded(content.pictures[3])
    assert picture.shape == (*content.small_hw, 3)
    assert np.abs(picture.astype(int) - FRAMES[3]).mean() < 12


def test_cells_of_a_frame_go_together():
    one = clips.content(design="swiftnet").objects[0].trace
    rows = rows_of(one, 5)
    frames = one.held_frame[rows].tolist()
    assert len(frames) == len(set(frames)), "a row for each frame"
    assert one.held_rows[rows].max() > 1
    np.testing.assert_allclose(one.held_mass[rows].sum(), 1.0, rtol=1e-3)


def test_a_correction_is_a_given_frame():
    one = clips.content(correct=6).objects[0].trace
    assert one.frame.tolist() == list(range(COUNT)), "in place of what was tracked"
    assert one.given[6] and one.given.sum() == 2
    held = {(int(one.held_frame[i]), bool(one.held_given[i])) for i in rows_of(one, 9)}
    assert (6, True) in held


def test_several_objects_have_names_and_rows_of_their_own():
    log = Log("clip", names={3: "red", 7: "late"})
    traced = tracing(clips.tracker(), log)
    state = None
    for index in range(4):
        log.see(index, FRAMES[index])
        if state is not None:
            state, _ = traced.step_in_place(state, FRAMES[index])
        for number, start in ((3, 0), (7, 2)):
            if index == start:
                one, _ = traced.init(FRAMES[index], mask=MASKS[index])
                state = traced.add_state(state, one, number)
    red, late = log.content().objects
    assert (red.name, late.name) == ("red", "late")
    assert red.trace.frame.tolist() == [0, 1, 2, 3]
    assert late.trace.frame.tolist() == [2, 3]
    assert late.trace.held_frame[rows_of(late.trace, 1)].tolist() == [2]


def test_frames_before_a_log_are_reckoned_and_said_to_be_missing():
    tracker = clips.tracker()
    state, _ = tracker.init(FRAMES[0], mask=MASKS[0])
    for index in range(1, 6):
        state, _ = tracker.step_in_place(state, FRAMES[index])
    log = Log("clip", step=1)
    traced = tracing(tracker, log)
    log.see(6, FRAMES[6])
    traced.step_in_place(state, FRAMES[6])
    assert log.missing() == [0, 5], "first and last frame of the ring"
    log.add_picture(0, FRAMES[0])
    assert log.missing() == [5]


def test_backward_frames_count_down():
    log = Log("clip", step=-1)
    traced = tracing(clips.tracker(), log)
    log.see(5, FRAMES[5])
    state, _ = traced.init(FRAMES[5], mask=MASKS[5])
    for index in (4, 3):
        log.see(index, FRAMES[index])
        state, _ = traced.step_in_place(state, FRAMES[index])
    one = log.content().objects[0].trace
    assert one.frame.tolist() == [5, 4, 3]
    assert one.held_frame[rows_of(one, 2)].tolist() == [5, 4]


def test_a_second_start_is_a_run_of_its_own():
    log = Log("clip")
    traced = tracing(clips.tracker(), log)
    for index in (0, 4):
        log.see(index, FRAMES[index])
        traced.init(FRAMES[index], mask=MASKS[index])
    names = [one.name for one in log.content().objects]
    assert names == ["object 1", "object 1, start 2"]


def test_a_frame_that_was_not_seen_is_a_fault_of_the_caller():
    log = Log("clip")
    with pytest.raises(LookupError):
        log.frame_of(FRAMES[0])
    shown = Shown(FRAMES[0], MASKS[0])
    slots = clips.tracker().spec.memory.slots
    log.see(0, FRAMES[0])
    state, _ = clips.tracker().init(FRAMES[0], mask=MASKS[0])
    log.begin(shown, 0, slots(state.memory))
    assert log.content().objects[0].trace.slot.tolist() == [0]


def test_it_tracks_as_without_a_log():
    fields = {"memory.design": "ring", "memory.memorize_every": 3}
    state, _ = clips.tracker(**fields).init(FRAMES[0], mask=MASKS[0])
    masks = record.unpack_mask(clips.content().objects[0].trace.mask, (96, 120))
    for index in range(1, COUNT):
        state, answer = clips.tracker(**fields).step(state, FRAMES[index])
        np.testing.assert_array_equal(answer.mask > 0.5, masks[index])
