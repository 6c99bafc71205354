"""What users get: the shipped checkpoint, by evaluate.py and by the Tracker."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import flax.traverse_util as traverse
import numpy as np
import pytest

import samn_jax
from samn_jax.data.readers import folder, synthetic
from samn_jax.models import model_file
from tests.product import floors

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.product


@pytest.fixture(scope="module")
def rendered():
    return synthetic.read_synthetic().select(floors.RENDERED.clips).sequences


@pytest.fixture(scope="module")
def tracker():
    return samn_jax.Tracker.from_checkpoint("lite")


@pytest.fixture(scope="module")
def by_ring():
    """The tracker with the memory that the weights were trained with."""
    settings = {"memory.design": "ring"}
    return samn_jax.Tracker.from_checkpoint("lite", **settings)


def evaluate(output_dir: Path, *arguments: str) -> dict:
    """Returns results.json of evaluate.py, run as a user does, with its defaults."""
    command = [sys.executable, "evaluate.py", "--output_dir", str(output_dir)]
    done = subprocess.run(
        [*command, *arguments], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads((output_dir / "results.json").read_text())


def test_evaluate_tracks_rendered_videos(tmp_path):
    floor = floors.RENDERED
    results = evaluate(tmp_path, "--sequences", ",".join(floor.clips))
    assert set(results["sequences"]) == set(floor.clips)
    assert not floors.problems(floors.of_results(results["sequences"]), floor)
    shipped = model_file.find_model("lite").read_bytes()
    sha256 = hashlib.sha256(shipped).hexdigest()
    assert results["manifest"]["checkpoint_sha256"] == sha256


def test_tracker_follows_rendered_videos(by_ring, rendered):
    result = floors.of_tracker(by_ring, rendered)
    assert not floors.problems(result, floors.RENDERED_BY_RING)


def test_evaluate_tracks_clips_of_davis(tmp_path, clips_dir):
    floor = floors.TRAINING_CLIPS
    results = evaluate(
        tmp_path,
        *("--dataset", "folder", "--data_dir", str(clips_dir)),
        *("--sequences", ",".join(floor.clips)),
    )
    assert set(results["sequences"]) == set(floor.clips)
    assert not floors.problems(floors.of_results(results["sequences"]), floor)


def test_tracker_follows_clips_of_davis(tracker, clips_dir):
    clips = folder.read_folder(clips_dir).select(floors.TRAINING_CLIPS.clips)
    result = floors.of_tracker(tracker, clips.sequences)
    assert not floors.problems(result, floors.TRAINING_CLIPS)


def with_noise(name: str, weights: np.ndarray) -> np.ndarray:
    """Returns weights with noise of a tenth of their spread."""
    rng = np.random.default_rng(len(name))
    noise = rng.standard_normal(weights.shape).astype(np.float32)
    return weights + np.float32(0.1 * weights.std()) * noise


def with_weak_decoder(name: str, weights: np.ndarray) -> np.ndarray:
    """Returns the decoder's weights four fifths as large, all others as they are."""
    return weights * np.float32(0.8 if "decoder" in name.lower() else 1)


@pytest.mark.parametrize("damage", [with_noise, with_weak_decoder])
def test_a_damaged_checkpoint_does_not_pass(tmp_path, rendered, damage):
    model = model_file.load_model("lite")
    flat = traverse.flatten_dict(model.variables, sep="/")
    weights = {name: damage(name, np.asarray(x)) for name, x in flat.items()}
    assert any((weights[name] != flat[name]).any() for name in flat)
    path = tmp_path / "damaged.safetensors"
    variables = traverse.unflatten_dict(weights, sep="/")
    model_file.save_model(path, model.config, variables, model.notes)
    damaged = samn_jax.Tracker.from_checkpoint(path, **{"memory.design": "ring"})
    result = floors.of_tracker(damaged, rendered)
    assert floors.problems(result, floors.RENDERED_BY_RING)
