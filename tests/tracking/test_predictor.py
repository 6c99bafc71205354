import re

import chex
import jax
import numpy as np
import pytest

from samn_jax import errors
from samn_jax.memory.designs import ring
from samn_jax.models import model_file
from samn_jax.tracking import Tracker, checks, predictor
from tests.models import tiny_lite
from tests.tracking import color_net
from tests.tracking.compile_count import count_compilations

# The spatial memory is tested with the tracker; without it all compiles sooner.
SPEC = color_net.make_spec(use_spatial=False, memory={"memorize_every": 0})
TRACKER = Tracker(SPEC, {})
FRAMES, MASKS = color_net.make_clip([(30 + 3 * i, 30 + 2 * i) for i in range(5)])


@pytest.fixture(scope="module")
def begun():
    TRACKER.warm_up(96, 120)
    return TRACKER.init(FRAMES[0], mask=MASKS[0])


def assert_same(left, right):
    chex.assert_trees_all_equal(left, right)


def test_nothing_compiles_after_the_warm_up(begun):
    with count_compilations() as compiled:
        state, _ = TRACKER.init(FRAMES[0], mask=MASKS[0])
        for frame in FRAMES[1:]:
            state, _ = TRACKER.step(state, frame)
    assert not compiled


def test_sizes_of_a_bucket_share_the_compilation(begun):
    frames, masks = color_net.make_clip([(40, 40), (43, 41)], size=(128, 70))
    with count_compilations() as compiled:
        state, first = TRACKER.init(frames[0], mask=masks[0])
        state, answer = TRACKER.step(state, frames[1])
    assert not compiled
    assert first.mask.shape == answer.mask.shape == (128, 70)
    assert color_net.overlap(answer.mask, masks[1]) > 0.8


def test_padding_to_the_bucket_is_never_seen(begun):
    # The same frame, padded by hand with another color than Tracker's black.
    state, _ = begun
    padded = np.full((128, 128, 3), 255, np.uint8)
    padded[:96, :120] = FRAMES[1]
    copy = jax.tree.map(np.array, state)
    _, answer = predictor._step(TRACKER.spec, {}, copy, padded)
    _, plain = TRACKER.step(state, FRAMES[1])
    np.testing.assert_array_equal(answer.mask[:96, :120], plain.mask)


def test_a_state_can_be_forked_saved_and_stepped_again(begun):
    state, _ = begun
    saved = jax.tree.map(np.array, state)
    once = TRACKER.step(state, FRAMES[1])
    other = TRACKER.step(state, FRAMES[4])
    again = TRACKER.step(state, FRAMES[1])
    assert_same(once, again)
    assert_same(state, saved)
    assert_same(TRACKER.step(saved, FRAMES[1]), once)
    assert np.any(other[1].mask != once[1].mask)


def test_step_in_place_gives_the_same_and_takes_the_state(begun):
    state, _ = TRACKER.init(FRAMES[0], mask=MASKS[0])
    kept = TRACKER.step(state, FRAMES[1])
    given = TRACKER.step_in_place(state, FRAMES[1])
    assert_same(kept, given)
    assert state.memory.bank.key.attention.is_deleted()


def test_video_in_chunks_equals_steps(begun):
    state, _ = begun
    copy = jax.tree.map(np.array, state)
    copy, answers = TRACKER.track_video(copy, FRAMES[1:3])
    copy, later = TRACKER.track_video(copy, FRAMES[3:5])
    assert answers.mask.shape == (2, 96, 120)
    for index, frame in enumerate(FRAMES[1:]):
        state, answer = TRACKER.step(state, frame)
        chunk = answers if index < 2 else later
        np.testing.assert_allclose(chunk.mask[index % 2], answer.mask, atol=1e-5)
        np.testing.assert_allclose(chunk.polygon[index % 2], answer.polygon, atol=1e-3)


def test_arrays_on_the_device_do_not_pile_up(begun):
    state, _ = begun
    counts = []
    for frame in (*FRAMES, *FRAMES[::-1]):
        state, answer = TRACKER.step(state, frame)
        counts.append(len(jax.live_arrays()))
    assert counts[-1] == counts[1]


@pytest.mark.slow
def test_resident_memory_stays_over_two_thousand_frames(begun):
    state, _ = begun
    for index in range(2000):
        if index == 200:
            before = resident_mib()
        state, _ = TRACKER.step(state, FRAMES[abs(index % 8 - 4)])
    assert resident_mib() - before < 20


def resident_mib():
    with open("/proc/self/status") as lines:
        sizes = [line for line in lines if line.startswith("VmRSS")]
    return int(sizes[0].split()[1]) / 1024


