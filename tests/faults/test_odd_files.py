"""Files of odd names, kinds and contents, in every command: one line, nothing lost.

Most ended with a traceback, waited for ever, or were taken for what they are not.
"""

import json
import os
from fractions import Fraction

import cv2
import jaxtyping
import numpy as np
import pytest
from PIL import Image

import evaluate
import train
from samn_jax import overrides
from samn_jax.convert import __main__ as convert
from samn_jax.data import check as data_check
from samn_jax.data import prepare
from samn_jax.data.formats import images
from samn_jax.errors import InputError
from samn_jax.evaluation import fingerprint, shards
from samn_jax.lab import command as lab
from samn_jax.media import source
from samn_jax.media.frames import Frame
from samn_jax.memory import check as memory_check
from samn_jax.models import average
from samn_jax.track import outputs
from samn_jax.track.results import FrameResult
from samn_jax.tracking import TrackerConfig
from tests.track import conftest
from tests.training import tiny

# The fixtures of the command's own tests.
clip, first_mask, run, tracker = (
    conftest.clip, conftest.first_mask, conftest.run, conftest.tracker,
)  # fmt: skip
LONG = "x" * 300
FOLDER = ("--dataset", "folder", "--tracker", "copy_first", "--workers", "1")
SMOKE = ("--config", "smoke", "--output_dir")


def assert_one_line(status, error):
    assert status not in (0, None)
    line = error.rstrip("\n").split("\n")[-1]
    assert line.startswith("error: ") and line.isprintable(), error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("main", "words"),
    [
        (evaluate.main, (*FOLDER, "--data_dir", "data", "--output_dir", LONG)),
        (evaluate.main, (*FOLDER, "--data_dir", LONG)),
        (evaluate.main, (*FOLDER, "--data_dir", "data", "--score_only", LONG)),
        (evaluate.main, (*FOLDER, "--data_dir", "data", "--merge", LONG)),
        (evaluate.main, ("--checkpoint", LONG)),
        (train.main, (*SMOKE, LONG)),
        (train.main, ("--config", LONG, "--output_dir", "out")),
        (convert.main, (LONG, "out.safetensors")),
        (average.main, (LONG, "--output", "out.safetensors")),
        (data_check.main, (LONG,)),
        (prepare.main, (LONG, "out")),
        (prepare.main, ("data", LONG)),
        (memory_check.main, (LONG + ".py:Mine",)),
        (lab.main, ("--suite", LONG)),
        (lab.main, ("--merge", LONG)),
    ],
)
def test_names_that_are_too_long_are_one_line(
    tmp_path, capsys, monkeypatch, main, words
):
    monkeypatch.chdir(tmp_path)
    tiny.write_clips(tmp_path / "data")
    assert_one_line(main(list(words)), capsys.readouterr().err)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize(
    "words",
    [("--output", f"{LONG}.mp4"), ("--output", LONG), ("--boxes", f"{LONG}.csv"),
     ("--output", "o.mp4", f"--mask={LONG}")],
)  # fmt: skip
def test_tracking_refuses_names_that_are_too_long(
    run, clip, tmp_path, monkeypatch, words
):
    monkeypatch.chdir(tmp_path)
    status, _, error = run(clip, *words)
    assert_one_line(status, error)
    status, _, error = run(LONG, "--output", "o.mp4")
    assert_one_line(status, error)
    assert not list(tmp_path.iterdir())


def test_a_long_name_in_another_script_is_written(run, clip, tmp_path):
    output = tmp_path / ("\u6f22" * 80 + ".mp4")  # 244 bytes
    assert run(clip, "--output", output)[0] == 0 and output.is_file()


@pytest.mark.parametrize("text", ["9" * 5, "9" * 30, "9" * 5000, "\u00b2"])
def test_a_camera_has_a_small_number(text):
    with pytest.raises((InputError, OSError)):
        source.open_source(text)


@pytest.mark.parametrize("text", ["0/0", "1/" + "9" * 5000, "\u00b2/3", "1/2/3", "/"])
def test_what_is_no_shard_is_refused(text):
    with pytest.raises(InputError, match="isn't i/n"):
        shards.parse_shard(text)


