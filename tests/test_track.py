import cv2
import numpy as np
import pytest

from samn_jax import errors, track
from samn_jax.data.formats import images
from samn_jax.tracking import Prediction, Tracker
from tests.tracking import color_net

BOX = "30,30,20,20"
FRAMES, MASKS = color_net.make_clip([(30 + 3 * i, 30 + 2 * i) for i in range(4)])


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clip")
    for index, frame in enumerate(FRAMES):
        write_frame(folder / f"{index:03d}.png", frame)
    (folder / "notes.txt").write_text("no frame")
    return folder


@pytest.fixture(scope="module")
def first_mask(tmp_path_factory):
    path = tmp_path_factory.mktemp("mask") / "first.png"
    images.write_mask(path, MASKS[0].astype(np.uint8))
    return str(path)


@pytest.fixture
def run(capfd, monkeypatch, first_mask):
    """The command, with a tracker that needs no weights and compiles soon."""
    tracker = Tracker(color_net.make_spec(use_spatial=False, memorize_every=0), {})
    monkeypatch.setattr(track.Tracker, "from_checkpoint", lambda checkpoint: tracker)
    # The command keeps compiled programs on disk: not those of the tests.
    monkeypatch.setattr(track.compilation, "keep_compiled", lambda: None)
    monkeypatch.setenv("OPENCV_FFMPEG_LOGLEVEL", "-8")  # And undone afterwards.

    def run(video, output, *start):
        start = start or ("--mask", first_mask)
        status = track.main([str(video), "--output", str(output), *start])
        return status, *capfd.readouterr()

    return run


def write_frame(path, frame):
    cv2.imwrite(str(path), frame[..., ::-1])


def assert_fails(result, *words):
    status, _, error = result
    assert status == 2
    assert error.startswith("error: ") and error.count("\n") == 1, error
    assert all(word in error for word in words), error


def test_folder_to_folder(run, clip, tmp_path):
    status, said, _ = run(clip, tmp_path / "deep" / "out")
    assert status == 0 and "4 of 4 frames" in said
    written = sorted((tmp_path / "deep" / "out").iterdir())
    assert [p.name for p in written] == [f"{i:05d}.jpg" for i in range(4)]
    picture = cv2.imread(str(written[0]))[..., ::-1].astype(int)
    changed = np.abs(picture - FRAMES[0]).max(axis=-1) > 20
    assert changed[34:46, 34:46].all(), "the mask is drawn"
    assert not changed[80:, 80:].any(), "the rest is as it was"


def test_folder_to_video(run, clip, tmp_path):
    output = tmp_path / "out.mp4"
    status, _, _ = run(clip, output)
    assert status == 0
    frames, count, _ = track.read_video(output)
    assert count == 4 and [f.shape for f in frames] == [(96, 120, 3)] * 4


def test_video_file_is_read_in_rgb(run, tmp_path):
    video = tmp_path / "in.mp4"
    writer = track.Writer(video, 12.0)
    for frame in FRAMES:
        writer.add(frame)
    writer.close()
    frames, count, rate = track.read_video(video)
    frames = list(frames)
    assert count == writer.count == len(frames) == 4 and rate == 12.0
    assert np.abs(frames[0].astype(int) - FRAMES[0]).mean() < 8
    status, _, _ = run(video, tmp_path / "out.mp4")
    assert status == 0 and (tmp_path / "out.mp4").stat().st_size > 0


def test_video_that_is_missing_empty_or_damaged(run, tmp_path):
    output = tmp_path / "out"
    assert_fails(run(tmp_path / "none.mp4", output), "none.mp4", "neither a video")
    (tmp_path / "empty").mkdir()
    assert_fails(run(tmp_path / "empty", output), "empty", "no frames")
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video at all" * 99)
    assert_fails(run(broken, output), "broken.mp4")


def test_bad_start(run, clip, tmp_path):
    output = tmp_path / "out"
    assert_fails(run(clip, output, "--box=500,5,9,9"), "no pixel of the frame")
    assert_fails(run(clip, output, "--box=nan,5,9,9"), "is no box")
    missing = str(tmp_path / "none.png")
    assert_fails(run(clip, output, "--mask", missing), "none.png is missing")
    images.write_mask(tmp_path / "small.png", np.ones((5, 5), np.uint8))
    small = str(tmp_path / "small.png")
    assert_fails(run(clip, output, "--mask", small), "(5, 5)", "(96, 120)")


