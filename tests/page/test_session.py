import cv2
import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.media import source
from samn_jax.page import session as session_lib
from samn_jax.page.session import Session
from samn_jax.track import run
from samn_jax.track.prompts import Prompt
from tests.tracking import color_net

COUNT = 20
FRAMES, MASKS = color_net.make_clip([(20 + 3 * i, 20 + 2 * i) for i in range(COUNT)])


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clip")
    for index, frame in enumerate(FRAMES):
        cv2.imwrite(str(folder / f"{index:03d}.png"), frame[..., ::-1])
    return source.open_source(str(folder))


@pytest.fixture
def session(tracker, frames, monkeypatch):
    monkeypatch.setattr(session_lib, "KEEP_EVERY", 4)
    return Session(tracker, frames)


def track(session, *span):
    return [r for r in session.track(*span) if r is not None]


def reference(tracker, frames, prompts, span):
    """Results of `run.track` by frame."""
    return {r.frame.index: r for r in run.track(tracker, frames, prompts, span)}


def assert_equal(session, expected, indices):
    for index in indices:
        found = session.result(index)
        np.testing.assert_array_equal(found.ids, expected[index].ids)
        for one, other in zip(found.objects, expected[index].objects, strict=True):
            assert one.confidence == other.confidence
            np.testing.assert_array_equal(one.alpha, other.alpha)


def api_prompts(*marks):
    return [Prompt(i, f"object {i}", at, mask=mask) for i, at, mask in marks]


def test_a_session_tells_what_the_api_does(session, tracker, frames):
    number = session.add_object("red")
    session.mark(number, 0, mask=MASKS[0])
    told = track(session, 0, COUNT - 1)
    assert [r.frame.index for r in told] == list(range(COUNT))
    state = tracker.add_object(None, FRAMES[0], MASKS[0], 1)
    for index in range(1, COUNT):
        state, answer = tracker.step(state, FRAMES[index])
        np.testing.assert_array_equal(session.result(index).ids, answer.ids)
    assert session.worth_checking() == []


def test_a_stretch_goes_on_from_a_kept_state(session):
    session.mark(session.add_object(), 0, mask=MASKS[0])
    track(session, 0, 9)
    whole = list(session.track(10, 15))
    # States were kept after frames 0, 4 and 8: one frame is on the way.
    assert whole.count(None) == 1 and len(whole) == 7
    fresh = Session(session.tracker, session.source)
    fresh.mark(fresh.add_object(), 0, mask=MASKS[0])
    track(fresh, 0, 15)
    assert_equal(session, {i: fresh.result(i) for i in range(16)}, range(16))


def test_backward_and_both_ways(session, tracker, frames):
    session.mark(session.add_object(), 12, mask=MASKS[12])
    assert [r.frame.index for r in track(session, 12, 3)] == list(range(12, 2, -1))
    track(session, 12, 15)
    prompts = api_prompts((1, 12, MASKS[12]))
    span = run.Span(12, backward=True)
    assert_equal(session, reference(tracker, frames, prompts, span), range(3, 16))


def darkened(folder):
    """The clip in which the square turns dark in frame 5, and is lost; its source."""
    dark = np.uint8((145, 30, 30))
    for index, (frame, mask) in enumerate(zip(FRAMES, MASKS, strict=True)):
        if index >= 5:
            frame = np.where(mask[..., None], dark, frame)
        cv2.imwrite(str(folder / f"{index:03d}.png"), frame[..., ::-1])
    return source.open_source(str(folder))


def test_a_correction_changes_what_follows_and_nothing_before(
    tracker, tmp_path, monkeypatch
):
    monkeypatch.setattr(session_lib, "KEEP_EVERY", 4)
    session = Session(tracker, darkened(tmp_path))
    session.mark(session.add_object(), 0, mask=MASKS[0])
    track(session, 0, COUNT - 1)
    before = [session.result(i).ids for i in range(8)]
    rest = range(9, COUNT)
    lost = [color_net.overlap(session.result(i).ids, MASKS[i]) for i in rest]
    session.mark(1, 8, mask=MASKS[8])
    assert session.work.stale == set(rest)
    np.testing.assert_array_equal(session.result(8).ids > 0, MASKS[8])
    told = [r for r in session.track_stale(8) if r is not None]
    assert [r.frame.index for r in told] == list(range(8, COUNT))
    assert not session.work.stale
    for index in range(8):
        np.testing.assert_array_equal(session.result(index).ids, before[index])
    np.testing.assert_array_equal(session.result(8).ids > 0, MASKS[8])
    fixed = [color_net.overlap(session.result(i).ids, MASKS[i]) for i in rest]
    assert min(fixed) > 0.8 and max(lost) < 0.2
    # The first mark is remembered beside the correction.
    state = session.work.kept[1, max(at for _, at in session.work.kept)].state
    slots = tracker.spec.memory.slots(state.objects.memory)
    given = np.asarray(slots.frame_idx)[np.asarray(slots.given & slots.valid)]
    assert sorted(given.tolist()) == [0, 8]


