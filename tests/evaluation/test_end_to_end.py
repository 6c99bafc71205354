"""evaluate.py with the real tracker, on a network that compiles in no time."""

import dataclasses
import json

import cv2
import numpy as np
import pytest

import evaluate
from samn_jax import Tracker
from samn_jax.data.formats import images
from samn_jax.models import model_file
from tests.models import tiny_lite

NUM_FRAMES = 4
SIZE = (60, 64)
# Squares: id → x of the first frame; the second video has two.
VIDEOS = {"one": {1: 8}, "two": {1: 8, 2: 40}}
SMALL = {"crop_size": 32, "use_spatial": False}


def _ids(video, index):
    ids = np.zeros(SIZE, np.uint8)
    for object_id, x in VIDEOS[video].items():
        ids[20:36, x + index : x + 16 + index] = object_id
    return ids


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two videos with masks, and a model file."""
    root = tmp_path_factory.mktemp("end_to_end")
    colors = np.array([(90, 90, 90), (30, 30, 220), (220, 40, 30)], np.uint8)
    for video in VIDEOS:
        (root / "JPEGImages" / video).mkdir(parents=True)
        for index in range(NUM_FRAMES):
            ids = _ids(video, index)
            frame = root / "JPEGImages" / video / f"{index:05d}.png"
            cv2.imwrite(str(frame), colors[ids])
            images.write_mask(root / "Annotations" / video / f"{index:05d}.png", ids)
    model_file.save_model(
        root / "tiny", tiny_lite.CONFIG, tiny_lite.make_variables(), {}
    )
    return root


def _evaluate(folder, out, *flags):
    where = ["--data_dir", str(folder), "--output_dir", str(out), "--workers", "1"]
    settings = [f"--set={name}={value}" for name, value in SMALL.items()]
    model = ["--checkpoint", str(folder / "tiny"), *settings]
    code = evaluate.main(["--dataset", "folder", *where, *model, *flags])
    return code, json.loads((out / "results.json").read_text())


def _frame(folder, video, index):
    return images.read_frame(folder / "JPEGImages" / video / f"{index:05d}.png")


def test_masks_are_those_of_the_tracker_itself(folder, tmp_path):
    out = tmp_path / "out"
    code, results = _evaluate(folder, out)
    assert code == 0 and list(results["sequences"]) == ["one", "two"]
    assert results["frames_per_second"] > 0
    assert results["manifest"]["devices"]
    assert results["manifest"]["config"]["crop_size"] == 32
    tracker = Tracker.from_checkpoint(folder / "tiny", **SMALL)
    tracker = dataclasses.replace(tracker, object_slots=2)  # as evaluation has them
    state, _ = tracker.init(_frame(folder, "one", 0), mask=_ids("one", 0) == 1)
    first = _frame(folder, "two", 0)
    several = None
    for object_id in (1, 2):
        several = tracker.add_object(
            several, first, _ids("two", 0) == object_id, object_id
        )
    for index in range(1, NUM_FRAMES):
        state, answer = tracker.step(state, _frame(folder, "one", index))
        written = images.read_mask(out / f"masks/one/{index:05d}.png")
        np.testing.assert_array_equal(written, answer.mask > 0.5)
        several, answer = tracker.step(several, _frame(folder, "two", index))
        written = images.read_mask(out / f"masks/two/{index:05d}.png")
        np.testing.assert_array_equal(written, answer.ids)


def test_a_part_and_the_rest_give_what_one_run_gives(folder, tmp_path):
    _, whole = _evaluate(folder, tmp_path / "whole")
    _evaluate(folder, tmp_path / "parts", "--sequences", "two")
    _, both = _evaluate(folder, tmp_path / "parts")
    assert both["metrics"] == whole["metrics"]


def test_the_filter_alone_tracks_too(folder, tmp_path):
    flags = ("--tracker", "filter_only", "--sequences", "one", "--set")
    code, results = _evaluate(folder, tmp_path / "out", *flags, "use_spatial=True")
    assert code == 0 and results["failed"] == {}
    assert images.read_mask(tmp_path / "out/masks/one/00003.png").any()


def test_a_bad_setting_is_refused_before_anything_is_written(folder, tmp_path, capsys):
    out = tmp_path / "out"
    for setting in ("crop_size=33", "crop_sise=32", "spatial.capacity=many"):
        where = ["--data_dir", str(folder), "--output_dir", str(out)]
        model = ["--checkpoint", str(folder / "tiny"), "--set", setting]
        assert evaluate.main(["--dataset", "folder", *where, *model]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert setting.split("=")[0] in line
        assert not out.exists()
