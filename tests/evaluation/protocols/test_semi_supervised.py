from typing import NamedTuple

import numpy as np
import pytest

from samn_jax import errors
from samn_jax.data import types
from samn_jax.evaluation import stopwatch
from samn_jax.evaluation.protocols import semi_supervised
from samn_jax.evaluation.trackers import baselines

SIZE = (12, 16)


class Output(NamedTuple):
    mask: np.ndarray


class Recorder:
    """Says 0.9 inside the start, shifted right by one pixel a step; notes all calls."""

    def __init__(self):
        self.starts, self.frames = [], []

    def init(self, frame, **start):
        self.starts.append(start)
        state = 0.9 * baselines.CopyFirst().init(frame, **start)[1].mask
        return state, Output(state)

    def step(self, state, frame):
        self.frames.append(int(frame[0, 0, 0]))
        state = np.roll(state, 1, axis=1)
        return state, Output(state)


def _video(ids, num_frames=4, sizes=None):
    sizes = sizes or [SIZE] * num_frames
    return types.Sequence(
        name="clip",
        frame_names=tuple(str(index) for index in range(num_frames)),
        read_frame=lambda i: np.full((*sizes[i], 3), 10 * i, np.uint8),
        read_mask=lambda i: ids if i == 0 else None,
    )


def _square(x, y, size=4, value=1):
    ids = np.zeros(SIZE, np.uint8)
    ids[y : y + size, x : x + size] = value
    return ids


def _track(tracker, video, start="mask"):
    watch = stopwatch.Stopwatch()
    return list(semi_supervised.track_objects(tracker, video, start, watch)), watch


def test_frames_come_in_order_and_the_state_is_carried():
    tracker = Recorder()
    tracked, watch = _track(tracker, _video(_square(2, 3), 9))
    assert tracker.frames == [10, 20, 30, 40, 50, 60, 70, 80]
    np.testing.assert_array_equal(tracked[0], _square(2, 3))
    np.testing.assert_array_equal(tracked[8], _square(10, 3))
    assert (len(watch.starts), len(watch.steps)) == (1, 8)


def test_tracker_sees_only_the_box_when_asked_to():
    tracker = Recorder()
    ids = _square(2, 3) + _square(5, 6)  # Their common box is 7 x 7.
    ids[ids > 1] = 1
    tracked, _ = _track(tracker, _video(ids, 1), "box")
    assert tracker.starts == [{"box_xywh": (2.0, 3.0, 7.0, 7.0)}]
    np.testing.assert_array_equal(tracked[0], _square(2, 3, 7))


def test_objects_are_tracked_apart_and_keep_their_ids():
    ids = _square(1, 1, value=2) + _square(8, 6, value=5)
    tracked, watch = _track(Recorder(), _video(ids, 3))
    np.testing.assert_array_equal(tracked[2], np.roll(ids, 2, axis=1))
    assert len(watch.starts) == 2


def test_changed_frame_size_is_refused():
    video = _video(_square(2, 3), 3, [SIZE, SIZE, (12, 15)])
    with pytest.raises(errors.InputError, match="frame 2 of .* is 12 .* and 15 wide"):
        _track(Recorder(), video)
