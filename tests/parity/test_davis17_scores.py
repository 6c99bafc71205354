"""J and F of several objects equal those of vos-benchmark on the same masks.

The package lives in an environment of its own: SAMN_VOS_BENCHMARK_PYTHON names its
interpreter.
"""

import json
import os
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from samn_jax.data import types
from samn_jax.data.formats import images
from samn_jax.evaluation.scores import masks as scoring
from samn_jax.tracking import Tracker
from tests.tracking.composed import compose

SIZE = (90, 130)
NUM_FRAMES = 9


def _videos(rng):
    """Name → true and found ids (frames, height, width) of random blobs that move."""
    videos = {}
    for number in range(1, 5):
        noise = rng.standard_normal((number + 1, *SIZE))
        levels = np.stack([cv2.GaussianBlur(layer, (0, 0), 9) for layer in noise])
        truths, results = [], []
        for index in range(NUM_FRAMES):
            moved = np.roll(levels, 3 * index, axis=2)
            truths.append(moved.argmax(axis=0).astype(np.uint8))
            shaken = moved + 0.3 * np.roll(levels[::-1], 5 * index, axis=1)
            results.append(shaken.argmax(axis=0).astype(np.uint8))
        # An object that is gone for a while, one that is never found, an empty frame.
        truths[4][truths[4] == 1] = 0
        results[3][results[3] == number] = 0
        results[5][:] = 0
        videos[f"video{number}"] = truths, results
    return videos


def _write(folder, videos, part):
    for name, pair in videos.items():
        for index, ids in enumerate(pair[part]):
            images.write_mask(folder / name / f"{index:05d}.png", ids)
    return folder


@pytest.fixture
def python():
    """An interpreter that has vos-benchmark."""
    path = os.environ.get("SAMN_VOS_BENCHMARK_PYTHON")
    if not path:
        pytest.skip("SAMN_VOS_BENCHMARK_PYTHON names no interpreter with vos-benchmark")
    return path


def _assert_same_scores(python, tmp_path, videos):
    """Scores videos of name → (truths, results) with both, and compares."""
    truths_dir = _write(tmp_path / "truths", videos, 0)
    results_dir = _write(tmp_path / "results", videos, 1)
    script = Path(__file__).with_name("vos_benchmark_scores.py")
    command = [python, script, truths_dir, results_dir]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    theirs = json.loads(printed)
    for name, (truths, _) in videos.items():
        names = tuple(f"{index:05d}" for index in range(len(truths)))
        black = np.zeros((*truths[0].shape, 3), np.uint8)
        video = types.Sequence(
            name, names, lambda i, frame=black: frame, truths.__getitem__
        )
        ours = scoring.score_sequence(video, results_dir)
        assert list(ours) == [int(i) for i in theirs[name]]
        for i, (region, boundary) in theirs[name].items():
            assert 0 < region < 0.99
            assert ours[int(i)]["J_mean"] == pytest.approx(region, abs=1e-9)
            assert ours[int(i)]["F_mean"] == pytest.approx(boundary, abs=1e-9)


def test_random_masks_score_as_with_vos_benchmark(python, tmp_path):
    _assert_same_scores(python, tmp_path, _videos(np.random.default_rng(0)))


@pytest.mark.full_size
def test_tracked_masks_score_as_with_vos_benchmark(python, tmp_path, davis16_dir):
    frames, truths = compose(davis16_dir)
    tracker = Tracker.from_checkpoint("lite")
    state = tracker.add_object(None, frames[0], truths[0] == 1)
    state = tracker.add_object(state, frames[0], truths[0] == 2)
    results = [truths[0]]
    for frame in frames[1:]:
        state, answer = tracker.step(state, frame)
        results.append(answer.ids.astype(np.uint8))
    _assert_same_scores(python, tmp_path, {"camel-and-dog": (truths, results)})
