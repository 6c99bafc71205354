import dataclasses

import chex
import jax
import numpy as np
import pytest

from samn_jax import errors
from samn_jax.tracking import MultiState, Tracker
from tests.tracking import color_net
from tests.tracking.compile_count import count_compilations

SPEC = color_net.make_spec(use_spatial=False, aggregation="odds")
TRACKER = Tracker(SPEC, {}, object_slots=2)
BLUE, GREEN = (30, 30, 220), (30, 200, 30)
SIZE = (96, 120)


def draw(index):
    """Frame and ids: red moves right, blue left, green stands still."""
    frame, _ = color_net.draw([], SIZE)
    ids = np.zeros(SIZE, np.uint8)
    squares = [(20 + 3 * index, 10), (60 - 3 * index, 45), (90, 70)]
    for number, (x, y) in enumerate(squares, 1):
        frame[y : y + 20, x : x + 20] = (color_net.RED, BLUE, GREEN)[number - 1]
        ids[y : y + 20, x : x + 20] = number
    return frame, ids


FRAMES, IDS = zip(*[draw(index) for index in range(6)], strict=True)


def overlap(answer, index, number, object_id):
    return color_net.overlap(answer.ids == object_id, IDS[index] == number)


@pytest.fixture(scope="module")
def two():
    """Red as object 1 and blue as object 7, after frame 1."""
    state, _ = TRACKER.init(FRAMES[0], mask=IDS[0] == 1)
    state = TRACKER.add_object(state, FRAMES[0], IDS[0] == 2, 7)
    return TRACKER.step(state, FRAMES[1])


def test_an_object_tracked_alone_becomes_number_one(two):
    state, answer = two
    assert isinstance(state, MultiState)
    assert state.object_ids.tolist() == answer.object_ids.tolist() == [1, 7]
    assert answer.ids.shape == answer.objects.mask.shape[1:] == SIZE
    assert overlap(answer, 1, 1, 1) > 0.75 and overlap(answer, 1, 2, 7) > 0.75


def test_a_free_slot_is_used_without_compilation(two):
    state, _ = two
    TRACKER.remove_object(state, 1)  # Removal itself compiles once.
    with count_compilations() as compiled:
        state = TRACKER.remove_object(state, 7)
        state = TRACKER.add_object(state, FRAMES[1], IDS[1] == 3, 2)
        state, answer = TRACKER.step(state, FRAMES[2])
    assert not compiled
    assert state.object_ids.tolist() == [1, 2]
    assert overlap(answer, 2, 1, 1) > 0.75 and overlap(answer, 2, 3, 2) > 0.75


def test_full_slots_are_doubled_and_the_objects_kept(two):
    state, _ = two
    more = TRACKER.add_object(state, FRAMES[1], IDS[1] == 3)
    assert more.object_ids.tolist() == [1, 7, 8, 0]
    kept = jax.tree.map(lambda x: x[:2], more.objects)
    chex.assert_trees_all_equal(kept, state.objects)


def test_objects_may_start_from_nothing():
    state = TRACKER.add_object(None, FRAMES[0], IDS[0] == 2)
    state, answer = TRACKER.step(state, FRAMES[1])
    assert state.object_ids.tolist() == [1, 0]
    assert overlap(answer, 1, 2, 1) > 0.75
    for part in answer.objects:
        np.testing.assert_array_equal(np.asarray(part)[1], 0)


def test_video_in_chunks_equals_steps(two):
    state, _ = two
    copy = jax.tree.map(np.array, state)
    last, answers = TRACKER.track_video(copy, np.stack(FRAMES[2:4]))
    for index in (2, 3):
        state, answer = TRACKER.step(state, FRAMES[index])
        np.testing.assert_array_equal(answers.ids[index - 2], answer.ids)
    for path, leaf in jax.tree.leaves_with_path(last):
        assert np.isfinite(leaf).all(), jax.tree_util.keystr(path)


def test_what_cannot_be_done_is_refused(two):
    state, _ = two
    mask = IDS[1] == 3
    with pytest.raises(errors.InputError, match="object 7 is there already"):
        TRACKER.add_object(state, FRAMES[1], mask, 7)
    for object_id in (0, 256, -1):
        with pytest.raises(errors.InputError, match="is not in 1-255"):
            TRACKER.add_object(state, FRAMES[1], mask, object_id)
    with pytest.raises(errors.InputError, match="object 3 .* there are 1, 7"):
        TRACKER.remove_object(state, 3)
    with pytest.raises(errors.InputError, match="the first one"):
        TRACKER.add_object(state, FRAMES[1][1:], mask[1:])
    with pytest.raises(errors.InputError, match="is empty"):
        TRACKER.add_object(state, FRAMES[1], mask & False)
    assert dataclasses.replace(TRACKER, object_slots=8).spec == TRACKER.spec
