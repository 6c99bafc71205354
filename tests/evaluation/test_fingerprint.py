"""Changed videos are told from copies."""

import dataclasses
import os
import shutil

import numpy as np
import pytest

from samn_jax.data import types
from samn_jax.data.formats import boxes, video_files
from samn_jax.evaluation import fingerprint


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a").mkdir()
    for index in range(3):
        (tmp_path / "a" / f"{index}.jpg").write_bytes(bytes([index] * 100))
    (tmp_path / "a" / "0.png").write_bytes(b"mask")
    return tmp_path / "a"


def _video(folder):
    frames = tuple(folder / f"{index}.jpg" for index in range(3))
    masks = tuple(folder / f"{index}.png" for index in range(3))
    return types.Sequence(
        "a", ("0", "1", "2"), video_files.FrameFiles(frames),
        video_files.MaskFiles(masks),
    )  # fmt: skip


def test_a_copy_is_the_same_whenever_it_was_made(folder, tmp_path):
    former = fingerprint.take(_video(folder))
    assert fingerprint.is_whole(former)
    shutil.copytree(folder, tmp_path / "copy")
    for path in (tmp_path / "copy").iterdir():
        os.utime(path, (1, 1))
    copied = _video(tmp_path / "copy")
    assert fingerprint.difference(former, copied) == ""
    assert fingerprint.content(former) == fingerprint.content(fingerprint.take(copied))


def test_files_as_before_are_not_read_again(folder, monkeypatch):
    former = fingerprint.take(_video(folder))
    monkeypatch.setattr(fingerprint.hashlib, "file_digest", None)
    assert fingerprint.difference(former, _video(folder)) == ""


def _other_content(folder):
    (folder / "1.jpg").write_bytes(bytes(100))


def _new_mask(folder):
    (folder / "2.png").write_bytes(b"mask")


def _no_mask(folder):
    (folder / "0.png").unlink()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_other_content, "1.jpg had SHA-256 "),
        (_new_mask, "2.png is new"),
        (_no_mask, "0.png is missing"),
    ],
)
def test_a_change_is_named(folder, change, message):
    former = fingerprint.take(_video(folder))
    change(folder)
    assert message in fingerprint.difference(former, _video(folder))


def test_a_missing_frame_is_no_change_as_results_may_outlive_it(folder):
    former = fingerprint.take(_video(folder))
    (folder / "1.jpg").unlink()
    assert fingerprint.difference(former, _video(folder)) == ""


def test_what_is_given_beside_the_files_counts(folder):
    frames = _video(folder).read_frame.paths
    truths = np.array([[k, 2.0, 6, 4] for k in range(3)])
    former = fingerprint.take(boxes.box_sequence("a", frames, truths))
    same = boxes.box_sequence("a", frames, truths.copy())
    assert fingerprint.difference(former, same) == ""
    other = boxes.box_sequence("a", frames, truths + 1)
    assert "boxes" in fingerprint.difference(former, other)
    late = dataclasses.replace(_video(folder), late_objects=True)
    former = fingerprint.take(_video(folder))
    assert fingerprint.difference(former, late)
    shorter = boxes.box_sequence("a", frames[:2], truths[:2])
    assert "3 files where it has 2" in fingerprint.difference(former, shorter)


def test_rendered_videos_are_told_by_their_pictures():
    def video(seed):
        return types.Sequence(
            "a", ("0", "1", "2"),
            lambda index: np.full((2, 2, 3), seed + index, np.uint8),
            lambda index: np.ones((2, 2), np.uint8),
        )  # fmt: skip

    former = fingerprint.take(video(0))
    assert fingerprint.difference(former, video(0)) == ""
    assert "rendered frames" in fingerprint.difference(former, video(1))


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"frames": [], "masks": [], "facts": 1, "sample": ""},
        {"frames": "", "masks": [], "facts": "", "sample": ""},
        {"frames": [["a", 1, 2]], "masks": [], "facts": "", "sample": ""},
        {"frames": [["a", "1", 2, ""]], "masks": [], "facts": "", "sample": ""},
    ],
)
def test_damaged_values_are_no_fingerprint(values):
    assert not fingerprint.is_whole(values)
