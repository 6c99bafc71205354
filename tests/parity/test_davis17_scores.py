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

from samn_jax.data import images, types
from samn_jax.evaluation import scoring

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


def test_scores_equal_those_of_vos_benchmark(tmp_path):
    python = os.environ.get("SAMN_VOS_BENCHMARK_PYTHON")
    if not python:
        pytest.skip("SAMN_VOS_BENCHMARK_PYTHON names no interpreter with vos-benchmark")
    videos = _videos(np.random.default_rng(0))
    truths_dir = _write(tmp_path / "truths", videos, 0)
    results_dir = _write(tmp_path / "results", videos, 1)
    script = Path(__file__).with_name("vos_benchmark_scores.py")
    command = [python, script, truths_dir, results_dir]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    theirs = json.loads(printed)
    names = tuple(f"{index:05d}" for index in range(NUM_FRAMES))
    for name, (truths, _) in videos.items():
        video = types.Sequence(
            name, names, lambda i: np.zeros((*SIZE, 3), np.uint8), truths.__getitem__
        )
        ours = scoring.score_sequence(video, results_dir)
        assert list(ours) == [int(i) for i in theirs[name]]
        for i, (region, boundary) in theirs[name].items():
            assert 0 < region < 0.99
            assert ours[int(i)]["J_mean"] == pytest.approx(region, abs=1e-9)
            assert ours[int(i)]["F_mean"] == pytest.approx(boundary, abs=1e-9)