def test_box_is_read(clip):
    arguments = [str(clip), "--output", "out", "--box=-1,30,20.5,20"]
    assert track.parse(arguments).box == (-1.0, 30.0, 20.5, 20.0)


@pytest.mark.parametrize("box", ["1,2,3", "1,2,3,x", "1,2,3,4,5", ""])
def test_box_that_is_not_four_numbers(run, clip, tmp_path, capfd, box):
    with pytest.raises(SystemExit) as exit_:
        run(clip, tmp_path / "out", f"--box={box}")
    assert exit_.value.code == 2
    assert "is not x,y,w,h" in capfd.readouterr().err


@pytest.mark.parametrize("kind", ["damaged", "another size"])
def test_bad_frame_keeps_what_was_written(run, clip, tmp_path, kind):
    folder = tmp_path / "frames"
    folder.mkdir()
    for path in clip.glob("*.png"):
        (folder / path.name).write_bytes(path.read_bytes())
    if kind == "damaged":
        (folder / "002.png").write_bytes(b"\x89PNG, and then nothing")
    else:
        write_frame(folder / "002.png", FRAMES[2][:, :-9])
    result = run(folder, tmp_path / "out.mp4")
    named = "002.png" if kind == "damaged" else "(96, 111)"
    assert_fails(result, named)
    frames, _, _ = track.read_video(tmp_path / "out.mp4")
    assert len(list(frames)) == 2


def test_output_that_cannot_be_written(run, clip, tmp_path):
    assert_fails(run(clip, clip), "is the video itself")
    (tmp_path / "file").write_text("in the way")
    assert_fails(run(clip, tmp_path / "file" / "out.mp4"), "can't be written")


def test_missing_checkpoint_is_one_line(clip, tmp_path, capfd, monkeypatch):
    monkeypatch.setattr(track.compilation, "keep_compiled", lambda: None)
    arguments = [str(clip), "--output", str(tmp_path / "o"), "--box", BOX]
    status = track.main([*arguments, "--checkpoint", str(tmp_path / "no.pth")])
    assert status == 2
    assert "no.pth is neither a file nor a shipped" in capfd.readouterr().err


def test_a_mask_of_two_objects_tracks_both(run, clip, tmp_path):
    ids = MASKS[0].astype(np.uint8)
    ids[8:20, 90:110] = 2
    images.write_mask(tmp_path / "two.png", ids)
    status, said, _ = run(clip, tmp_path / "out", "--mask", str(tmp_path / "two.png"))
    assert status == 0 and "4 of 4 frames" in said
    first = images.read_frame(tmp_path / "out" / "00000.jpg").astype(int)
    changed = np.abs(first - FRAMES[0]).sum(axis=2) > 25
    assert changed[MASKS[0]].mean() > 0.6 and changed[ids == 2].mean() > 0.6
    assert changed[ids == 0].mean() < 0.1
    # Each object has a line that says how it fares.
    last = images.read_frame(tmp_path / "out" / "00003.jpg").astype(int)
    labels = np.abs(last - FRAMES[3]).sum(axis=2)[:50, :60] > 300
    assert labels[:24].any() and labels[30:48].any()


def test_lost_target_is_drawn_as_lost():
    answer = Prediction(
        mask=np.zeros((96, 120), np.float32),
        polygon=np.zeros((4, 2), np.float32),
        box_xywh=np.zeros(4, np.float32),
        confidence=np.float32(0.0),
        uncertainty=np.float32(9.0),
    )
    lost = track.draw(FRAMES[0], answer)
    seen = track.draw(FRAMES[0], answer._replace(confidence=np.float32(0.5)))
    assert lost.shape == FRAMES[0].shape
    assert np.any(lost != FRAMES[0]) and np.any(lost != seen)
    np.testing.assert_array_equal(lost[40:], FRAMES[0][40:])


def test_writer_says_which_folder_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(errors.InputError, match="file can't be written"):
        track.Writer(tmp_path / "file", 25.0)
