"""What is exported of lite tells what lite does, in a process that has JAX alone."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import samn_jax
from samn_jax.data.readers import synthetic
from samn_jax.export import command
from tests.export.test_programs import ALONE, OTHERS

pytestmark = pytest.mark.product
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "run_exported.py"


def test_masks_are_the_trackers(tmp_path):
    clip = synthetic.read_synthetic().sequences[0]
    frames = np.stack([clip.read_frame(index) for index in range(8)])
    mask = np.asarray(clip.read_mask(0)) == 1
    height, width = mask.shape
    words = ["lite", "--size", f"{height}x{width}", "--output", str(tmp_path / "out")]
    assert command.main(words) == 0
    np.save(tmp_path / "frames.npy", frames)
    np.save(tmp_path / "mask.npy", mask)
    program = ALONE.format(others=OTHERS)
    arrays = (tmp_path / f"{name}.npy" for name in ("frames", "mask", "m"))
    command_line = [sys.executable, "-I", "-c", program, EXAMPLE, tmp_path / "out"]
    subprocess.run([*command_line, *arrays], cwd=tmp_path, check=True)
    found = np.load(tmp_path / "m.npy")
    tracker = samn_jax.Tracker.from_checkpoint("lite")
    state, _ = tracker.init(frames[0], mask=mask)
    for index in range(1, len(frames)):
        state, answer = tracker.step(state, frames[index])
        np.testing.assert_array_equal(found[index], answer.mask)
