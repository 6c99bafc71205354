"""Damaged media, full disks and outputs in the way: cases of a trial by bad inputs.

Each ended with exit 0, a lost file or a message of no help at commit ccfdae4.
"""

import os

import cv2
import numpy as np
import pytest

from samn_jax.data.formats import images
from tests.media import clips
from tests.track import conftest
from tests.track.conftest import FRAMES

# The fixtures of the command's own tests.
clip, first_mask, run, tracker = (
    conftest.clip, conftest.first_mask, conftest.run, conftest.tracker,
)  # fmt: skip
NOISE = clips.make_frames(30)


def assert_fails(result, *words):
    status, said, error = result
    last = error.splitlines()[-1]
    assert status != 0 and last.startswith("error: "), error
    assert "Traceback" not in error
    assert all(word in last for word in words), error
    return said


def names(folder):
    return sorted(p.name for p in folder.iterdir())


# 3: a disk that is full.


@pytest.mark.parametrize("name", ["out.mp4", "out.webm", "out", "boxes.csv"])
def test_3_full_disk_is_an_error_and_keeps_the_earlier_result(
    run, tmp_path, small_disk, name
):
    video = clips.write_video(tmp_path / "in.mp4", NOISE)
    old = small_disk / "out.mp4"
    old.write_bytes(b"an earlier result")
    filler = small_disk / "filler"
    filler.write_bytes(bytes(30_000 if name != "boxes.csv" else 60_000))
    if name == "boxes.csv":
        with pytest.raises(OSError):  # No byte is left.
            (small_disk / "more").write_bytes(bytes(60_000))
    option = "--boxes" if name == "boxes.csv" else "--output"
    result = run(video, option, small_disk / name, "--box=5,30,30,30")
    said = assert_fails(result, name, "the disk is full: free some space")
    assert "wrote" not in said
    assert old.read_bytes() == b"an earlier result"
    assert set(names(small_disk)) <= {"filler", "more", "out.mp4"}


# 4: finished results.


def test_4_a_failing_run_leaves_an_earlier_video(run, clip, tmp_path):
    folder, output = tmp_path / "frames", tmp_path / "out.mp4"
    folder.mkdir()
    for path in clip.glob("*.png"):
        (folder / path.name).write_bytes(path.read_bytes())
    run(clip, "--output", output)
    before = output.read_bytes()
    (folder / "003.png").write_bytes(b"\x89PNG, and then nothing")
    said = assert_fails(run(folder, "--output", output), "003.png")
    assert output.read_bytes() == before
    assert "out.incomplete.mp4: 3 of 8 frames" in said
    assert len(clips.read_back(tmp_path / "out.incomplete.mp4")[0]) == 3


@pytest.mark.parametrize("kind", ["hard link", "symlink", "same"])
def test_4_output_that_is_the_input_by_another_name(run, tmp_path, kind):
    video = clips.write_video(tmp_path / "in.mp4", FRAMES)
    output = tmp_path / "out.mp4"
    if kind == "hard link":
        os.link(video, output)
    elif kind == "symlink":
        output.symlink_to(video)
    else:
        output = tmp_path / "." / "in.mp4"
    before = video.read_bytes()
    assert_fails(
        run(video, "--output", output), "is the input file", "give another output"
    )
    assert video.read_bytes() == before


def test_4_a_folder_never_holds_pictures_of_two_runs(run, clip, tmp_path):
    output, short = tmp_path / "out", tmp_path / "short"
    short.mkdir()
    for path in sorted(clip.glob("*.png"))[:4]:
        (short / path.name).write_bytes(path.read_bytes())
    run(clip, "--output", output)
    assert_fails(run(short, "--output", output), "isn't empty")
    assert len(names(output)) == 8
    status, *_ = run(short, "--output", output, "--overwrite")
    assert status == 0 and names(output) == [f"{i:05d}.jpg" for i in range(4)]


# 9: damaged media.


@pytest.mark.parametrize("kind", ["cut.avi", "damaged.avi", "damaged.mp4", "cut.mkv"])
def test_9_damaged_videos_are_an_error_after_the_good_frames(run, tmp_path, kind):
    harm, suffix = kind.split(".")
    codec = "mpeg4" if suffix == "avi" else "libx264"
    video = clips.write_video(tmp_path / kind, NOISE, codec)
    clips.cut(video, 0.6) if harm == "cut" else clips.damage(video)
    result = run(video, "--output", tmp_path / "out.mp4", "--box=5,30,30,30")
    said = assert_fails(result, kind, "cut short or damaged after", "of 30 frames")
    count = len(clips.read_back(tmp_path / "out.mp4")[0])
    assert 3 < count < 30 and f"out.mp4: {count} of 30 frames" in said


