import functools

import numpy as np
import pytest

from samn_jax.data.clips import augment, compose, cropping, resolution, sampling
from samn_jax.data.clips.config import SamplingConfig
from samn_jax.data.clips.sources import Frame, Video
from samn_jax.errors import InputError
from tests.data import blobs


def frame(seed):
    return Frame(f"f{seed}", functools.partial(blobs.picture, seed))


PHOTOS = tuple(frame(i) for i in range(3))
VIDEOS = (Video("v", tuple(frame(i) for i in range(12))),)
PLAIN = {
    "crop_size": 32, "center_jitter": 0.0, "scale_jitter": 0.0, "leave_share": 0.0,
    "color": 0.0, "blur_share": 0.0, "distractor_share": 0.0, "occluder_share": 0.0,
}  # fmt: skip


def draw(photos=PHOTOS, videos=VIDEOS, seed=0, index=0, **settings):
    clips = sampling.Clips(photos, videos, SamplingConfig(**settings))
    return clips(np.random.default_rng(seed), index)


def test_a_sample_has_the_shapes_it_says():
    sample = draw(num_frames=4, crop_size=48)
    assert sample["frames"].shape == (4, 48, 48, 3)
    assert sample["masks"].shape == (4, 48, 48)
    assert sample["centers"].shape == (4, 2)
    assert sample["frames"].dtype == sample["masks"].dtype == np.uint8
    assert sample["centers"].dtype == np.float32
    assert set(np.unique(sample["masks"])) <= {0, 1}


def test_the_seed_decides_everything():
    first, again, other = draw(seed=1), draw(seed=1), draw(seed=2)
    for name, value in first.items():
        np.testing.assert_array_equal(value, again[name])
    assert (first["frames"] != other["frames"]).any()


def test_masks_lie_on_their_objects():
    for seed in range(10):
        sample = draw(photos=(), seed=seed, num_frames=2, **PLAIN)
        inside = sample["frames"][sample["masks"] > 0]
        assert np.mean(inside[:, 0] > 160) > 0.9, seed


def test_several_objects_get_ids_from_one():
    sample = draw(photos=(), num_frames=2, max_objects=3, **PLAIN)
    assert set(np.unique(sample["masks"][0])) == {0, 1, 2}


def test_the_source_is_counted_over_photos_then_videos():
    clips = sampling.Clips(PHOTOS, VIDEOS, SamplingConfig())
    assert clips.names == ["f0", "f1", "f2", "v"]
    assert draw(video_share=1.0)["source"] == 3
    assert draw(video_share=0.0)["source"] < 3


def test_the_gap_grows_to_its_largest():
    config = SamplingConfig(max_gap=11, gap_growth=100)
    clips = sampling.Clips((), VIDEOS, config)
    assert [clips.max_gap(i) for i in (0, 50, 100, 10**6)] == [1, 6, 11, 11]
    early = [
        clips._pick_frames(np.random.default_rng(i), VIDEOS[0].frames, 0)[0]
        for i in range(20)
    ]
    order = np.array([[int(f.name[1:]) for f in frames] for frames in early])
    assert set(np.abs(np.diff(order)).ravel()) == {1}


def test_useless_draws_are_counted_and_logged_once(caplog):
    def damaged():
        raise InputError("frame of the useless video is damaged")

    bad = Video("bad", tuple(Frame(str(i), damaged) for i in range(3)))
    samples = [
        draw(photos=(), videos=(bad, *VIDEOS), seed=seed, num_frames=2)
        for seed in range(8)
    ]
    assert all(sample["source"] == 1 for sample in samples)
    assert sum(int(sample["skipped"]) for sample in samples) > 1
    assert caplog.text.count("frame of the useless video is damaged") == 1


def test_videos_shorter_than_a_clip_are_refused():
    with pytest.raises(InputError, match="video v has 12 annotated frames, a clip 13"):
        draw(num_frames=13)


def test_data_without_objects_is_an_error():
    empty = Frame("e", lambda: (np.zeros((9, 9, 3), np.uint8), np.zeros((9, 9), int)))
    with pytest.raises(InputError, match="no object of 64"):
        draw(photos=(empty,), videos=())


def test_a_vanished_object_leaves_an_empty_mask():
    gone = Frame("g", lambda: (blobs.picture(0)[0], np.zeros(blobs.SIZE, np.uint8)))
    video = Video("v", (frame(0), gone))
    masks = [
        draw(photos=(), videos=(video,), seed=s, num_frames=2, **PLAIN)["masks"]
        for s in range(6)
    ]
    # Played backwards it has no first mask, and is drawn again.
    assert all(m[0].any() and not m[1].any() for m in masks)


def test_large_objects_are_cropped_whole():
    box = np.array([50.0, 50.0, 90.0, 20.0])
    assert cropping.crop_side(box, 1.0, (100, 100)) == pytest.approx(108)
    assert cropping.crop_side(box, 9.0, (100, 100)) == pytest.approx(108)
    small = np.array([50.0, 50.0, 10.0, 10.0])
    assert cropping.crop_side(small, 3.0, (100, 100)) == pytest.approx(30)


