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
