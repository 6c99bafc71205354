import hashlib
import json
import re

import cv2
import numpy as np
import pytest

import evaluate
import samn_jax
from samn_jax import compilation
from samn_jax.data.formats import images
from samn_jax.evaluation.trackers import baselines
from samn_jax.evaluation.trackers import registry as trackers
from tests.evaluation.fake_tracker import FakeTracker

NUM_FRAMES = 5
CLIPS = ("a", "b", "c")


class Counting(baselines.CopyFirst):
    """Copies the first mask and counts the videos that it starts."""

    def __init__(self):
        self.num_starts = 0

    def init(self, frame, **start):
        self.num_starts += 1
        return super().init(frame, **start)


@pytest.fixture
def data_dir(tmp_path):
    """Three videos of a square that moves right, masks for all frames."""
    for clip in CLIPS:
        for index in range(NUM_FRAMES):
            ids = np.zeros((30, 40), np.uint8)
            ids[10:20, 5 + 2 * index : 15 + 2 * index] = 1
            name = f"{index:05d}"
            images.write_mask(tmp_path / "data/Annotations" / clip / f"{name}.png", ids)
            frame_dir = tmp_path / "data/JPEGImages" / clip
            frame_dir.mkdir(parents=True, exist_ok=True)
            frame = np.dstack([200 * ids, 90 + ids, 0 * ids])
            cv2.imwrite(str(frame_dir / f"{name}.jpg"), frame)
    return tmp_path / "data"


def _run(data_dir, *flags):
    """Exit code of evaluate.py, its results beside the data."""
    out = data_dir.parent / "out"
    common = ["--dataset", "folder", "--data_dir", str(data_dir), "--workers", "1"]
    given = ["--tracker", "copy_first", "--output_dir", str(out)]
    return evaluate.main([*common, *given, *flags]), out


def _error(capsys):
    """The single line that a failed run has printed."""
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    return line


def test_results_follow_the_contract(data_dir, capsys):
    code, out = _run(data_dir, "--overlays")
    assert code == 0
    results = json.loads((out / "results.json").read_text())
    assert results["dataset"] == "folder"
    names = {"J&F", "J_mean", "J_recall", "J_decay", "F_mean", "F_recall", "F_decay"}
    assert set(results["metrics"]) == names
    assert list(results["sequences"]) == list(CLIPS)
    # Frames 1 to 3: squares of side 10 that have moved by 2, 4 and 6.
    expected = np.mean([(10 - d) / (10 + d) for d in (2, 4, 6)])
    assert results["metrics"]["J_mean"] == pytest.approx(expected)
    assert results["sequences"]["b"]["J_mean"] == pytest.approx(expected)
    assert results["frames_per_second"] > 0
    manifest = results["manifest"]
    assert manifest["tracker"] == "copy_first"
    assert {"git_commit", "packages", "hardware", "command", "data"} <= set(manifest)
    assert re.search(r"all of folder +\d\.\d{3}", capsys.readouterr().out)
    assert images.read_mask(out / "masks/c/00004.png").sum() == 100
    assert (out / "overlays/a.png").is_file()
    assert "data:image/jpeg;base64" in (out / "report.html").read_text()


def test_chosen_sequences_only(data_dir):
    _, out = _run(data_dir, "--sequences", "c,a")
    results = json.loads((out / "results.json").read_text())
    assert list(results["sequences"]) == ["c", "a"]
    assert not (out / "masks" / "b").exists()


def test_start_from_the_box(data_dir):
    _, out = _run(data_dir, "--init", "box")
    manifest = json.loads((out / "results.json").read_text())["manifest"]
    assert manifest["start"] == "box"


