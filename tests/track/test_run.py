import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.media import source
from samn_jax.track import results, run
from samn_jax.track.prompts import Prompt
from tests.track.conftest import COUNT, FRAMES, MASKS
from tests.tracking import color_net

SPANS = [
    (run.Span(), list(range(8))),
    (run.Span(2, 3), [2, 3, 4]),
    (run.Span(1, None, 3), [1, 4, 7]),
    (run.Span(5, backward=True, forward=False), [5, 4, 3, 2, 1, 0]),
    (run.Span(5, 2, backward=True, forward=False), [5, 4]),
    (run.Span(6, None, 2, backward=True), [6, 4, 2, 0]),
    (run.Span(4, 3, backward=True), [4, 3, 2, 5, 6]),
]


@pytest.fixture(scope="module")
def frames(clip):
    return source.open_source(str(clip))


def prompt(index, object_id=1):
    return Prompt(object_id, f"object {object_id}", index, mask=MASKS[index])


@pytest.mark.parametrize(("span", "order"), SPANS)
def test_spans_are_tracked_in_their_order(tracker, frames, span, order):
    told = list(run.track(tracker, frames, [prompt(span.start)], span))
    assert [result.frame.index for result in told] == order
    for result in told:
        assert color_net.overlap(result.ids == 1, MASKS[result.frame.index]) > 0.8
        np.testing.assert_array_equal(result.frame.image, FRAMES[result.frame.index])


@pytest.mark.parametrize(("span", "order"), SPANS)
def test_a_span_holds_the_frames_that_it_tracks(span, order):
    assert [index for index in range(COUNT) if span.holds(index)] == sorted(order)


@pytest.mark.parametrize(("span", "order"), SPANS)
def test_in_order_of_the_video_the_results_are_the_same(tracker, frames, span, order):
    counted = []
    start = [prompt(span.start)]
    told = list(
        run.track_in_order(tracker, frames, start, span, lambda: counted.append(1))
    )
    assert [r.frame.index for r in told] == sorted(order) and len(counted) == len(told)
    as_tracked = {r.frame.index: r for r in run.track(tracker, frames, start, span)}
    for result in told:
        other = as_tracked[result.frame.index]
        np.testing.assert_array_equal(result.ids, other.ids)
        assert result.objects[0].confidence == other.objects[0].confidence
        np.testing.assert_array_equal(result.objects[0].alpha, other.objects[0].alpha)


def test_one_object_is_tracked_as_the_api_does(tracker, frames):
    told = list(run.track(tracker, frames, [prompt(0)]))
    state, answer = tracker.init(FRAMES[0], mask=MASKS[0])
    for index in range(COUNT):
        if index:
            state, answer = tracker.step(state, FRAMES[index])
        np.testing.assert_array_equal(told[index].ids == 1, answer.mask > 0.5)
        one = told[index].objects[0]
        assert one.confidence == float(answer.confidence)
        np.testing.assert_array_equal(one.box_xywh, np.asarray(answer.box_xywh))


def test_an_object_joins_where_it_is_marked(tracker, frames):
    ids = np.zeros(MASKS[3].shape, bool)
    ids[70:85, 80:95] = True
    late = Prompt(5, "late", 3, mask=ids)
    told = list(run.track(tracker, frames, [prompt(0), late]))
    assert [len(result.objects) for result in told] == [1] * 3 + [2] * 5
    assert told[3].objects[1].name == "late"
    np.testing.assert_array_equal(told[3].ids == 5, ids)
    for result in told[1:]:
        assert color_net.overlap(result.ids == 1, MASKS[result.frame.index]) > 0.8


def test_a_box_is_enough(tracker, frames):
    start = Prompt(1, "red", 0, box_xywh=(30.0, 30.0, 20.0, 20.0))
    told = list(run.track(tracker, frames, [start]))
    assert color_net.overlap(told[-1].ids == 1, MASKS[-1]) > 0.8


def test_it_stops_when_asked(tracker, frames):
    told = []
    for result in run.track(
        tracker, frames, [prompt(0)], should_stop=lambda: len(told) >= 3
    ):
        told.append(result)
    assert len(told) == 3


def test_prompts_that_do_not_fit(tracker, frames):
    with pytest.raises(InputError, match="frame 1, which is left out by every 2"):
        list(run.track(tracker, frames, [prompt(1)], run.Span(every=2)))
    for span in (run.Span(3), run.Span(0, 2), run.Span(1, backward=True, frames=1)):
        with pytest.raises(InputError, match="in frame 2, which is not tracked"):
            list(run.track(tracker, frames, [prompt(span.start), prompt(2, 2)], span))
    small = Prompt(1, "red", 0, mask=np.ones((5, 5), bool))
    with pytest.raises(InputError, match="mask of red is 5 x 5, the frame 120 x 96"):
        list(run.track(tracker, frames, [small]))
    empty = Prompt(1, "red", 0, mask=np.zeros((96, 120), bool))
    with pytest.raises(InputError, match="mask of red is empty"):
        list(run.track(tracker, frames, [empty]))


def test_packed_results_are_the_same(tracker, frames):
    for result in run.track(tracker, frames, [prompt(0)], run.Span(frames=3)):
        packed = results.pack(result)
        again = results.unpack(packed, result.frame)
        np.testing.assert_array_equal(again.ids, result.ids)
        np.testing.assert_array_equal(again.objects[0].alpha, result.objects[0].alpha)
        assert len(packed.ids) < result.ids.nbytes / 10