def test_a_correction_equals_the_same_prompts_from_the_start(session, tracker, frames):
    marks = api_prompts((1, 0, MASKS[0]), (1, 8, MASKS[8] & (np.arange(120) > 50)))
    session.mark(session.add_object(), 0, mask=marks[0].mask)
    track(session, 0, 15)
    session.mark(1, 8, mask=marks[1].mask)
    list(session.track_stale(8))
    expected = reference(tracker, frames, marks, run.Span(frames=16))
    # Alone and in a slot, an object is tracked alike.
    for index in range(16):
        found = session.result(index).ids
        assert (found != expected[index].ids).mean() < 1e-3


def test_objects_join_and_leave_midway(session):
    other = np.zeros_like(MASKS[0])
    other[2:14, 100:114] = True
    session.mark(session.add_object("red"), 0, mask=MASKS[0])
    track(session, 0, 15)
    late = session.add_object("late")
    session.mark(late, 6, mask=other)
    assert session.work.stale == set(range(7, 16))
    track(session, 6, 15)
    assert [one.name for one in session.result(10).objects] == ["red", "late"]
    assert [one.name for one in session.result(3).objects] == ["red"]
    session.remove_object(1)
    assert 3 not in session.work.results
    assert [one.name for one in session.result(10).objects] == ["late"]
    assert not (session.result(10).ids == 1).any()


def test_a_box_is_a_mark(session):
    result = session.mark(session.add_object(), 0, box_xywh=(20.0, 20.0, 20.0, 20.0))
    assert color_net.overlap(result.ids > 0, MASKS[0]) > 0.8


def test_undo_goes_back_one_action_at_a_time(session):
    number = session.add_object()
    session.mark(number, 0, mask=MASKS[0])
    track(session, 0, 5)
    session.mark(number, 3, mask=MASKS[2])
    assert session.undo() and not session.work.stale and len(session.work.results) == 6
    assert session.undo() and list(session.work.results) == [0]
    assert session.undo() and not session.work.prompts
    assert session.undo() and not session.work.names
    assert not session.undo()


def test_what_was_tracked_before_a_stop_or_an_error_is_kept(session):
    session.mark(session.add_object(), 0, mask=MASKS[0])
    told = []
    for result in session.track(0, 19, lambda: len(told) == 5):
        told.append(result)
    assert len(session.work.results) == 5
    with pytest.raises(InputError, match="frame 2 or after it: mark"):
        list(session.track(2, 0))


def test_few_states_are_kept(session, monkeypatch):
    monkeypatch.setattr(session_lib, "MAX_KEPT", 3)
    session.mark(session.add_object(), 0, mask=MASKS[0])
    track(session, 0, 19)
    assert len(session.work.kept) <= 4
    assert all(isinstance(x.state.object_ids, np.ndarray)
               for x in session.work.kept.values())  # fmt: skip


def test_unmarking_forgets_the_correction(session):
    session.mark(session.add_object(), 0, mask=MASKS[0])
    track(session, 0, 10)
    plain = [session.result(i).ids for i in range(11)]
    session.mark(1, 5, mask=MASKS[2])
    list(session.track_stale(5))
    session.unmark(1, 5)
    assert session.work.stale == set(range(5, 11))
    track(session, 5, 10)
    for index in range(11):
        np.testing.assert_array_equal(session.result(index).ids, plain[index])


def test_marks_that_do_not_fit(session):
    number = session.add_object("red")
    with pytest.raises(InputError, match="object called red"):
        session.add_object("red")
    with pytest.raises(InputError, match="is a path"):
        session.add_object("a/b")
    with pytest.raises(InputError, match="no object 7"):
        session.mark(7, 0, mask=MASKS[0])
    with pytest.raises(InputError, match="no frame 99"):
        session.mark(number, 99, mask=MASKS[0])
    with pytest.raises(InputError, match="5 x 5, the frame 120 x 96"):
        session.mark(number, 0, mask=np.ones((5, 5), bool))
    with pytest.raises(InputError, match="mark one there"):
        list(session.track(0, 5))


def test_curves_and_frames_worth_checking(session):
    session.mark(session.add_object(), 0, mask=MASKS[0])
    track(session, 0, 12)
    curve = session.curve(1)
    assert [index for index, *_ in curve] == list(range(13))
    assert all(0 < confidence <= 1 for _, confidence, _ in curve)
