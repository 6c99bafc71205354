"""A tracker driven as the got10k package drives it."""

import types

import numpy as np
import pytest

pytest.importorskip("got10k", reason="needs the extra 'got10k'")

from PIL import Image  # noqa: E402

from samn_jax.evaluation.trackers import baselines  # noqa: E402
from samn_jax.toolkits import got10k_tracker  # noqa: E402

BOXES = np.array([[3, 4, 6, 8], [4, 4, 6, 8], [0, 0, 0, 0], [6, 5, 7, 8]], np.float32)


class Scripted(baselines.CopyFirst):
    """Answers the boxes of a script; the third is that of a lost target."""

    def init(self, frame, **start):
        self.start = start
        return 0, None

    def step(self, state, frame):
        assert frame.shape == (20, 30, 3) and frame[0, 0].tolist() == [9, 5, 1]
        return state + 1, types.SimpleNamespace(box_xywh=BOXES[state + 1])


def test_boxes_of_a_video_as_got10k_asks_for_them(tmp_path):
    files = [tmp_path / f"{k}.png" for k in range(len(BOXES))]
    for path in files:
        Image.new("RGB", (30, 20), (9, 5, 1)).save(path)
    scripted = Scripted()
    tracker = got10k_tracker.Got10kTracker(scripted, "mine")
    boxes, seconds = tracker.track([str(path) for path in files], BOXES[0])
    expected = BOXES.copy()
    expected[2] = expected[1]
    np.testing.assert_array_equal(boxes, expected)
    assert scripted.start == {"box_xywh": (3.0, 4.0, 6.0, 8.0)}
    assert tracker.name == "mine" and tracker.is_deterministic
    assert (seconds > 0).all()
