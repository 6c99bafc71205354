import types

import numpy as np
import pytest

from samn_jax.data.clips.sources import Frame, Video
from samn_jax.metrics import davis
from samn_jax.training import tracking_scores
from tests.training import tiny


class Follower:
    """Finds all that has the color of the first mask's first pixel."""

    def init(self, frame, mask=None, box_xywh=None):
        self.box = box_xywh
        if mask is None:
            x, y, width, height = map(int, box_xywh)
            return frame[y + height // 2, x + width // 2], None
        return frame[mask][0], None

    def step(self, state, frame):
        found = (frame == state).all(axis=-1)
        return state, types.SimpleNamespace(mask=found.astype(np.float32))


BLIND = types.SimpleNamespace(
    init=lambda frame, mask: (None, None),
    step=lambda state, frame: (None, types.SimpleNamespace(mask=frame[..., 0] * 0)),
)


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("from_box", [False, True])
def test_videos_are_scored_object_by_object(backward, from_box):
    (video,) = tiny.videos(1)
    score = tracking_scores.track_video(
        Follower(), video, backward=backward, from_box=from_box
    )
    assert score == tracking_scores.TrackingScore(1.0, 1.0, 2 * 4)
    blind = tracking_scores.track_video(BLIND, video)
    assert (blind.region, blind.boundary, blind.mean) == (0.0, 0.0, 0.0)


def test_scores_are_means_of_the_measures():
    (video,) = tiny.videos(1)

    class Shifted(Follower):
        def step(self, state, frame):
            _, answer = super().step(state, frame)
            answer.mask = np.roll(answer.mask, 3, axis=1)
            return state, answer

    score = tracking_scores.track_video(Shifted(), video)
    regions, boundaries = [], []
    for number in (1, 2):
        for frame in video.frames[1:-1]:
            truth = frame.load()[1] == number
            regions.append(davis.region_overlap(np.roll(truth, 3, axis=1), truth))
            boundaries.append(davis.boundary_accuracy(np.roll(truth, 3, axis=1), truth))
    assert score.region == pytest.approx(np.mean(regions))
    assert score.boundary == pytest.approx(np.mean(boundaries))


def test_it_starts_where_there_is_something_to_follow():
    (video,) = tiny.videos(1)
    empty = Frame("empty", lambda: (tiny.blob(0, 0)[0], np.zeros((48, 64), np.uint8)))
    late = Video("late", (*video.frames, empty))
    score = tracking_scores.track_video(Follower(), late, backward=True)
    assert score == tracking_scores.TrackingScore(1.0, 1.0, 2 * 4)
    assert tracking_scores.track_video(Follower(), Video("none", (empty,) * 3)) is None
    assert (
        tracking_scores.track_video(Follower(), Video("two", video.frames[:2])) is None
    )
