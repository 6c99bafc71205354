"""All that a video needs is compiled before the clock runs."""

import pytest

from samn_jax.evaluation.trackers import baselines, warm_up


class Observation(baselines.CopyFirst):
    """Keeps the frames' sizes and how it was started."""

    def __init__(self):
        self.sizes, self.starts = [], []

    def init(self, frame, **start):
        self.starts += start
        return super().init(frame, **start)

    def step(self, state, frame):
        self.sizes.append(frame.shape)
        return super().step(state, frame)


@pytest.mark.parametrize(("from_mask", "start"), [(True, "mask"), (False, "box_xywh")])
def test_warm_up_uses_frames_of_the_size_and_the_start_to_come(from_mask, start):
    tracker = Observation()
    warm_up.warm_up(tracker, warm_up.Program((48, 64), from_mask))
    assert tracker.starts == [start]
    assert set(tracker.sizes) == {(48, 64, 3)} and len(tracker.sizes) >= 2
