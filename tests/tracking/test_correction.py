import functools
import inspect

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax import errors
from samn_jax.tracking import Tracker, correction, init_tracker, track_step
from tests.tracking import color_net
from tests.tracking.compile_count import count_compilations

SIZE = (96, 120)
DARK = (145, 30, 30)
COUNT, TURNS, CORRECTED = 12, 4, 7
PLACES = [(8 + 7 * i, 10 + 5 * i) for i in range(COUNT)]
# The target turns from red to dark red, and is lost.
PAIRS = [
    color_net.draw([(x, y, 20, 20)], color=color_net.RED if i < TURNS else DARK)
    for i, (x, y) in enumerate(PLACES)
]
FRAMES = np.stack([frame for frame, _ in PAIRS])
MASKS = np.stack([mask for _, mask in PAIRS])
PLAIN = color_net.make_spec(use_spatial=False, memory={"memorize_every": 1})
TRACKER = Tracker(PLAIN, {}, object_slots=2)


def run(tracker, state, frames):
    overlaps = []
    for index in frames:
        state, answer = tracker.step(state, FRAMES[index])
        overlaps.append(color_net.overlap(answer.mask, MASKS[index]))
    return state, overlaps


@pytest.fixture(scope="module")
def lost():
    """The state after the frame that is to be corrected."""
    state, _ = TRACKER.init(FRAMES[0], mask=MASKS[0])
    state, overlaps = run(TRACKER, state, range(1, CORRECTED + 1))
    assert min(overlaps[: TURNS - 1]) > 0.8 and max(overlaps[TURNS:]) < 0.2
    return state


def correct(state, index=CORRECTED, **start):
    return TRACKER.correct(state, FRAMES[index], MASKS[index], **start)


def test_a_correction_raises_what_follows(lost):
    rest = range(CORRECTED + 1, COUNT)
    _, before = run(TRACKER, lost, rest)
    state, answer = correct(lost)
    np.testing.assert_array_equal(answer.mask, MASKS[CORRECTED])
    _, after = run(TRACKER, state, rest)
    assert np.mean(before) < 0.2 and min(after) > 0.8


def test_place_size_and_area_are_those_of_the_mask(lost):
    state, answer = correct(lost)
    x, y = PLACES[CORRECTED]
    np.testing.assert_allclose(state.target.center_xy, (x + 10, y + 10), atol=0.5)
    np.testing.assert_array_equal(state.target.size_wh, (20, 20))
    np.testing.assert_allclose(state.target.area, 400, rtol=0.1)
    np.testing.assert_allclose(answer.box_xywh, (x, y, 20, 20), atol=1.5)
    assert int(lost.lost_frames) > 0 and int(state.lost_frames) == 0
    assert int(state.frame_idx) == int(lost.frame_idx) == CORRECTED
    chex.assert_trees_all_equal_shapes_and_dtypes(state, lost)


def test_the_frame_stands_in_the_memory_once_and_stays(lost):
    state, _ = correct(lost)
    table = PLAIN.memory.slots(state.memory)
    frames = np.asarray(table.frame_idx)[np.asarray(table.valid)].tolist()
    assert len(set(frames)) == len(frames) and CORRECTED in frames
    twice, _ = correct(state)
    assert_same_table(twice, table)
    for index in range(3 * COUNT):
        twice, _ = TRACKER.step(twice, FRAMES[index % COUNT])
    table = PLAIN.memory.slots(twice.memory)
    given = np.asarray(table.frame_idx)[np.asarray(table.given & table.valid)]
    assert sorted(given.tolist()) == [0, CORRECTED]


def assert_same_table(state, table):
    chex.assert_trees_all_equal(PLAIN.memory.slots(state.memory), table)


def test_the_given_state_is_as_it_was_and_nothing_compiles_again(lost):
    copy = jax.tree.map(np.array, lost)
    once = correct(lost)
    chex.assert_trees_all_equal(lost, copy)
    with count_compilations() as compiled:
        again = correct(lost)
        correct(once[0])
    assert not compiled
    chex.assert_trees_all_equal(once, again)


def test_the_first_frame_corrected_is_a_new_start():
    state, _ = TRACKER.init(FRAMES[0], mask=MASKS[5])
    corrected = TRACKER.correct(state, FRAMES[0], MASKS[0])
    chex.assert_trees_all_equal(corrected, TRACKER.init(FRAMES[0], mask=MASKS[0]))


def test_a_box_corrects_too(lost):
    x, y = PLACES[CORRECTED]
    box = x, y, 20, 20
    state, answer = TRACKER.correct(lost, FRAMES[CORRECTED], box_xywh=box)
    assert color_net.overlap(answer.mask, MASKS[CORRECTED]) > 0.8
    _, after = run(TRACKER, state, range(CORRECTED + 1, COUNT))
    assert min(after) > 0.8


