"""Case 12: misuse of the host class is one line that says what was expected."""

import functools
import re
import subprocess
import sys

import jax
import numpy as np
import pytest

import samn_jax
from samn_jax import errors
from samn_jax.tracking import Tracker, init_tracker
from tests.tracking import color_net

SPEC = color_net.make_spec(use_spatial=False, memory={"memorize_every": 0})
TRACKER = Tracker(SPEC, {}, object_slots=2)
FRAMES, MASKS = color_net.make_clip([(30, 30), (33, 32)])
SMALL, SMALL_MASK = FRAMES[0][:90], MASKS[0][:90]
BOX = (30, 30, 20, 20)


pytestmark = pytest.mark.usefixtures("as_users_call")


@pytest.fixture(scope="module")
def alone():
    return TRACKER.init(FRAMES[0], mask=MASKS[0])[0]


@pytest.fixture(scope="module")
def several(alone):
    return TRACKER.add_state(None, alone)


def refuses(message, call, *args, **kwargs):
    with pytest.raises(errors.InputError, match=message) as error:
        call(*args, **kwargs)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("object_id", [1.5, 2.0, True, "1", np.nan, [2]])
def test_an_id_that_is_no_whole_number(alone, several, object_id):
    message = "object id .* is no whole number: give one in 1-255"
    refuses(message, TRACKER.add_state, several, alone, object_id)
    refuses(message, TRACKER.remove_object, several, object_id)
    refuses(message, TRACKER.add_object, several, FRAMES[0], MASKS[0], object_id)


@pytest.mark.parametrize("object_id", [0, 256, -1])
def test_an_id_out_of_range(alone, several, object_id):
    refuses("is not in 1-255", TRACKER.add_state, several, alone, object_id)
    refuses("is not in 1-255", TRACKER.remove_object, several, object_id)


def test_ids_of_numpy_are_taken(alone, several):
    both = TRACKER.add_state(several, alone, np.uint8(9))
    assert TRACKER.remove_object(both, np.int64(1)).object_ids.tolist() == [0, 9]


def test_an_object_of_another_frame_size(several, alone):
    small, _ = TRACKER.init(SMALL, mask=SMALL_MASK)
    message = re.escape("a frame of (90, 120), the others in one of (96, 120)")
    refuses(message, TRACKER.add_state, several, small)
    refuses(message, TRACKER.add_state, alone, small)
    refuses("the first one", TRACKER.add_object, several, SMALL, SMALL_MASK)


def users(state):
    """Everything that takes a state."""
    return {
        "step": lambda: TRACKER.step(state, FRAMES[1]),
        "step_in_place": lambda: TRACKER.step_in_place(state, FRAMES[1]),
        "track_video": lambda: TRACKER.track_video(state, FRAMES),
        "add_object": lambda: TRACKER.add_object(state, FRAMES[1], MASKS[1]),
        "remove_object": lambda: TRACKER.remove_object(state, 1),
    }


@pytest.mark.parametrize("name", users(None))
def test_a_state_that_was_used_up(name):
    state, _ = TRACKER.init(FRAMES[0], mask=MASKS[0])
    TRACKER.step_in_place(state, FRAMES[1])
    refuses("used up by step_in_place", users(state)[name])


def test_a_state_of_several_that_was_used_up(alone):
    state = TRACKER.add_state(None, alone)
    TRACKER.track_video(state, FRAMES)
    for call in users(state).values():
        refuses("used up by step_in_place", call)


@pytest.mark.parametrize("what", [None, {}, "state", 3, (1, 2)])
def test_what_is_no_state(what, alone):
    calls = users(what)
    if what is None:
        del calls["add_object"]  # It starts from nothing.
    for call in calls.values():
        refuses(f"not a {type(what).__name__}: give what init", call)
    refuses("one object's state is needed", TRACKER.add_state, alone, what)