def test_results_that_lead_in_a_circle_are_one_line(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tiny.write_clips(tmp_path / "data")
    (tmp_path / "loop").symlink_to("loop")
    words = [*FOLDER, "--data_dir", "data", "--score_only", "loop"]
    assert_one_line(evaluate.main(words), capsys.readouterr().err)


def test_prepared_data_do_not_go_into_the_data(tmp_path, capsys):
    data = tiny.write_clips(tmp_path / "data")
    before = sorted(data.rglob("*"))
    for output in (data, data / "out", data / "JPEGImages" / "out"):
        code = prepare.main([str(data), str(output)])
        assert_one_line(code, capsys.readouterr().err)
    assert sorted(data.rglob("*")) == before


def test_a_suite_that_exits_is_an_error(tmp_path, capsys):
    (tmp_path / "my.py").write_text("raise SystemExit(0)\n")
    code = lab.main(["--suite", str(tmp_path / "my.py"), "--output", "out"])
    assert_one_line(code, capsys.readouterr().err)


# Pipes may never end: whoever opens one waits for ever.


def test_a_pipe_in_place_of_a_record_costs_that_video(tmp_path):
    words = evaluated_words(tmp_path)
    assert evaluate.main(words) == 0
    before = json.loads((tmp_path / "out" / "results.json").read_text())
    for path in (tmp_path / "out").rglob("clip0.json"):
        path.unlink()
        os.mkfifo(path)
    assert evaluate.main(words) == 0
    after = json.loads((tmp_path / "out" / "results.json").read_text())
    assert after["sequences"].keys() == before["sequences"].keys()
    assert after["metrics"] == before["metrics"]


def test_a_pipe_in_place_of_the_run_is_no_run(tmp_path):
    words = evaluated_words(tmp_path)
    (tmp_path / "out").mkdir()
    os.mkfifo(tmp_path / "out" / "run.json")
    assert evaluate.main(words) == 0
    assert (tmp_path / "out" / "run.json").is_file()


def test_a_pipe_in_place_of_a_frame_has_no_fingerprint(tmp_path):
    os.mkfifo(tmp_path / "0.jpg")
    assert fingerprint._stamp(tmp_path / "0.jpg") is None


def test_a_pipe_in_place_of_a_design_is_one_line(tmp_path, capsys):
    os.mkfifo(tmp_path / "my.py")
    code = memory_check.main([f"{tmp_path}/my.py:Mine"])
    assert_one_line(code, capsys.readouterr().err)


def evaluated_words(tmp_path):
    tiny.write_clips(tmp_path / "data")
    places = "--data_dir", tmp_path / "data", "--output_dir", tmp_path / "out"
    return [*FOLDER, *map(str, places)]


# Pictures.


def test_a_frame_of_one_pixel_is_drawn(run, tmp_path):
    for index in range(3):
        cv2.imwrite(str(tmp_path / f"{index}.png"), np.full((1, 1, 3), 200, np.uint8))
    status, *_ = run(tmp_path, "--output", tmp_path / "o", "--box=0,0,1,1")
    assert status == 0 and len(list((tmp_path / "o").iterdir())) == 3


def test_frames_that_no_video_holds_are_told(run, tmp_path):
    frame = np.full((16, 20000, 3), 110, np.uint8)
    frame[2:14, 100:112] = 30, 30, 220
    cv2.imwrite(str(tmp_path / "0.png"), frame)
    result = run(tmp_path, "--output", tmp_path / "o.mp4", "--box=100,2,12,12")
    assert_one_line(result[0], result[2])
    assert "o.mp4 can't hold frames of 20000 x 16" in result[2]
    assert "write a folder" in result[2]


def test_overlays_that_no_picture_holds_are_told():
    frame = Frame(0, "0", np.zeros((1, 65501, 3), np.uint8), Fraction(0))
    result = FrameResult(frame, np.zeros((1, 65501), np.uint8), ())
    with pytest.raises(InputError, match="JPEG can't hold frames of 65501 x 1"):
        outputs.overlay_picture(result)


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_the_shape_of_a_cut_out_is_not_taken_for_a_mask(tmp_path, mode):
    pixels = np.full((8, 8, len(mode)), 255, np.uint8)
    pixels[:4, :, -1] = 0  # Only the lower half is seen.
    path = tmp_path / "m.png"
    Image.fromarray(pixels, mode).save(path)
    with pytest.raises(InputError, match="transparent pixels that aren't black"):
        images.read_mask(path)
    pixels[:4] = 0
    Image.fromarray(pixels, mode).save(path)
    assert images.read_mask(path).sum() == 32


# Settings.


@pytest.mark.parametrize(
    "assignment",
    [
        "accept_uncertainty=1" + "0" * 400,
        "crop_size=10000000000",
        "crop_size=" + "9" * 30,
        "memory.capacity=10000000000",
        "memory.capacity=" + "9" * 40,
        "augmentation.shifts=((1,),)",
        "augmentation.blurs=((1, 2, 3),)",
        "augmentation.blurs=((0, 1),)",
        "augmentation.rotations='a'",
        "augmentation.rotations=(1, 'a')",
        "augmentation.rotations=1e400,",
        "augmentation.shifts=[[1e400, 0]]",
    ],
)
def test_settings_that_no_tracker_can_have_are_refused(assignment):
    jaxtyping.config.update("jaxtyping_disable", True)  # As users call it.
    with pytest.raises(InputError, match=assignment.split("=")[0].split(".")[-1]):
        try:
            overrides.override(TrackerConfig(), [assignment])
        finally:
            jaxtyping.config.update("jaxtyping_disable", False)
