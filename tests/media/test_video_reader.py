from fractions import Fraction

import cv2
import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.media import source, video_reader
from tests.media import clips

FRAMES = clips.make_frames(40)
KINDS = [
    ("mp4", "libx264"),
    ("mkv", "libx264"),
    ("webm", "libvpx-vp9"),
    ("avi", "mpeg4"),
]


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind[0])
def video(request, tmp_path_factory):
    suffix, codec = request.param
    path = tmp_path_factory.mktemp("video") / f"clip.{suffix}"
    return clips.write_video(path, FRAMES, codec)


def test_every_frame_in_order_upright_and_in_rgb(video):
    read = list(source.open_source(str(video)).read(0, None))
    assert [frame.index for frame in read] == list(range(40))
    for frame, written in zip(read, FRAMES, strict=True):
        assert np.abs(frame.image.astype(int) - written).mean() < 8
        assert frame.time == pytest.approx(frame.index / 25, abs=1e-3)


def test_header_tells_rate_and_count(video):
    opened = source.open_source(str(video))
    assert opened.rate == 25 and opened.num_frames == 40 and opened.sound is None


@pytest.mark.parametrize("span", [(0, 9, 1), (33, 39, 2), (35, None, 1), (39, 90, 1)])
def test_a_part_equals_the_same_part_of_the_whole(video, span):
    opened = source.open_source(str(video))
    whole = list(opened.read(0, None))
    assert_same(list(opened.read(*span)), whole[slice(*span)])


def test_backward_equals_forward_reversed(video, monkeypatch):
    # Blocks of seven frames, so that blocks and groups of pictures don't agree.
    monkeypatch.setattr(video_reader, "_BLOCK_BYTES", 7 * FRAMES[0].nbytes)
    opened = source.open_source(str(video))
    whole = list(opened.read(0, None))
    assert_same(list(opened.read(39, -1, -1)), whole[::-1])
    assert_same(list(opened.read(38, 3, -3)), whole[38:3:-3])


def test_one_frame(video):
    opened = source.open_source(str(video))
    assert opened.frame(37).index == 37
    with pytest.raises(InputError, match="no frame 40: choose"):
        opened.frame(40)


def assert_same(found, expected):
    assert [f.index for f in found] == [f.index for f in expected]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.image, other.image)
        assert one.time == other.time


@pytest.mark.parametrize("clockwise", clips.ROTATIONS)
def test_rotation_in_the_header_is_applied(tmp_path, clockwise):
    path = clips.write_video(tmp_path / "phone.mp4", FRAMES[:3])
    upright = source.open_source(str(path)).frame(1).image
    clips.turn(path, clockwise)
    turned = source.open_source(str(path)).frame(1).image
    np.testing.assert_array_equal(turned, np.rot90(upright, -clockwise // 90))
    bgr = cv2.VideoCapture(str(path)).read()[1]  # OpenCV turns it as well.
    assert bgr.shape == turned.shape


def test_times_of_a_variable_rate_are_kept(tmp_path):
    times = [0, 40, 100, 120, 300, 340]
    path = clips.write_video(tmp_path / "phone.mp4", FRAMES[:6], times=times)
    read = source.open_source(str(path)).read(0, None)
    assert [frame.time * 1000 for frame in read] == times


def test_odd_sizes_keep_every_row(tmp_path):
    frames = clips.make_frames(3, (97, 121))
    path = clips.write_video(tmp_path / "odd.webm", frames, "libvpx-vp9")
    assert source.open_source(str(path)).frame(0).image.shape == (97, 121, 3)


def read_until_error(path):
    read = []
    with pytest.raises(InputError, match=r"after \d+ of 40 frames: copy it") as error:
        for frame in source.open_source(str(path)).read(0, None):
            read.append(frame)
    assert f"after {len(read)} of 40" in str(error.value)
    assert 5 < len(read) < 40
    return read


def test_a_cut_video_gives_all_its_frames_and_then_an_error(video, tmp_path):
    if video.suffix == ".mp4":
        pytest.skip("its index is at the end: see test_video_without_its_index")
    path = tmp_path / video.name
    path.write_bytes(video.read_bytes())
    clips.cut(path, 0.6)
    good = list(source.open_source(str(video)).read(0, None))
    read = read_until_error(path)
    assert_same(read, good[: len(read)])


def test_damage_inside_is_an_error(video, tmp_path):
    path = tmp_path / video.name
    path.write_bytes(video.read_bytes())
    # Noise inside one frame of VP9 decodes to other pixels, and nobody can tell.
    clips.damage(path, count=300 if video.suffix in (".mp4", ".avi") else 30_000)
    good = list(source.open_source(str(video)).read(0, None))
    read = read_until_error(path)
    if video.suffix in (".mp4", ".avi"):
        assert_same(read, good[: len(read)])


def test_video_without_its_index_is_one_line(tmp_path):
    path = clips.write_video(tmp_path / "cut.mp4", FRAMES)
    clips.cut(path, 0.9)
    with pytest.raises(InputError, match="cut.mp4 can't be read as a video: it is cut"):
        source.open_source(str(path))


def test_a_play_list_is_no_video(tmp_path):
    clips.write_video(tmp_path / "clip.ts", FRAMES[:5])
    text = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nclip.ts\n#EXT-X-ENDLIST\n"
    (tmp_path / "list.mp4").write_text(text)
    with pytest.raises(InputError, match="can't be read as a video"):
        source.open_source(str(tmp_path / "list.mp4"))


def test_names_that_look_like_addresses_are_files(tmp_path):
    path = clips.write_video(tmp_path / "clip.mp4", FRAMES[:3])
    odd = path.rename(tmp_path / "http:clip.mp4")
    assert source.open_source(str(odd)).num_frames == 3


def test_sound_alone_has_no_pictures(tmp_path):
    path = tmp_path / "song.mkv"
    import av

    with av.open(str(path), "w") as container:
        track = container.add_stream("aac", rate=48_000, layout="stereo")
        clips._write_tone(container, track, 0.2)
    with pytest.raises(InputError, match="holds no pictures"):
        source.open_source(str(path))


def test_non_square_pixels_are_told(tmp_path):
    path = tmp_path / "wide.mkv"
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = 96, 120, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
        picture = av.VideoFrame.from_ndarray(FRAMES[0], format="rgb24")
        container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    assert source.open_source(str(path)).pixel_aspect == Fraction(4, 3)