def test_a_state_of_several_is_no_objects_own(several):
    refuses("one object's state is needed", TRACKER.add_state, None, several)


def test_a_state_without_its_contents(alone):
    hollow = alone._replace(extent_hw=None)
    refuses("does not hold the size of its frames", TRACKER.step, hollow, FRAMES[1])
    hollow = jax.tree.map(lambda _: 0.0, alone)
    refuses("does not hold the size of its frames", TRACKER.step, hollow, FRAMES[1])
    hollow = hollow._replace(extent_hw=np.array([96, 120], np.int32))
    refuses("of another tracker", TRACKER.step, hollow, FRAMES[1])


OTHERS = {
    "another memory capacity: .* here": {"memory.capacity": 5},
    "another memory design": {"memory.design": "rmem"},
    "another spatial memory": {"use_spatial": True},
    "another crop size": {"crop_size": 96},
}


@pytest.mark.parametrize("message", OTHERS)
def test_a_state_of_another_tracker(message):
    fields = {"use_spatial": False, "memory.memorize_every": 0, **OTHERS[message]}
    given = FRAMES[0], np.array([96, 120], np.int32), MASKS[0].astype(np.float32)
    begin = functools.partial(init_tracker, color_net.make_spec(**fields), {})
    shapes, _ = jax.eval_shape(functools.partial(begin, from_mask=True), *given)
    state = jax.tree.map(lambda x: np.zeros(x.shape, x.dtype), shapes)
    state = state._replace(extent_hw=given[1])
    for call in users(state).values():
        refuses(message, call)


def test_remove_from_a_single_state(alone):
    refuses("one object tracked alone", TRACKER.remove_object, alone, 1)


NAN_AT_ONE = np.where(np.arange(120) == 0, np.nan, MASKS[0].astype(np.float32))
BAD_MASKS = {
    "string": ("red", "a str of <U3"),
    "objects": (MASKS[0].astype(object), "a ndarray of object"),
    "NaN": (NAN_AT_ONE, "NaN or infinity"),
    "batch": (MASKS[:1], r"is \(1, 96, 120\), its frame \(96, 120\)"),
    "row": (MASKS[0, 0], r"is \(120,\)"),
    "ragged": ([[1, 0], [1]], "a list of object"),
    "complex": (MASKS[0] * 1j, "complex128"),
}


@pytest.mark.parametrize("name", BAD_MASKS)
def test_a_mask_that_is_none(name, several):
    mask, message = BAD_MASKS[name]
    refuses(message, TRACKER.init, FRAMES[0], mask=mask)
    refuses(message, TRACKER.add_object, several, FRAMES[0], mask)


def test_neither_or_both_of_mask_and_box(several):
    message = "give either mask or box_xywh"
    refuses(message, TRACKER.init, FRAMES[0])
    refuses(message, TRACKER.init, FRAMES[0], mask=MASKS[0], box_xywh=BOX)
    refuses(message, TRACKER.add_object, several, FRAMES[0])


BAD_BOXES = [
    *[(np.nan, 5, 9, 9), (5, 5, np.inf, 9), (5, 5, -9, 9), (5, 5, 0, 9), (5, 5, 9)],
    *["left", None, {}, [], [[5, 5, 9, 9]], np.zeros((40, 40)), ((1, 2), 3, 4, 5)],
]


@pytest.mark.parametrize("box", BAD_BOXES[:6] + BAD_BOXES[7:], ids=str)
def test_a_box_that_is_none(box):
    refuses("is no box: give x,y,w,h", TRACKER.init, FRAMES[0], box_xywh=box)


