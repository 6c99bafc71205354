import subprocess
import sys
import time

import cv2
import numpy as np

from samn_jax import compilation
from samn_jax.data.formats import images
from samn_jax.inspect import trace_file
from samn_jax.media import source
from samn_jax.track import command
from tests.media import clips
from tests.track.conftest import FRAMES, MASKS


def assert_fails(result, *words):
    status, _, error = result
    last = error.splitlines()[-1]
    assert status == 2 and last.startswith("error: "), error
    assert "Traceback" not in error
    assert all(word in last for word in words), error


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def test_folder_to_folder(run, clip, tmp_path):
    output = tmp_path / "deep" / "out"
    status, said, _ = run(clip, "--output", output)
    assert status == 0 and "8 of 8 frames" in said
    assert names(output) == [f"{i:05d}.jpg" for i in range(8)]
    picture = cv2.imread(str(output / "00000.jpg"))[..., ::-1].astype(int)
    changed = np.abs(picture - FRAMES[0]).max(axis=-1) > 20
    assert changed[34:46, 34:46].mean() > 0.5, "the mask is drawn"
    assert not changed[80:, 80:].any(), "the rest is as it was"


def test_video_to_video_keeps_sound(run, tmp_path):
    video = clips.write_video(tmp_path / "in.mp4", FRAMES, sound="aac")
    status, said, error = run(video, "--output", tmp_path / "out.mp4")
    assert status == 0 and "object 1: found in every frame" in said
    assert "compiling" in error and "first frame after" in error
    frames, facts, _ = clips.read_back(tmp_path / "out.mp4")
    assert len(frames) == 8 and facts["sound"][0] == "aac"


def test_part_of_a_video_both_ways(run, clip, tmp_path):
    images.write_mask(tmp_path / "third.png", MASKS[4].astype(np.uint8))
    status, said, _ = run(
        clip, f"--mask={tmp_path / 'third.png'}", "--start=4", "--both", "--frames=3",
        "--masks", tmp_path / "masks",
    )  # fmt: skip
    assert status == 0 and "5 of 5 frames" in said
    assert names(tmp_path / "masks") == [f"{i:03d}.png" for i in range(2, 7)]
    last = images.read_mask(tmp_path / "masks" / "002.png")
    assert (last[MASKS[2]] == 1).mean() > 0.8


def test_backward_begins_at_the_end(run, clip, tmp_path):
    images.write_mask(tmp_path / "last.png", MASKS[7].astype(np.uint8))
    status, said, _ = run(
        clip, f"--mask={tmp_path / 'last.png'}", "--backward", "--every=2",
        "--masks", tmp_path / "masks",
    )  # fmt: skip
    assert status == 0 and "4 of 4 frames" in said
    assert names(tmp_path / "masks") == [f"{i:03d}.png" for i in (1, 3, 5, 7)]


def test_bad_frame_keeps_what_was_tracked(run, clip, tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    for path in clip.glob("*.png"):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "002.png").write_bytes(b"\x89PNG, and then nothing")
    result = run(folder, "--output", tmp_path / "out.mp4")
    assert_fails(result, "002.png")
    assert "out.mp4: 2 of 8 frames" in result[1]
    assert len(clips.read_back(tmp_path / "out.mp4")[0]) == 2


def test_bad_start(run, clip, tmp_path):
    output = ("--output", tmp_path / "out")
    assert_fails(run(clip, *output, "--box=500,5,9,9"), "outside the frame of 120 x 96")
    assert_fails(run(clip, *output, "--box=nan,5,9,9"), "is no box")
    assert_fails(run(clip, *output, "--box=1,2,3"), "1,2,3 is not x,y,w,h")
    twice = ("--box=dog=1,2,3,4", "--box=dog=1,2,3,4")
    assert_fails(run(clip, *output, *twice), "two objects are called dog")
    assert_fails(run(clip, *output, "--box=../x=1,2,3,4"), "is empty or begins")
    assert_fails(run(clip, *output, "--start=8"), "has 8 frames, from 0 on")
    assert_fails(run(clip, *output, "--every=0"), "1 or more")
    missing = f"--mask={tmp_path / 'none.png'}"
    assert_fails(run(clip, *output, missing), "none.png is missing")
    assert names(tmp_path) == []


