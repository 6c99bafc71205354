import html
import json
import re

import jax
import pytest

from samn_jax.errors import InputError
from samn_jax.page import remembered
from samn_jax.track import run
from tests.page.test_session import (  # noqa: F401
    MASKS,
    api_prompts,
    frames,
    session,
    track,
)


def held_of(tracker, state):
    """Frame and whether it was given, of each slot of the first object."""
    one = jax.tree.map(lambda x: x[0], state.objects)
    slots = tracker.spec.memory.slots(one.memory)
    pairs = zip(slots.frame_idx.tolist(), slots.given.tolist(), strict=True)
    return {pair for pair, valid in zip(pairs, slots.valid, strict=True) if valid}


def test_what_is_remembered_is_what_the_state_holds(session, tracker, frames):  # noqa: F811
    session.mark(session.add_object(), 2, mask=MASKS[2])
    track(session, 2, 15)
    session.mark(1, 9, mask=MASKS[9])
    list(session.track_stale(9))
    prompts = api_prompts((1, 2, MASKS[2]), (1, 9, MASKS[9]))
    tracking, told = None, {}
    for frame in frames.read(2, 16):
        tracking, _ = run.step(tracker, tracking, frame, prompts, alone=False)
        held = held_of(tracker, tracking.state)
        told[frame.index] = {(at + 2, given) for at, given in held}
    for index in (2, 8, 9, 15):
        found = remembered.find(session, 1, index)
        assert {(one.frame_idx, one.given) for one in found} == told[index]
    assert (9, True) in told[15] and (2, True) in told[15]
    pictures = remembered.draw(session, 1, remembered.find(session, 1, 15))
    assert pictures[0][1] == "2, marked"
    assert (pictures[0][0] != frames.frame(2).image).any(), "the mask is drawn"


def test_backward_ages_count_to_later_frames(session):  # noqa: F811
    session.mark(session.add_object(), 12, mask=MASKS[12])
    track(session, 12, 6)
    found = [one.frame_idx for one in remembered.find(session, 1, 6)]
    assert found[-1] == 12 and found[0] == 6


def test_before_its_mark_an_object_has_no_memory(session):  # noqa: F811
    number = session.add_object()
    with pytest.raises(InputError, match="mark one there"):
        remembered.find(session, number, 3)
    session.mark(number, 0, mask=MASKS[0])
    late = session.add_object()
    session.mark(late, 8, mask=MASKS[8])
    with pytest.raises(InputError, match="not tracked in this frame"):
        remembered.find(session, late, 3)


def inside(session, object_id, frame_idx):  # noqa: F811
    """The data of the page that a frame of HTML holds."""
    text = remembered.look_inside(session, object_id, frame_idx)
    page = html.unescape(re.search(r"srcdoc='([^']*)'></iframe>$", text)[1])
    assert "sandbox='allow-scripts'" in text
    return json.loads(re.search(r"const DATA = (.*?);</script>", page)[1])


def test_inside_shows_the_chosen_object_up_to_the_frame(session):  # noqa: F811
    red, other = session.add_object("red"), session.add_object("other")
    session.mark(red, 2, mask=MASKS[2])
    session.mark(other, 4, mask=MASKS[4])
    track(session, 2, 12)
    told = inside(session, red, 12)
    (lane,) = told["lanes"]
    assert lane["name"] == "red" and told["start"] == 12
    assert lane["frame"] == list(range(2, 13))
    held = {row[2] for row in lane["held"][-1]}
    before = {one.frame_idx for one in remembered.find(session, red, 11)}
    assert held == before, "what frame 12 was read from"
    assert inside(session, other, 12)["lanes"][0]["frame"][0] == 4
    with pytest.raises(InputError, match="not tracked in this frame"):
        remembered.look_inside(session, other, 3)


def test_inside_begins_at_a_kept_state_and_fetches_what_it_lacks(session, monkeypatch):  # noqa: F811
    monkeypatch.setattr(remembered, "_STRETCH", 3)
    session._keep_every = 4
    session.mark(session.add_object(), 0, mask=MASKS[0])
    track(session, 0, 15)
    told = inside(session, 1, 15)
    (lane,) = told["lanes"]
    assert lane["frame"] == [13, 14, 15], "from the state after frame 12"
    assert {row[2] for row in lane["held"][0]} == {0, 12}
    assert "0" in lane["pictures"] and "12" in lane["pictures"]
