"""VOT2020 measures equal those of the vot-toolkit on the same results.

The toolkit lives in an environment of its own: SAMN_VOT_PYTHON names its interpreter.
"""

import dataclasses
import json
import os
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from samn_jax.data.formats import vot_regions as regions
from samn_jax.data.readers import vot
from samn_jax.evaluation.protocols import vot_multistart
from samn_jax.evaluation.scores import vot_multistart as vot2020_scoring

SIZE_HW = (60, 80)
EMPTY = regions.crop_mask(np.zeros(SIZE_HW, bool))


def _blob(center_xy, radius: float) -> regions.MaskRegion:
    y, x = np.mgrid[: SIZE_HW[0], : SIZE_HW[1]]
    dx, dy = x - center_xy[0], y - center_xy[1]
    wave = 1 + 0.3 * np.sin(3 * np.arctan2(dy, dx))
    region = regions.crop_mask(np.hypot(dx, dy) < radius * wave)
    # The toolkit takes regions one pixel wide or high for equal, whatever they are.
    return region if min(region.pixels.shape) > 2 else EMPTY


def _write_video(folder: Path, num_frames: int, rng: np.random.Generator) -> None:
    """A blob that wanders over the image and now and then out of it."""
    path = np.cumsum(rng.normal(0, 1.5, (num_frames, 2)), axis=0) % [100, 80] - 10
    truths = [_blob(center, 9 + 4 * np.sin(k / 20)) for k, center in enumerate(path)]
    visible = [k for k, truth in enumerate(truths) if truth.pixels.any()]
    anchors = np.zeros(num_frames, int)
    for anchor in range(0, num_frames, 50):
        sign = 1 if num_frames - anchor > anchor else -1
        anchors[min(visible, key=lambda k: abs(k - anchor))] = sign
    regions.write_regions(folder / "groundtruth.txt", truths)
    (folder / "anchor.value").write_text("\n".join(map(str, anchors)))
    size = f"width={SIZE_HW[1]}\nheight={SIZE_HW[0]}\nlength={num_frames}\n"
    (folder / "sequence").write_text(f"channels.color=color/%08d.jpg\n{size}")
    (folder / "color").mkdir()
    _, jpeg = cv2.imencode(".jpg", np.zeros((*SIZE_HW, 3), np.uint8))
    for number in range(1, num_frames + 1):
        (folder / "color" / f"{number:08d}.jpg").write_bytes(jpeg.tobytes())


class Noisy:
    """Shakes the truth, and loses the target for a while every hundred frames or so."""

    def __init__(self, sequence, kind):
        self.sequence, self.kind = sequence, kind
        self.rng = np.random.default_rng(1)

    def init(self, frame, region):
        return False

    def step(self, is_lost, frame):
        is_lost ^= self.rng.random() < 0.01
        truth = self.sequence.groundtruth[self.sequence_index(frame)]
        if is_lost or not truth.pixels.any():
            window = regions.MaskRegion(2, 3, np.ones((8, 9), bool))
            found = window if self.rng.random() < 0.5 else EMPTY
        else:
            dx, dy = self.rng.integers(-3, 4, 2).tolist()
            found = regions.MaskRegion(truth.left + dx, truth.top + dy, truth.pixels)
        if self.kind == "box":
            noise = self.rng.normal(0, 0.4, 4)
            box = np.round(regions.bounding_box(found) + noise, 3)
            found = box if found.pixels.any() else regions.code(regions.SKIPPED)
        return is_lost, found

    @staticmethod
    def sequence_index(frame) -> int:
        return int(frame[0, 0, 0]) * 256 + int(frame[0, 0, 1])


def _numbered_frame(index: int) -> np.ndarray:
    return np.array([[[index // 256, index % 256, 0]]], np.uint8)


@pytest.mark.parametrize("kind", ["mask", "box"])
def test_measures_equal_those_of_the_toolkit(tmp_path, kind):
    python = os.environ.get("SAMN_VOT_PYTHON")
    if not python:
        pytest.skip("SAMN_VOT_PYTHON names no interpreter with vot-toolkit")
    rng = np.random.default_rng(0)
    names = ["long", "short", "shorter"]
    for name, num_frames in zip(names, (850, 210, 130), strict=True):
        _write_video(tmp_path / "data" / name, num_frames, rng)
    (tmp_path / "data" / "list.txt").write_text("\n".join(names))
    sequences = vot.read_vot(tmp_path / "data").sequences
    for sequence in sequences:
        numbered = dataclasses.replace(sequence, read_frame=_numbered_frame)
        tracker = Noisy(sequence, kind)
        vot_multistart.run_anchors(tracker, numbered, tmp_path / "results")
    ours = vot2020_scoring.score_multistart(sequences, tmp_path / "results")
    script = Path(__file__).with_name("vot_toolkit_scores.py")
    command = [python, script, tmp_path / "data", tmp_path / "results"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    theirs = json.loads(printed.splitlines()[-1])
    assert 0.2 < theirs["R"] < 0.98, "runs must fail, and not all"
    assert ours.metrics == pytest.approx(theirs, abs=1e-9)