def test_only_the_object_that_is_corrected_changes(lost):
    other = np.zeros(SIZE, bool)
    other[70:90, 5:25] = True
    state, _ = TRACKER.init(FRAMES[0], mask=MASKS[0])
    state = TRACKER.add_object(state, FRAMES[0], other, 7)
    for index in range(1, CORRECTED + 1):
        state, _ = TRACKER.step(state, FRAMES[index])
    with pytest.raises(errors.InputError, match=r"\[1, 7\]: give object_id"):
        correct(state)
    with pytest.raises(errors.InputError, match="object 3 is not tracked"):
        correct(state, object_id=3)
    corrected, answer = correct(state, object_id=1)
    np.testing.assert_array_equal(answer.mask, MASKS[CORRECTED])
    second = jax.tree.map(lambda x: x[1], (state.objects, corrected.objects))
    chex.assert_trees_all_equal(*second)
    np.testing.assert_array_equal(corrected.object_ids, state.object_ids)
    first = jax.tree.map(lambda x: x[0], state.objects)
    alone, _ = correct(first)
    first = jax.tree.map(lambda x: x[0], corrected.objects)
    chex.assert_trees_all_close(alone, first, atol=1e-5)
    with count_compilations() as compiled:
        correct(corrected, object_id=7)
    assert not compiled


def test_corrections_that_do_not_fit(lost):
    with pytest.raises(errors.InputError, match="empty"):
        TRACKER.correct(lost, FRAMES[0], np.zeros(SIZE, bool))
    with pytest.raises(errors.InputError, match=r"\(95, 120\)"):
        TRACKER.correct(lost, FRAMES[0], MASKS[0][1:])
    with pytest.raises(errors.InputError, match="start anew"):
        TRACKER.correct(lost, FRAMES[0][1:], MASKS[0][1:])
    with pytest.raises(errors.InputError, match="give either"):
        TRACKER.correct(lost, FRAMES[0])
    with pytest.raises(errors.InputError, match="one alone"):
        correct(lost, object_id=2)
    assert "empty mask is refused" in inspect.getdoc(TRACKER.correct)


def test_the_filter_learns_the_place():
    spec = color_net.make_spec(memory={"memorize_every": 1})
    mask = MASKS[0].astype(np.float32)
    start = functools.partial(init_tracker, spec, {}, from_mask=True)
    state, _ = jax.jit(start)(FRAMES[0], jnp.array(SIZE, jnp.int32), mask)
    step = jax.jit(functools.partial(track_step, spec, {}))
    fix = jax.jit(functools.partial(correction.correct_target, spec, {}))
    for index in range(1, CORRECTED + 1):
        state, _ = step(state, FRAMES[index])
        if index == TURNS - 1:  # It was learned from: that is replaced.
            other, _ = fix(state, FRAMES[index], MASKS[index - 1].astype(np.float32))
            assert int(other.spatial.num_maxima) == int(state.spatial.num_maxima) == 4
            same = state.spatial.samples.last_written, other.spatial.samples.weights
            assert int(same[0]) == int(other.spatial.samples.last_written)
            np.testing.assert_array_equal(same[1], state.spatial.samples.weights)
    new, _ = fix(state, FRAMES[CORRECTED], MASKS[CORRECTED].astype(np.float32))
    old, spatial = state.spatial, new.spatial
    chex.assert_trees_all_equal_shapes_and_dtypes(old, spatial)
    assert int(spatial.num_frames) == int(old.num_frames)
    assert int(spatial.num_maxima) == int(old.num_maxima) + 1
    assert np.any(spatial.filter != old.filter)
    slot = int(spatial.samples.last_written)
    # The target is in the middle of the crop: the label's peak is there.
    label = spatial.samples.labels[slot]
    peak = np.unravel_index(np.argmax(label), label.shape)
    assert tuple(map(int, peak)) == (3, 3)
    # The target is found where it is from then on. (In the first frame at less than
    # 0.5: the network of the tests takes the mean of both colors.)
    for index in range(CORRECTED + 1, COUNT):
        new, answer = step(new, FRAMES[index])
        wanted = (*PLACES[index], 20, 20)
        np.testing.assert_allclose(answer.box_xywh, wanted, atol=3)
    assert color_net.overlap(answer.mask, MASKS[COUNT - 1]) > 0.8


def test_with_one_search_region_a_correction_teaches_the_filter_in_it():
    spec = color_net.make_spec(one_search_region=True, memory={"memorize_every": 1})
    tracker = Tracker(spec, {})
    state, _ = tracker.init(FRAMES[0], mask=MASKS[0])
    state, _ = run(tracker, state, range(1, CORRECTED + 1))
    x, y = PLACES[CORRECTED]
    before, (state, _) = (
        state.spatial,
        tracker.correct(state, FRAMES[CORRECTED], MASKS[CORRECTED]),
    )
    slot = int(state.spatial.samples.last_written)
    label = np.asarray(state.spatial.samples.labels[slot])
    assert np.any(label != before.samples.labels[slot])
    # The crop is 80 pixels wide around the target, rounded to whole ones: 4 cells.
    row, column = np.unravel_index(label.argmax(), label.shape)
    assert (row, column) == (2, 2) and label.shape == (4, 4)
    np.testing.assert_allclose(state.target.center_xy, (x + 10, y + 10), atol=0.5)