EMPTY = np.zeros((96, 120), np.uint8)
BAD_STARTS = {
    "neither": ({}, "give either mask or box"),
    "both": ({"mask": MASKS[0], "box_xywh": (1, 1, 9, 9)}, "give either mask or box"),
    "mask of another size": ({"mask": MASKS[0][:-1]}, r"\(95, 120\).*\(96, 120\)"),
    "color mask": ({"mask": FRAMES[0]}, r"\(96, 120, 3\)"),
    "empty mask": ({"mask": EMPTY}, "empty"),
    "faint mask": ({"mask": EMPTY + 0.3}, "empty"),
    "NaN mask": ({"mask": EMPTY + np.nan}, "NaN or infinity"),
    "box outside": ({"box_xywh": (200, 5, 9, 9)}, "no pixel of the frame of 120 x 96"),
    "box between pixels": ({"box_xywh": (5.6, 5.6, 0.2, 0.2)}, "no pixel"),
    "box of NaN": ({"box_xywh": (np.nan, 5, 9, 9)}, "is no box"),
    "flat box": ({"box_xywh": (5, 5, 0, 9)}, "is no box"),
    "half a box": ({"box_xywh": (5, 5, 9)}, "is no box"),
    "words": ({"box_xywh": "left"}, "is no box"),
}


@pytest.mark.parametrize("name", BAD_STARTS)
def test_a_bad_start_is_one_line(name):
    start, message = BAD_STARTS[name]
    with pytest.raises(errors.InputError, match=message) as error:
        TRACKER.init(FRAMES[0], **start)
    assert "\n" not in str(error.value)


BAD_FRAMES = {
    "float": FRAMES[0] / 255.0,
    "gray": FRAMES[0, :, :, 0],
    "alpha": np.zeros((96, 120, 4), np.uint8),
}


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_a_frame_that_is_no_rgb_image_is_refused(begun, name):
    with pytest.raises(errors.InputError, match="give uint8"):
        TRACKER.init(BAD_FRAMES[name], mask=MASKS[0])
    with pytest.raises(errors.InputError, match="give uint8"):
        TRACKER.step(begun[0], BAD_FRAMES[name])


def test_a_frame_of_another_size_is_refused_even_in_the_same_bucket(begun):
    state, _ = begun
    message = r"\(96, 119\), the first one \(96, 120\)"
    with pytest.raises(errors.InputError, match=message):
        TRACKER.step(state, FRAMES[0][:, 1:])
    with pytest.raises(errors.InputError, match=message):
        TRACKER.track_video(state, FRAMES[:, :, 1:])
    with pytest.raises(errors.InputError, match="no frames"):
        TRACKER.track_video(state, FRAMES[:0])
    TRACKER.step(state, FRAMES[1])  # The state is as good as before.


def test_box_and_mask_of_any_kind_mark_the_same_pixels():
    size = (6, 8)
    mask = checks.fill_box((1.5, 2.0, 3.0, 2.0), size)
    wanted = np.zeros(size, bool)
    wanted[2:4, 1:4] = True  # centers 1.5, 2.5, 3.5 lie in [1.5, 4.5)
    np.testing.assert_array_equal(mask, wanted)
    half_out = checks.fill_box((-3, -3, 5, 5), size)
    assert half_out.sum() == 4
    for given in (wanted, wanted * 1, wanted * 255, wanted.astype(np.float32)):
        checked = checks.check_mask(given, size)
        assert checked.dtype == np.float32
        np.testing.assert_array_equal(checked, wanted)


def test_checkpoint_settings_come_from_network_file_and_caller(tmp_path):
    notes = {"tracker": {"crop_size": 64, "memory": {"capacity": 5, "last_add": False}}}
    path = tmp_path / "tiny.safetensors"
    model_file.save_model(path, tiny_lite.CONFIG, tiny_lite.make_variables(), notes)
    tracker = Tracker.from_checkpoint(path, memory={"capacity": 6})
    assert tracker.config.clamp_crop, "the compact network's own default"
    assert tracker.config.crop_size == 64, "the file's"
    memory = tracker.config.memory
    assert not memory.remember_lost, "the compact network's own default"
    assert not memory.last_add, "the file's"
    assert memory.capacity == 6, "the caller's"
    assert tracker.spec.memory == ring.Ring(6, last_add=False, remember_lost=False)
    assert tracker.spec.reader({}).similarity == "l2"
    again = Tracker.from_checkpoint(path, **{"memory.capacity": 6})
    assert tracker.spec == again.spec and hash(tracker.spec) == hash(again.spec)
    with pytest.raises(errors.InputError, match=re.escape("neither a file nor")):
        Tracker.from_checkpoint(tmp_path / "other")