def test_interrupted_run_goes_on_with_what_is_missing(data_dir, monkeypatch, capsys):
    tracker = Counting()
    about = {"tracker": "counting"}
    monkeypatch.setattr(trackers, "load_tracker", lambda *_: (tracker, about))
    damaged = data_dir / "JPEGImages/c/00003.jpg"
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:-40])
    code, out = _run(data_dir)
    assert code == 1
    error = _error(capsys)
    assert "sequence c failed: " in error and "c/00003.jpg is damaged" in error
    assert tracker.num_starts == 4  # One more to warm up.
    finished = sorted(path.stem for path in (out / "finished").iterdir())
    assert finished == ["a", "b"]
    damaged.write_bytes(whole)
    code, _ = _run(data_dir)
    assert code == 0
    assert tracker.num_starts == 6  # Warm up and c.
    results = json.loads((out / "results.json").read_text())
    assert list(results["sequences"]) == list(CLIPS)
    assert _run(data_dir)[0] == 0
    assert tracker.num_starts == 6


def test_folder_of_another_run_is_refused(data_dir, capsys):
    _, out = _run(data_dir)
    before = (out / "results.json").read_text()
    capsys.readouterr()
    code, _ = _run(data_dir, "--init", "box")
    assert code == 2
    assert 'another run: start is "mask" there and "box" now' in _error(capsys)
    assert (out / "results.json").read_text() == before


def test_score_only_gives_the_scores_of_the_run(data_dir, tmp_path):
    _, out = _run(data_dir)
    tracked = json.loads((out / "results.json").read_text())
    flags = ("--score_only", str(out / "masks"), "--output_dir", str(tmp_path / "new"))
    code, _ = _run(data_dir, *flags)
    scored = json.loads((tmp_path / "new" / "results.json").read_text())
    assert code == 0
    assert scored["metrics"] == tracked["metrics"]
    assert scored["frames_per_second"] is None
    assert not (tmp_path / "new" / "masks").exists()


def test_score_only_does_not_overwrite_a_run(data_dir, capsys):
    _, out = _run(data_dir)
    before = (out / "results.json").read_text()
    capsys.readouterr()
    assert _run(data_dir, "--score_only", str(out / "masks"))[0] == 2
    assert "another run" in _error(capsys)
    assert (out / "results.json").read_text() == before


def test_note_is_kept(data_dir):
    _, out = _run(data_dir, "--note", "recompressed frames")
    manifest = json.loads((out / "results.json").read_text())["manifest"]
    assert manifest["note"] == "recompressed frames"


def test_only_first_frames_with_masks(data_dir, capsys):
    for clip in CLIPS:
        for path in (data_dir / "Annotations" / clip).glob("0000[1-4].png"):
            path.unlink()
    code, out = _run(data_dir, "--overlays")
    assert code == 0
    assert json.loads((out / "results.json").read_text())["metrics"] == {}
    assert "nothing to score" in capsys.readouterr().out


def _cut(path):
    path.write_bytes(path.read_bytes()[:-30])


def _empty(path):
    images.write_mask(path, np.zeros((30, 40), np.uint8))


def _resize(path):
    images.write_mask(path, np.ones((15, 20), np.uint8))


def _recolor(path):
    cv2.imwrite(str(path), np.full((30, 40, 3), (9, 77, 200), np.uint8))


@pytest.mark.parametrize(
    ("harm", "file", "message"),
    [
        (_cut, "Annotations/b/00000.png", "b/00000.png is damaged or cut short"),
        (_empty, "Annotations/b/00000.png", "b/00000.png is empty"),
        (_resize, "Annotations/b/00000.png", "00000.png is 15 pixels high and 20 wide"),
        (_recolor, "Annotations/b/00000.png", "colors that aren't those of the DAVIS"),
        (_cut, "JPEGImages/b/00002.jpg", "b/00002.jpg is damaged"),
        (_cut, "Annotations/b/00002.png", "b/00002.png is damaged or cut short"),
    ],
)
def test_bad_data_of_a_sequence_is_one_line_at_the_end(
    data_dir, capsys, harm, file, message
):
    harm(data_dir / file)
    code, out = _run(data_dir)
    assert code == 1
    error = _error(capsys)
    assert error.startswith("error: sequence b failed: ") and message in error
    results = json.loads((out / "results.json").read_text())
    assert list(results["sequences"]) == ["a", "c"]