BAD_FRAMES = {
    "bool": FRAMES[0] > 0,
    "float": FRAMES[0] / 255,
    "gray": FRAMES[0, ..., 0],
    "alpha": np.zeros((96, 120, 4), np.uint8),
    "no pixel": np.zeros((0, 120, 3), np.uint8),
    "list": FRAMES[0].tolist(),
    "None": None,
}


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_a_frame_that_is_none(name, alone, several):
    frame = BAD_FRAMES[name]
    message = "a frame is .*give uint8"
    refuses(message, TRACKER.init, frame, mask=MASKS[0])
    refuses(message, TRACKER.step, alone, frame)
    refuses(message, TRACKER.step_in_place, several, frame)
    refuses(message, TRACKER.track_video, alone, [FRAMES[1], frame])
    refuses(message, TRACKER.add_object, several, frame, MASKS[0])
    TRACKER.step(alone, FRAMES[1])  # Nothing was lost.


def test_a_chunk_that_is_none(alone):
    refuses("no frames: give one", TRACKER.track_video, alone, [])
    refuses("no frames: give one", TRACKER.track_video, alone, FRAMES[:0])
    refuses("is a generator", TRACKER.track_video, alone, (f for f in FRAMES))
    refuses("is a NoneType", TRACKER.track_video, alone, None)
    refuses("one size", TRACKER.track_video, alone, [FRAMES[1], SMALL])
    refuses("a frame is uint8", TRACKER.track_video, alone, FRAMES[0])


@pytest.mark.parametrize("size", [(-1, 5), (0, 0), (5, 0), (96.0, 120), ("96", 120)])
def test_a_size_to_warm_up_for(size):
    message = "the (height|width) is .*: give a whole number, 1 or more"
    refuses(message, TRACKER.warm_up, *size)


@pytest.mark.parametrize("slots", [0, -1, 1.5, 256, True, None, "4"])
def test_a_number_of_slots(slots):
    message = "object_slots is .*: give a whole number, 1-255"
    refuses(message, Tracker, SPEC, {}, object_slots=slots)


@pytest.mark.parametrize("checkpoint", [None, 3, "", ".", b"lite", "li\0te"])
def test_a_checkpoint_that_is_none(checkpoint):
    refuses("neither a file nor a shipped", Tracker.from_checkpoint, checkpoint)


@pytest.mark.parametrize(
    "name", ["crop_siz", "memory.capacty", "memory_capacity", "Crop_Size"]
)
def test_a_misspelled_setting(name):
    refuses(re.escape(name), Tracker.from_checkpoint, "lite", **{name: 3})


def test_a_design_that_is_none():
    refuses("design is", Tracker.from_checkpoint, "lite", design="ring")


def test_slots_are_added_as_they_are_needed(alone):
    tracker = Tracker(SPEC, {}, object_slots=4)
    state = None
    for _ in range(9):
        state = tracker.add_state(state, alone)
    assert state.object_ids.tolist() == [*range(1, 10), 0, 0, 0]


def test_a_readout_that_is_nan(alone, several):
    def broken(state):
        return jax.tree.map(
            lambda x: x * np.nan if x.dtype == np.float32 and x.ndim > 2 else x, state
        )

    for state in (broken(alone), broken(several)):
        refuses("the mask of this frame is NaN", TRACKER.step, state, FRAMES[1])
        refuses("the mask of this frame is NaN", TRACKER.track_video, state, FRAMES)


def test_a_tracker_shows_itself_in_one_line():
    line = "Tracker(ColorNet, memory=Ring, capacity=4, crop_size=64, object_slots=2)"
    assert repr(TRACKER) == line


def test_a_state_that_a_box_began_is_the_trackers_own():
    state, _ = TRACKER.init(FRAMES[0], box_xywh=BOX)
    state, answer = TRACKER.step(state, FRAMES[1])
    assert color_net.overlap(answer.mask, MASKS[1]) > 0.8


def test_modules_are_attributes_without_an_import():
    code = "import sys, samn_jax as s; s.errors.InputError; print('jax' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert done.stdout.split() == [b"False"]
    assert {"data", "memory", "tracking", "Tracker"} <= set(dir(samn_jax))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        samn_jax.nothing  # noqa: B018