def test_9_frames_come_in_natural_order(run, clip, tmp_path):
    frames, shown = tmp_path / "frames", tmp_path / "shown"
    frames.mkdir()
    for index in range(12):
        frame = FRAMES[min(index, len(FRAMES) - 1)]
        cv2.imwrite(str(frames / f"{index}.png"), frame[..., ::-1])
    status, *_ = run(frames, "--output", shown)
    assert status == 0
    # The square goes down, its label above it.
    pictures = [cv2.imread(str(path)) for path in sorted(shown.iterdir())]
    rows = [np.ptp(picture, axis=2).max(axis=1) > 40 for picture in pictures]
    lowest = [int(np.flatnonzero(row)[-1]) for row in rows]
    assert lowest == sorted(lowest) and len(set(lowest)) > 4


def test_9_odd_sizes_keep_their_last_row(run, tmp_path):
    frames = np.ascontiguousarray(FRAMES[:, :-1, :-1])
    video = clips.write_video(tmp_path / "odd.webm", frames, "libvpx-vp9")
    for output in ("out.mp4", "out.webm"):
        status, *_ = run(video, "--output", tmp_path / output, "--box=30,30,20,20")
        assert status == 0
        assert clips.read_back(tmp_path / output)[0][0].shape == (95, 119, 3)


# 13: messages.


def test_13_a_frame_of_another_size_is_named(run, clip, tmp_path):
    for path in clip.glob("*.png"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    cv2.imwrite(str(tmp_path / "002.png"), FRAMES[2][:, :-9])
    result = run(tmp_path, "--output", tmp_path / "out.mp4")
    assert_fails(result, "002.png is 111 x 96", "120 x 96", "bring all to one size")


@pytest.mark.parametrize("kind", ["empty", "another size", "folder"])
def test_13_a_mask_that_cannot_be_used_is_named(run, clip, tmp_path, kind):
    path = tmp_path / "first.png"
    if kind == "folder":
        path.mkdir()
    else:
        pixels = np.zeros((96, 120)) if kind == "empty" else np.ones((5, 5))
        images.write_mask(path, pixels.astype(np.uint8))
    words = {"empty": "empty", "folder": "is a folder", "another size": "120 x 96"}
    result = run(clip, "--output", tmp_path / "out", f"--mask={path}")
    assert_fails(result, "first.png", words[kind])


def test_13_counts_are_those_of_the_video(run, tmp_path):
    video = clips.write_video(tmp_path / "in.webm", FRAMES, "libvpx-vp9")
    _, said, _ = run(video, "--output", tmp_path / "out.webm", "--box=30,30,20,20")
    assert "out.webm: 8 of 8 frames" in said
    # A recording that was sent as it was made doesn't say how long it is.
    sent = clips.write_sent(tmp_path / "sent.mkv", FRAMES)
    _, said, _ = run(sent, "--output", tmp_path / "sent", "--box=30,30,20,20")
    assert "sent: 8 frames" in said and "-" not in said.split(": ")[1]


def test_13_a_picture_is_no_video_of_one_frame(run, tmp_path):
    cv2.imwrite(str(tmp_path / "in.jpg"), FRAMES[0])
    result = run(tmp_path / "in.jpg", "--output", tmp_path / "o", "--box=30,30,20,20")
    assert_fails(result, "in.jpg is a picture", "folder of frames")


def test_13_webm_is_a_video_and_unknown_suffixes_are_refused(run, clip, tmp_path):
    run(clip, "--output", tmp_path / "out.webm")
    assert clips.read_back(tmp_path / "out.webm")[1]["codec"] == "vp9"
    result = run(clip, "--output", tmp_path / "out.foo")
    assert_fails(result, "out.foo", "suffix of a video", ".mp4")
    assert not (tmp_path / "out.foo").exists()


def test_13_a_cut_mp4_is_called_cut(run, tmp_path):
    video = clips.write_video(tmp_path / "in.mp4", FRAMES)
    clips.cut(video, 0.9)
    result = run(video, "--output", tmp_path / "out.mp4")
    assert_fails(result, "in.mp4 can't be read as a video: it is cut short")


def test_13_a_place_that_cannot_be_written_says_why(run, clip, tmp_path):
    (tmp_path / "file").write_text("in the way")
    result = run(clip, "--output", tmp_path / "file" / "out.mp4")
    assert_fails(result, "a part of the path is a file")


def test_13_names_are_shown_escaped(run, tmp_path):
    folder = tmp_path / "evil\x1b[31m\nname"
    folder.mkdir()
    result = run(folder, "--output", tmp_path / "out.mp4")
    assert_fails(result, r"evil\x1b[31m\nname holds no frames")