def plain_disc(name, color):
    rows, columns = np.indices((60, 80))
    disc = ((rows - 30) ** 2 + (columns - 40) ** 2 < 15**2).astype(np.uint8)
    return Frame(name, lambda: (disc[..., None] * np.uint8(color), disc))


def test_a_background_is_put_behind_the_objects():
    red = plain_disc("red", (250, 0, 0))
    disc = red.load()[1]
    green = np.zeros((60, 80, 3), np.uint8) + np.uint8([0, 250, 0])
    video = Video("red", (red,) * 3)
    photo = Frame("green", lambda: (green, disc))
    settings = {"num_frames": 3, "video_share": 1.0, **PLAIN}
    for share in (0.0, 1.0):
        sample = draw((photo,), (video,), background_share=share, **settings)
        frames, masks = sample["frames"].astype(int), sample["masks"] > 0
        assert frames[masks][:, 0].mean() > 200
        behind = frames[~masks][:, 1].mean()
        assert behind > 240 if share else behind == 0.0


def color_shares(sample, channel):
    """Returns the share of bright pixels on the object and beside it."""
    bright = sample["frames"][..., channel] > 200
    masks = sample["masks"] > 0
    return bright[masks].mean(), bright[~masks].mean()


def test_a_copy_of_a_videos_object_is_pasted_in_as_background():
    red = Video("red", (plain_disc("red", (250, 0, 0)),) * 3)
    photos = (plain_disc("green", (0, 250, 0)),)
    settings = {**PLAIN, "num_frames": 3, "video_share": 1.0, "distractor_share": 1.0}
    beside = []
    for seed in range(8):
        sample = draw(photos, (red,), seed, look_alike_share=1.0, **settings)
        on, off = color_shares(sample, 0)
        assert on > 0.9 and color_shares(sample, 1) == (0.0, 0.0)
        beside.append(off)
    assert np.mean(beside) > 0.02
    assert color_shares(draw((), (red,), **settings), 0)[1] < 0.01


def test_pasted_objects_come_from_photos_and_videos():
    red = Video("red", (plain_disc("red", (250, 0, 0)),) * 3)
    blue = plain_disc("blue", (0, 0, 250))
    settings = {**PLAIN, "num_frames": 3, "distractor_share": 1.0}
    red_beside = [
        color_shares(draw((blue,), (red,), seed, video_share=share, **settings), 0)[1]
        for share in (0.0, 0.5)
        for seed in range(12)
    ]
    assert max(red_beside[:12]) == 0.0 < max(red_beside[12:])


def test_without_photos_pasted_objects_come_from_other_videos():
    red = Video("red", (plain_disc("red", (250, 0, 0)),) * 3)
    blue = Video("blue", (plain_disc("blue", (0, 0, 250)),) * 3)
    settings = {**PLAIN, "num_frames": 3, "distractor_share": 1.0}
    beside = []
    for seed in range(20):
        sample = draw((), (red, blue), seed, **settings)
        own, other = (0, 2) if sample["source"] == 0 else (2, 0)
        assert color_shares(sample, own)[1] < 0.01, "never a second one of its own"
        beside.append(color_shares(sample, other)[1])
    assert np.mean(beside) > 0.02
    alone = draw((), (red,), **settings)
    assert color_shares(alone, 0)[1] < 0.01, "there is no other"


def test_look_alikes_of_photos_have_the_same_name_up_to_the_number():
    cats = [plain_disc(f"cats-{i}.jpg", (250, 0, 0)) for i in range(2)]
    dogs = [plain_disc(f"dogs-{i}.jpg", (0, 0, 250)) for i in range(30)]
    clips = sampling.Clips((*dogs, *cats), (), SamplingConfig(num_frames=2))
    for seed in range(20):
        pairs = clips._draw_kin(np.random.default_rng(seed), 30)
        assert len(pairs) == 2 and pairs[0][0][..., 0].max() == 250
    kinds = {sampling.kind_of(name) for name in ("a/cats-01.jpg", "cats-2.png")}
    assert kinds == {"cats-"}
    # A photo that is alone of its kind is given any.
    lonely = sampling.Clips((*dogs, cats[0]), (), SamplingConfig(num_frames=2))
    assert lonely._draw_kin(np.random.default_rng(0), 30)[0][0][..., 2].max() == 250


def test_a_look_alike_is_near_the_size_of_its_original():
    mask = np.zeros((100, 100), np.uint8)
    mask[10:30, 20:65] = 1  # a box of 20 × 45: .3 of the crop
    sizes = [
        compose.draw_size(np.random.default_rng(i), mask, like=True) for i in range(50)
    ]
    assert 0.3 * np.exp(-0.35) < min(sizes) < 0.25 and 0.36 < max(sizes) < 0.43
    free = [
        compose.draw_size(np.random.default_rng(i), mask, like=False) for i in range(50)
    ]
    assert 0.15 < min(free) < 0.2 and 0.5 < max(free) < 0.6