def test_bad_data_of_the_set_is_one_line(data_dir, capsys):
    (data_dir / "Annotations/b/00000.png").unlink()
    code, out = _run(data_dir)
    assert code == 2
    assert "b/00000.png is missing" in _error(capsys)
    assert not out.exists()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--sequences", "a,d"), "sequence 'd' is not in folder: choose from a, b, c"),
        (("--data_dir", "nowhere"), "nowhere is missing"),
        (("--dataset", "davis16"), "val.txt is missing"),
        (("--dataset", "davis15"), "data set 'davis15' is unknown"),
        (("--dataset", "davis17"), "2017/val.txt is missing"),
        (("--score_only", "nowhere"), "nowhere has no a/"),
        (("--set", "capacity"), "isn't NAME=VALUE"),
        (("--shard", "0/3"), "--shard 0/3 isn't i/n"),
        (("--shard", "4/4"), "folder has 3 videos, none is left for shard 4/4"),
        (("--split", "val"), "folder has no split 'val': leave --split out"),
        (("--merge", "nowhere"), "nowhere/run.json is missing"),
        (("--submission",), "folder has no server"),
    ],
)
def test_bad_flags_are_one_line(data_dir, capsys, flags, message):
    code, _ = _run(data_dir, *flags)
    assert code == 2
    assert message in _error(capsys)


def test_results_to_score_must_be_complete(data_dir, capsys, tmp_path):
    _, out = _run(data_dir)
    (out / "masks/b/00002.png").unlink()
    capsys.readouterr()
    flags = ("--score_only", str(out / "masks"), "--output_dir", str(tmp_path / "new"))
    code, _ = _run(data_dir, *flags)
    assert code == 2
    assert "b/00002.png is missing" in _error(capsys)


def test_box_benchmark_is_tracked_and_scored(data_dir, tmp_path):
    video = tmp_path / "otb" / "Still"
    (video / "img").mkdir(parents=True)
    for index in range(NUM_FRAMES):
        frame = data_dir / f"JPEGImages/a/{index:05d}.jpg"
        (video / f"img/{index + 1:04d}.jpg").write_bytes(frame.read_bytes())
    boxes = "6,11,10,10\n" * 4 + "7,11,10,10\n"  # OTB counts pixels from 1.
    (video / "groundtruth_rect.txt").write_text(boxes)
    flags = ("--dataset", "otb", "--data_dir", str(tmp_path / "otb"))
    code, out = _run(data_dir, *flags)
    assert code == 0
    tracked = json.loads((out / "results.json").read_text())
    assert tracked["metrics"]["precision"] == 1
    assert tracked["sequences"]["Still"]["success"] > 0.9
    again = (*flags, "--score_only", str(out / "results"))
    code, _ = _run(data_dir, *again, "--output_dir", str(tmp_path / "scored"))
    assert code == 0
    scored = json.loads((tmp_path / "scored" / "results.json").read_text())
    assert scored["metrics"] == tracked["metrics"]


def test_checkpoint_and_config_are_kept_with_the_results(
    data_dir, tmp_path, monkeypatch, capsys
):
    model = tmp_path / "best.safetensors"
    model.write_bytes(b"weights")
    kept = []
    monkeypatch.setattr(compilation, "keep_compiled", lambda: kept.append(True))
    monkeypatch.setattr(samn_jax, "Tracker", FakeTracker, raising=False)
    flags = ("--tracker", "samn", "--checkpoint", str(model), "--set", "capacity=3")
    code, out = _run(data_dir, *flags)
    assert code == 0 and kept
    facts = json.loads((out / "results.json").read_text())["manifest"]
    assert facts["config"] == {"capacity": 3}
    assert facts["memory_source"] == "a memory's code"
    assert facts["checkpoint"] == "best.safetensors"
    assert facts["checkpoint_sha256"] == hashlib.sha256(b"weights").hexdigest()
    capsys.readouterr()
    assert _run(data_dir, *flags[:-1], "capacity=4")[0] == 2
    assert "config.capacity is 3 there and 4 now" in _error(capsys)
    assert _run(data_dir, *flags[:-1], "capactiy=4")[0] == 2
    assert "capactiy: there is no such name, try capacity" in _error(capsys)
    model.write_bytes(b"other weights")
    assert _run(data_dir, *flags)[0] == 2
    assert "checkpoint_sha256 is " in _error(capsys)
