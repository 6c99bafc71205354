"""Clips on disk, the command on them, and damage, for the faults of an evaluation.

Data are made with OpenCV alone and the command is driven from outside, so that the
tests say nothing of how it is built.
"""

import json

import cv2
import numpy as np
import pytest

import evaluate

NUM_FRAMES = 5
CLIPS = ("a", "b", "c")
SIZE = (30, 40)


def write_clip(frame_dir, mask_dir, shift=2):
    """A square that moves right, in frames and masks."""
    frame_dir.mkdir(parents=True)
    mask_dir.mkdir(parents=True)
    for index in range(NUM_FRAMES):
        ids = np.zeros(SIZE, np.uint8)
        ids[10:20, 5 + shift * index : 15 + shift * index] = 1
        frame = np.dstack([200 * ids, 90 + ids, 0 * ids])
        cv2.imwrite(str(frame_dir / f"{index:05d}.jpg"), frame)
        cv2.imwrite(str(mask_dir / f"{index:05d}.png"), ids)


@pytest.fixture
def data_dir(tmp_path):
    """Three clips in the layout of `folder`."""
    root = tmp_path / "data"
    for clip in CLIPS:
        write_clip(root / "JPEGImages" / clip, root / "Annotations" / clip)
    return root


def run(data_dir, out, *flags, dataset="folder"):
    where = ["--data_dir", str(data_dir), "--output_dir", str(out), "--workers", "1"]
    given = ["--dataset", dataset, "--tracker", "copy_first"]
    return evaluate.main([*given, *where, *flags])


def results_of(out):
    return json.loads((out / "results.json").read_text())


def measures(out):
    """All of the results but speeds."""
    results = results_of(out)
    videos = {name: one.get("J_mean") for name, one in results["sequences"].items()}
    return results["metrics"], videos


def error_of(capsys):
    """The single line on standard error, which a terminal shows as it is."""
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and line.isprintable()
    return line


def contents(folder):
    return {p: p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def cut(path):
    path.write_bytes(path.read_bytes()[:-20])


def empty(path):
    path.write_bytes(b"")


def to_list(path):
    path.write_text("[1, 2]")


def to_wrong_fields(path):
    path.write_text('{"num_frames": "many"}')


def to_nan(path):
    values = json.loads(path.read_text())
    numbers = {k: float("nan") for k, v in values.items() if isinstance(v, int | float)}
    path.write_text(json.dumps(values | numbers))