def test_a_box_start_shows_the_first_frame_twice_and_its_mask_filled():
    photo = plain_disc("disc", (200, 200, 200))
    sample = draw((photo,), num_frames=3, box_share=1.0, video_share=0.0, **PLAIN)
    first, again = sample["masks"][:2]
    rows, columns = np.flatnonzero(again.any(1)), np.flatnonzero(again.any(0))
    expected = np.zeros_like(again)
    expected[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = 1
    np.testing.assert_array_equal(first, expected)
    np.testing.assert_array_equal(sample["frames"][0], sample["frames"][1])
    assert again.sum() < first.sum()


def test_times_are_the_frames_between_and_those_of_photos_a_mean_gap():
    clips = sampling.Clips((), VIDEOS, SamplingConfig(num_frames=4, max_gap=3))
    for seed in range(10):
        rng = np.random.default_rng(seed)
        frames, times = clips._pick_frames(rng, VIDEOS[0].frames, 0)
        order = np.array([int(f.name[1:]) for f in frames])
        np.testing.assert_array_equal(times, np.abs(order - order[0]))
        assert times[0] == 0 and (np.diff(times) > 0).all()
    photo = draw(video_share=0.0, num_frames=4, max_gap=12)
    np.testing.assert_array_equal(photo["times"], [0, 6, 12, 18])
    assert photo["times"].dtype == np.int32


def test_others_say_where_something_was_pasted_in():
    pasted = draw(num_frames=3, seed=2, **{**PLAIN, "distractor_share": 1.0})
    plain = draw(num_frames=3, seed=2, **PLAIN)
    assert not plain["others"].any()
    assert pasted["others"].any() and not (pasted["others"] & pasted["masks"]).any()
    covered = draw(num_frames=3, seed=2, **{**PLAIN, "occluder_share": 1.0})
    both = np.stack([covered["others"] > 0, covered["masks"] > 0])
    assert both.any((1, 2, 3)).all() and not both.all(0).any()


def fineness(frames):
    """Returns the mean change from pixel to pixel."""
    return np.abs(np.diff(frames.astype(float), axis=2)).mean()


def test_coarse_clips_show_a_target_of_few_pixels():
    settings = {**PLAIN, "crop_size": 96, "num_frames": 3, "max_objects": 1}
    fine = draw(photos=(), **settings)
    coarse = draw(photos=(), coarse_share=1.0, coarse_px=(8.0, 8.0), **settings)
    assert fineness(coarse["frames"]) < 0.6 * fineness(fine["frames"])
    np.testing.assert_array_equal(coarse["masks"][1:], fine["masks"][1:])
    first, was = coarse["masks"][0] > 0, fine["masks"][0] > 0
    assert (first != was).any() and (first & was).sum() / (first | was).sum() > 0.7
    # A reduced mask has about 8 x 8 pixels, each a square of many in the crop.
    size = np.sqrt(was.sum())
    runs = np.diff(np.flatnonzero(np.diff(first.any(0).astype(int))))
    assert size / 8 > 2 and runs[0] >= size / 2
    small = draw(photos=(), coarse_share=1.0, coarse_px=(96.0, 96.0), **settings)
    np.testing.assert_array_equal(small["frames"], fine["frames"])


def test_coarse_clips_are_a_share():
    rng = np.random.default_rng(0)
    frames, mask = [np.zeros((32, 32, 3), np.uint8)], np.zeros((32, 32), np.uint8)
    frames[0][::2], mask[4:28, 4:28] = 255, 1
    config = SamplingConfig(coarse_share=0.25, coarse_px=(4.0, 12.0))
    found = [
        resolution.lowered(rng, config, frames, mask)[0] is not frames
        for _ in range(400)
    ]
    assert abs(np.mean(found) - 0.25) < 0.06


def test_blur_is_as_long_as_it_says():
    dot = np.zeros((41, 41, 3), np.uint8)
    dot[20, 20] = 255
    for low, high in ((3, 9), (15, 25)):
        spans = []
        for seed in range(60):
            blurred = augment.random_blur(np.random.default_rng(seed), dot, (low, high))
            y, x = np.nonzero(blurred[..., 0])
            spans.append(max(np.ptp(x), np.ptp(y)) + 1)
        assert max(spans) <= high and max(spans) > low
        assert min(spans) >= np.floor(low / np.sqrt(2)) - 1


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"blur_px": (9, 3)}, r"blur_px is \(9, 3\)"),
        ({"coarse_px": (1.0, 20.0)}, "at least 4"),
        ({"coarse_share": 1.5}, "coarse_share is 1.5"),
    ],
)
def test_impossible_changes_are_refused(settings, words):
    with pytest.raises(InputError, match=words):
        SamplingConfig(**settings)
