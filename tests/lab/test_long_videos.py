import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.lab import long_videos
from samn_jax.lab.suite import LONG, Clips
from samn_jax.lab.video import Video

COUNT, SIZE = 9, (40, 60)


def clip(name, size=SIZE):
    """Frames of one gray level each; a colored target and something beside it."""

    def ids(index):
        ids = np.zeros(size, np.uint8)
        ids[10:20, 5 + index : 15 + index] = 1
        ids[30:35, 40:50] = 2
        return ids

    def frame(index):
        picture = np.full((*size, 3), 10 * index, np.uint8)
        columns = np.arange(size[1], dtype=np.uint8)
        picture[..., 0] = np.where(ids(index) == 1, 100 + columns, picture[..., 0])
        return picture

    def mask(index):
        return (ids(index) == 1).astype(np.uint8)

    names = tuple(f"{index:05d}" for index in range(COUNT))
    return Video(
        f"{name}.1.forwards", names, frame, mask, cluster=name, read_actors=ids
    )


def test_back_and_forth_turns_at_the_ends():
    assert long_videos.back_and_forth(4, 9) == (0, 1, 2, 3, 2, 1, 0, 1, 2)
    assert long_videos.back_and_forth(2, 5) == (0, 1, 0, 1, 0)
    assert long_videos.back_and_forth(1, 3) == (0, 0, 0)


def test_ping_pong_shows_frames_with_their_masks():
    video = long_videos.ping_pong(clip("a"), 30)
    assert video.num_frames == 30 and video.cluster == "a"
    for index, source in enumerate(long_videos.back_and_forth(COUNT, 30)):
        np.testing.assert_array_equal(video.frame(index), clip("a").frame(source))
        np.testing.assert_array_equal(video.mask(index), clip("a").mask(source))
        np.testing.assert_array_equal(video.actors(index), clip("a").actors(source))


def test_interrupted_has_nothing_to_find_between():
    video = long_videos.interrupted(clip("a"), clip("b", (80, 90)), 12)
    (event,) = video.events
    assert (event.start, event.end, video.num_frames) == (COUNT, COUNT + 12, 30)
    for index in range(30):
        assert video.frame(index).shape == (*SIZE, 3)
        away = event.start <= index < event.end
        assert bool(video.mask(index).any()) == (not away)
        assert bool((video.actors(index) == 1).any()) == (not away)
    np.testing.assert_array_equal(video.frame(event.end), clip("a").frame(0))


def test_look_alike_is_a_mirrored_copy_behind_the_target():
    plain, video = clip("a"), long_videos.with_look_alike(clip("a"))
    (event,) = video.events
    seen = 0
    for index in range(COUNT):
        frame, ids = video.frame(index), video.actors(index)
        copy = ids == long_videos.COPY
        assert copy.any() <= (event.start <= index < event.end)
        seen += int(copy.any())
        np.testing.assert_array_equal(frame[~copy], plain.frame(index)[~copy])
        np.testing.assert_array_equal(video.mask(index), plain.mask(index))
        assert not (copy & (plain.mask(index) == 1)).any()
        if copy.any():
            rows, columns = np.nonzero(copy)
            values = frame[rows, columns, 0].astype(int) + columns
            assert len(set(values.tolist())) == 1, "columns run the other way"
            assert set(rows.tolist()) <= set(range(10, 20))
    assert seen == event.end - event.start


def test_suites_say_which_are_made():
    videos = (clip("a"), clip("b"))
    made = long_videos.videos_of(videos, Clips(long=LONG, long_frames=20))
    assert [video.name for video in made] == [
        f"{name}.1.forwards.{kind}" for name in "ab" for kind in LONG
    ]
    assert {video.cluster for video in made} == {"a", "b"}
    away = [v.events[0] for v in made if v.scenario == "interrupted"]
    assert all(60 <= event.end - event.start <= 200 for event in away)
    assert long_videos.videos_of(videos, Clips()) == ()
    with pytest.raises(InputError, match="another"):
        long_videos.videos_of(videos[:1], Clips(long=LONG))
    with pytest.raises(InputError, match="ping_pong"):
        Clips(long=("ping",))
