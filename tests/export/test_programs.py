import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
from jax import export as jax_export

from samn_jax.export import PLATFORMS, command, programs
from samn_jax.tracking import Tracker
from tests.tracking import color_net

ROOT = Path(__file__).resolve().parents[2]
SIZE = (90, 110)  # not that of a bucket
FRAMES, MASKS = color_net.make_clip([(20 + 3 * i, 30 + 2 * i) for i in range(6)], SIZE)
# Of all that is installed, what JAX needs: samn_jax is not.
ALONE = """
import sys, runpy
del sys.argv[0]
class Others:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {others}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Others())
runpy.run_path(sys.argv[0], run_name="__main__")
"""
OTHERS = {"samn_jax", "flax", "cv2", "av", "PIL", "optax", "jaxtyping", "tqdm"}


@pytest.fixture(scope="module")
def tracker():
    return Tracker(color_net.make_spec(), {})


@pytest.fixture(scope="module")
def made(tracker):
    return programs.export(tracker, SIZE)


def call(exported):
    """As a process that was given the file alone would call it."""
    return jax.jit(jax_export.deserialize(exported.serialize()).call)


def test_programs_tell_what_the_tracker_does(tracker, made):
    assert made.init.platforms == made.step.platforms == PLATFORMS
    init, step = call(made.init), call(made.step)
    mask = MASKS[0].astype(np.float32)
    state, answer = init(made.weights, FRAMES[0], mask)
    expected_state, expected = tracker.init(FRAMES[0], mask=MASKS[0])
    for frame in FRAMES[1:]:
        state, answer = step(made.weights, state, frame)
        expected_state, expected = tracker.step(expected_state, frame)
        for name, value in expected._asdict().items():
            np.testing.assert_array_equal(answer[name], value, name)
    assert color_net.overlap(answer["mask"], MASKS[-1]) > 0.8
    assert answer["mask"].shape == SIZE
    names = programs._Form.of(expected_state).name(expected_state)
    assert state.keys() == names.keys()
    for name, value in names.items():
        np.testing.assert_array_equal(state[name], value, name)


def test_a_box_starts_its_own_program(tracker, made):
    box = np.zeros(SIZE, np.float32)
    box[30:50, 20:40] = 1.0
    _, answer = call(made.init_box)(made.weights, FRAMES[0], box)
    _, expected = tracker.init(FRAMES[0], box_xywh=(20, 30, 20, 20))
    for name, value in expected._asdict().items():
        np.testing.assert_array_equal(answer[name], value, name)


def test_a_process_without_this_package_tracks(tracker, made, tmp_path):
    folder = tmp_path / "exported"
    command.write(folder, made, {})
    np.save(tmp_path / "frames.npy", FRAMES)
    np.save(tmp_path / "mask.npy", MASKS[0])
    example = ROOT / "examples" / "run_exported.py"
    assert len(example.read_text().splitlines()) <= 45
    words = [folder, *(tmp_path / f"{n}.npy" for n in ("frames", "mask", "masks"))]
    program = ALONE.format(others=OTHERS)
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, example, *words],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    masks = np.load(tmp_path / "masks.npy")
    state, _ = tracker.init(FRAMES[0], mask=MASKS[0])
    np.testing.assert_array_equal(masks[0], MASKS[0])
    for index in range(1, len(FRAMES)):
        state, answer = tracker.step(state, FRAMES[index])
        np.testing.assert_array_equal(masks[index], answer.mask)
