import functools

import numpy as np
import pytest

from samn_jax.data.clips import config, sampling, shares
from samn_jax.data.clips.config import SamplingConfig
from samn_jax.data.clips.sources import Frame, Video
from samn_jax.errors import InputError
from tests.data import blobs


def photo(name, *origins):
    return Frame(name, functools.partial(blobs.picture, 0), (), origins)


PHOTOS = (
    photo("static/images/coco-0000.jpg", "more", "static"),
    photo("static/images/coco-0001.jpg", "more", "static"),
    photo("static/images/pets-0000.jpg", "more", "static"),
    photo("static/images/ecssd-0000.jpg", "train", "static"),
)


def frequencies(chooser, count=4000):
    rng = np.random.default_rng(0)
    return np.bincount([chooser.draw(rng) for _ in range(count)]) / count


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ((), (1 / 4,) * 4),
        ((("coco", 3.0), ("", 1.0)), (3 / 8, 3 / 8, 1 / 8, 1 / 8)),
        ((("coco-0000", 1.0), ("more", 1.0), ("", 2.0)), (1 / 4, 1 / 8, 1 / 8, 1 / 2)),
        ((("static", 0.1),), (1 / 4,) * 4),
    ],
)
def test_sources_are_drawn_by_their_shares(setting, expected):
    chooser = shares.Chooser(PHOTOS, setting, "photo_shares")
    np.testing.assert_allclose(chooser.probabilities(), expected)
    # Four standard errors of a share of 4000 draws.
    np.testing.assert_allclose(frequencies(chooser), expected, atol=4 * 0.5 / 4000**0.5)


def test_without_shares_draws_are_those_of_the_generator():
    chooser = shares.Chooser(PHOTOS, (), "photo_shares")
    drawn = [chooser.draw(np.random.default_rng(seed)) for seed in range(30)]
    assert drawn == [int(np.random.default_rng(seed).integers(4)) for seed in range(30)]


def test_sources_and_data_must_match():
    with pytest.raises(InputError, match="pets-0000.jpg is of none of the sources"):
        shares.Chooser(PHOTOS, (("coco", 1.0),), "photo_shares")
    with pytest.raises(InputError, match="video_shares: nothing .* is of source 'yt-'"):
        shares.Chooser(PHOTOS, (("yt-", 1.0), ("", 1.0)), "video_shares")


@pytest.mark.parametrize(
    "setting", [(("a",),), ("ab",), ((1, 1.0),), (("a", 0.0),), (("a", float("nan")),)]
)
def test_bad_shares_are_refused_when_set(setting):
    with pytest.raises(InputError, match="video_shares has"):
        config._check_sources("video_shares", setting)
    with pytest.raises(InputError, match="photo_shares has .'a', -1.0.: give a share"):
        SamplingConfig(photo_shares=(("a", -1.0),))


def test_samples_follow_the_shares():
    frames = tuple(photo(f"{i}.jpg") for i in range(3))
    videos = (
        Video("walk", frames),
        Video("turn-cup", frames),
        Video("turn-car", frames),
    )
    settings = SamplingConfig(
        num_frames=2,
        crop_size=32,
        photo_shares=(("pets", 1.0), ("", 1.0)),
        video_shares=(("turn-", 1.0), ("", 9.0)),
    )
    clips = sampling.Clips(PHOTOS, videos, settings)
    sources = [int(clips(np.random.default_rng(i))["source"]) for i in range(200)]
    counts = np.bincount(sources, minlength=7)
    assert 30 < counts[2] < 70, "half of the photos are pets"
    assert counts[4] > 5 * counts[5:].sum() > 0, "turntables are rare"
