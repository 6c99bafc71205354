"""Folders of shards put together: all that is finished, and nothing that disagrees."""

import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from samn_jax.data import types
from samn_jax.data.formats import boxes
from samn_jax.errors import InputError
from samn_jax.evaluation import merging, run_folder, runs
from samn_jax.evaluation.protocols import ope
from samn_jax.evaluation.trackers import baselines, interface

NAMES = ("a", "b", "c")
REQUEST = interface.Request("box", "box")


@pytest.fixture
def dataset(tmp_path):
    """Three videos of three frames with boxes."""
    videos = []
    for name in NAMES:
        paths = tuple(tmp_path / "data" / name / f"{k}.png" for k in range(3))
        paths[0].parent.mkdir(parents=True)
        for path in paths:
            cv2.imwrite(str(path), np.zeros((20, 30, 3), np.uint8))
        truths = np.array([[k, 2.0, 6.0, 4.0] for k in range(3)])
        videos.append(boxes.box_sequence(name, paths, truths))
    return types.Dataset("otb", tuple(videos), "made up")


def _facts(**more):
    return {"dataset": "otb", "data": "made up", "start": "box", **more}


def _track(dataset, root, names, **more):
    folder = run_folder.open_run(root, ope.OPE, _facts(**more))
    part = dataset.select(tuple(names))
    outcome = runs.track_dataset(baselines.CopyFirst(), part, REQUEST, folder)
    assert not outcome.failures
    return root


def _merge(dataset, out, *sources):
    return merging.merge_runs(sources, out, ope.OPE, dataset)


def _content(root):
    return {p.relative_to(root): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_all_files_of_finished_videos_come_along(dataset, tmp_path):
    sources = [_track(dataset, tmp_path / n, n) for n in ("ac", "b")]
    # Left by a run that was cut off: nothing says that it is whole.
    (sources[0] / "results" / "d.txt").write_text("1,1,1,1\n")
    folder, facts = _merge(dataset, tmp_path / "out", *sources)
    assert facts == _facts()
    expected = _content(sources[0]) | _content(sources[1])
    del expected[Path("results/d.txt")]
    assert _content(tmp_path / "out") == expected
    assert all(folder.record_of(video) for video in dataset.sequences)
    before = _content(sources[1])
    _merge(dataset, sources[1], *sources)  # One of them may take it all.
    assert before.items() <= _content(sources[1]).items()
    assert len(_content(sources[1])) == len(expected)


def test_nothing_is_written_unless_all_is_there(dataset, tmp_path):
    source = _track(dataset, tmp_path / "ac", "ac")
    with pytest.raises(InputError, match="none of the folders has finished b"):
        _merge(dataset, tmp_path / "out", source)
    with pytest.raises(InputError, match="name them"):
        _merge(dataset, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_folders_of_other_runs_are_refused(dataset, tmp_path):
    sources = [
        _track(dataset, tmp_path / "1", "ab", checkpoint="lite"),
        _track(dataset, tmp_path / "2", "c", checkpoint="big"),
    ]
    with pytest.raises(InputError, match='2 holds .* "big" there and "lite" now'):
        _merge(dataset, tmp_path / "out", *sources)
    other = _track(dataset, tmp_path / "out", "a", checkpoint="other")
    with pytest.raises(InputError, match="out holds the results of another run"):
        _merge(dataset, other, sources[0])


def test_different_results_of_one_video_are_refused(dataset, tmp_path):
    first = _track(dataset, tmp_path / "1", "abc")
    second = _track(dataset, tmp_path / "2", "b")
    _merge(dataset, tmp_path / "equal", first, second)
    shutil.rmtree(second)
    video = dataset.sequences[1]
    moved = types.Dataset("otb", (_with_box(video, 5.0),), "made up")
    _track(moved, second, "b")
    with pytest.raises(InputError, match="different results and data of video b"):
        _merge(dataset, tmp_path / "out", first, second)
    assert not (tmp_path / "out").exists()


def _with_box(video, x):
    truths = np.array([[x, 2.0, 6.0, 4.0]] * 3)
    return boxes.box_sequence(video.name, video.read_frame.paths, truths)


def test_a_changed_video_is_refused_but_not_a_copied_or_missing_one(dataset, tmp_path):
    source = _track(dataset, tmp_path / "1", "abc")
    path = dataset.sequences[1].read_frame.paths[1]
    os.utime(path, (1, 1))
    dataset.sequences[2].read_frame.paths[0].unlink()
    _merge(dataset, tmp_path / "copied", source)
    cv2.imwrite(str(path), np.ones((20, 30, 3), np.uint8))
    with pytest.raises(InputError, match="video b has changed"):
        _merge(dataset, tmp_path / "out", source)