def test_several_slots_are_not_wasted(run, clip, tmp_path):
    boxes = [f"--box={x},{y},15,15" for x in (5, 40, 80) for y in (5, 60)]
    status, said, _ = run(clip, *boxes, "--masks", tmp_path / "m", "--frames=2")
    assert status == 0 and said.count("object") == 6


def test_a_settings_mistake_is_one_line(clip, tmp_path, capfd, monkeypatch):
    monkeypatch.setattr(compilation, "keep_compiled", lambda: None)
    words = [str(clip), "--output", str(tmp_path / "o"), "--box=30,30,20,20"]
    assert command.main([*words, "--checkpoint", str(tmp_path / "no.pth")]) == 2
    assert "no.pth is neither a file nor a shipped" in capfd.readouterr().err
    assert command.main([*words, "--set", "crop_sise=64"]) == 2
    assert "crop_sise" in capfd.readouterr().err
    assert names(tmp_path) == []


def test_settings_reach_the_tracker(clip, tmp_path, monkeypatch):
    monkeypatch.setattr(compilation, "keep_compiled", lambda: None)
    flags = command.arguments.parser().parse_args(
        ["v", "--box=1,2,3,4", "--set", "spatial.capacity=40", "--set=crop_size=128"]
        + ["--memory=fifo"]
    )
    config = command.load_tracker(flags).config
    assert config.memory.design == "fifo"
    assert config.spatial.capacity == 40 and config.crop_size == 128


def test_a_camera_is_recorded_until_it_is_interrupted(run, tmp_path, monkeypatch):
    class Camera:
        def __init__(self, number):
            self.given = 0

        def isOpened(self):
            return True

        def read(self):
            if self.given == 5:
                raise KeyboardInterrupt
            self.given += 1
            return True, np.ascontiguousarray(FRAMES[self.given - 1][..., ::-1])

        def release(self):
            pass

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(source.cv2, "VideoCapture", Camera)
    status, said, _ = run("0", "--output", tmp_path / "out.mp4")
    assert status == 0 and "out.mp4: 5 frames" in said
    assert len(clips.read_back(tmp_path / "out.mp4")[0]) == 5


def test_help_needs_neither_jax_nor_a_second():
    program = (
        "import sys\nfrom samn_jax.track import command\n"
        "try: command.main(['--help'])\nexcept SystemExit: pass\n"
        "print({'jax', 'cv2', 'av', 'numpy'} & set(sys.modules))"
    )
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("set()\n") and "--cutouts" in done.stdout
    assert time.monotonic() - began < 5  # Below 1 on a quiet machine.


def test_a_trace_is_written_beside_the_rest(run, clip, tmp_path):
    place = tmp_path / "clip.npz"
    status, said, _ = run(clip, "--trace", place, "--masks", tmp_path / "masks")
    assert status == 0 and "clip.npz: 8 of 8 frames" in said
    (one,) = trace_file.load(place).objects
    assert one.trace.frame.tolist() == list(range(8))
    assert run(clip, "--masks", tmp_path / "plain")[0] == 0
    for name in names(tmp_path / "plain"):
        pair = [images.read_mask(tmp_path / x / name) for x in ("masks", "plain")]
        np.testing.assert_array_equal(*pair)


def test_a_trace_of_both_ways_and_two_objects(run, clip, tmp_path):
    place = tmp_path / "clip.npz"
    boxes = ("--box=red=42,38,20,20", "--box=blue=45,40,20,20")
    status, _, _ = run(clip, *boxes, "--trace", place, "--start=4", "--both")
    assert status == 0
    objects = trace_file.load(place).objects
    assert [one.name for one in objects] == ["red", "blue"] * 2
    frames = [one.trace.frame.tolist() for one in objects]
    assert frames[0] == [4, 3, 2, 1, 0] and frames[2] == [4, 5, 6, 7]


def test_a_trace_needs_its_suffix(run, clip, tmp_path):
    assert_fails(run(clip, "--trace", tmp_path / "clip.json"), "--trace", ".npz")
