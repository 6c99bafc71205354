from fractions import Fraction

import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.media import destination, source, video_writer
from tests.media import clips

FRAMES = clips.make_frames(40)


def copy(path, output, span=(0, None, 1)):
    """Writes a part of a video anew."""
    opened = source.open_source(str(path))
    place = destination.Destination(output)
    writer = video_writer.VideoWriter(place, opened, span[2])
    frames = list(opened.read(*span))
    for frame in frames:
        writer.add(frame)
    writer.close()
    assert place.keep(whole=True) == output
    assert sorted(p.name for p in output.parent.iterdir() if "partial" in p.name) == []
    return frames


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    return clips.write_video(path, FRAMES, rate=Fraction(30000, 1001), sound="aac")


@pytest.mark.parametrize(
    ("suffix", "codec", "sound"),
    [
        (".mp4", "h264", "aac"),
        (".mov", "h264", "aac"),
        (".m4v", "h264", "aac"),
        (".mkv", "h264", "aac"),
        (".webm", "vp9", "opus"),
    ],
)
def test_size_rate_frames_and_sound_are_kept(video, tmp_path, suffix, codec, sound):
    copy(video, tmp_path / f"out{suffix}")
    frames, facts, _ = clips.read_back(tmp_path / f"out{suffix}")
    assert facts["codec"] == codec and facts["pixels"] == "yuv420p"
    assert facts["rate"] == Fraction(30000, 1001)
    assert len(frames) == 40
    for found, written in zip(frames, FRAMES, strict=True):
        assert found.shape == written.shape
        assert np.abs(found.astype(int) - written).mean() < 8
    name, first, last = facts["sound"]
    assert name == sound and first < 0.03 and 1.25 < last < 40 * 1001 / 30000


def test_sound_that_fits_is_copied_bit_for_bit(video, tmp_path):
    copy(video, tmp_path / "out.mp4")
    before, after = clips.read_back(video)[2], clips.read_back(tmp_path / "out.mp4")[2]
    # The encoder's lead-in, before the first picture, is left out.
    assert after == before[1 : 1 + len(after)] and len(after) >= len(before) - 2


def test_a_part_keeps_its_part_of_the_sound(video, tmp_path):
    copy(video, tmp_path / "out.mp4", (10, 30, 2))
    frames, facts, _ = clips.read_back(tmp_path / "out.mp4")
    assert len(frames) == 10 and facts["rate"] == Fraction(15000, 1001)
    _, first, last = facts["sound"]
    assert first < 0.03 and 0.6 < last < 0.67 + 0.03


@pytest.mark.parametrize("suffix", video_writer.SUFFIXES)
def test_odd_sizes_are_read_back_equal(tmp_path, suffix):
    frames = clips.make_frames(5, (97, 121))
    clips.write_video(tmp_path / "odd.webm", frames, "libvpx-vp9", sound="libopus")
    copy(tmp_path / "odd.webm", tmp_path / f"out{suffix}")
    found, _, sound = clips.read_back(tmp_path / f"out{suffix}")
    assert [f.shape for f in found] == [(97, 121, 3)] * 5 and sound
    assert np.abs(found[2].astype(int) - frames[2]).mean() < 8


def test_times_of_a_variable_rate_are_kept(tmp_path):
    times = [0, 40, 100, 120, 300, 340]
    clips.write_video(tmp_path / "phone.mp4", FRAMES[:6], times=times)
    copy(tmp_path / "phone.mp4", tmp_path / "out.mp4")
    read = source.open_source(str(tmp_path / "out.mp4")).read(0, None)
    np.testing.assert_allclose([float(f.time) * 1000 for f in read], times, atol=1)


def test_colors_are_kept(tmp_path):
    colors = [(220, 30, 30), (30, 220, 30), (30, 30, 220), (250, 250, 20)]
    frame = np.repeat(np.array(colors, np.uint8), 32, axis=0)
    frames = np.broadcast_to(frame[None, None], (3, 96, 128, 3)).copy()
    clips.write_video(tmp_path / "in.mp4", frames)
    copy(tmp_path / "in.mp4", tmp_path / "out.mp4")
    found = clips.read_back(tmp_path / "out.mp4")[0][1]
    assert np.abs(found[48, 16::32].astype(int) - colors).max() <= 6


def test_it_plays_before_it_is_loaded(video, tmp_path):
    copy(video, tmp_path / "out.mp4")
    data = (tmp_path / "out.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_frames_of_two_sizes_are_refused(video, tmp_path):
    opened = source.open_source(str(video))
    place = destination.Destination(tmp_path / "out.mp4")
    writer = video_writer.VideoWriter(place, opened)
    first, second, *_ = opened.read(0, 2)
    writer.add(first)
    with pytest.raises(InputError, match="frame 1 is 111 x 96, those before 120 x 96"):
        writer.add(second._replace(image=second.image[:, :-9]))
    place.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_lost_frames_is_refused(video, tmp_path, monkeypatch):
    monkeypatch.setattr(
        video_writer.VideoWriter, "_encode", lambda self, frame: [], raising=True
    )
    opened = source.open_source(str(video))
    place = destination.Destination(tmp_path / "out.mp4")
    writer = video_writer.VideoWriter(place, opened)
    writer.add(opened.frame(0))
    with pytest.raises(InputError, match="out.mp4"):
        writer.close()
    place.discard()


@pytest.mark.parametrize("name", ["out.foo", "out.avi", "out.gif"])
def test_unknown_suffixes_are_refused(tmp_path, name):
    with pytest.raises(InputError, match=f"{name} has no suffix of a video: end it"):
        video_writer.check_suffix(tmp_path / name)
