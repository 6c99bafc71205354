"""A recipe from start to end, in one go and killed in between."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from samn_jax import commands
from samn_jax.models import average, model_file
from samn_jax.tracking.config import file_config
from samn_jax.training import loop
from samn_jax.training.recipe import __main__ as command
from samn_jax.training.recipe import run
from tests.training import tiny, tiny_config

ROOT = Path(__file__).resolve().parents[3]
RECIPE = "tests/training/recipe/tiny_recipe.py"
TRAININGS = ("first", "second/fold0", "second/fold1", "third/fold0", "third/fold1")
# Files that hold times.
TIMED = {"run.json", "log.jsonl", "finished.json", "recipe.json", "checkpoints.json"}


known_network = tiny.known_network


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tiny.write_clips(tmp_path_factory.mktemp("clips"), count=3)


@pytest.fixture(scope="module")
def whole(data, tmp_path_factory):
    """The folder of a recipe that nothing came between."""
    folder = tmp_path_factory.mktemp("whole")
    assert make(data, folder) == 0
    return folder


def arguments(data, folder, *more):
    return [RECIPE, "--data_dir", str(data), "--output_dir", str(folder), *more]


def make(data, folder, *more):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        patch.setattr(command.compilation, "keep_compiled", lambda: None)
        return command.main(arguments(data, folder, *more))


def digests(folder):
    """Returns name → hash of all files that must be the same, but for the folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        skipped = {"checkpoints", "tensorboard"} & set(name.parts)
        if path.is_file() and not skipped and path.name not in TIMED:
            content = path.read_bytes().replace(str(folder).encode(), b"FOLDER")
            found[str(name)] = hashlib.sha256(content).hexdigest()
    return found


def test_the_model_is_the_mean_of_its_networks(whole):
    model = model_file.load_model(whole / "model.safetensors")
    parts = [whole / name / "model.safetensors" for name in TRAININGS[1:]]
    mean = average.average(parts)
    for name, weights in mean.variables["params"].items():
        found = model.variables["params"][name]["kernel"]
        np.testing.assert_allclose(found, weights["kernel"], rtol=1e-3, atol=1e-4)


def test_it_is_tracked_as_the_recipe_says(whole):
    path = whole / "model.safetensors"
    tracking = file_config(path, model_file.load_model(path), {})
    assert tracking.memory.design == "fifo"
    assert tracking.memory.capacity == tiny_config.get_config().memory.capacity


def test_the_notes_say_how_it_was_made(whole, data):
    notes = model_file.load_model(whole / "model.safetensors").notes
    assert notes["recipe"] == "tiny_recipe" and notes["license"] == "none"
    assert [stage["name"] for stage in notes["stages"]] == list(TRAININGS)
    assert notes["mean_of"] == list(TRAININGS[1:])
    third = notes["stages"][4]
    assert third["start"] == "second" and third["settings"]["seed"] == 2
    assert third["held_out"] == ["clip1"] and third["steps"] == 6
    assert len(third["data"]["fingerprint"]) == 64 and third["data"]["videos"] == 2
    assert third["start_sha256"] == notes["stages"][2]["sha256"]
    assert all(stage["commits"] for stage in notes["stages"])
    text = json.dumps(notes)
    assert str(whole) not in text and str(data) not in text and "/" + "tmp" not in text


def test_each_fold_starts_from_the_same_fold(whole):
    for fold in (0, 1):
        path = whole / f"third/fold{fold}/config.json"
        settings = json.loads(path.read_text())["settings"]
        assert settings["init_from"].endswith(f"second/fold{fold}/model.safetensors")


def test_every_clip_is_tracked_by_a_network_that_has_not_seen_it(whole):
    table = json.loads((whole / "cross_validation.json").read_text())
    assert set(table["stages"]) == {"second", "third"}
    second = table["stages"]["second"]
    assert set(second["by_clip"]) == {"clip0", "clip1", "clip2"}
    kinds = {f"{d}/{s}" for d in ("forwards", "backwards") for s in ("mask", "box")}
    values = []
    for by_kind in second["by_clip"].values():
        assert set(by_kind) == kinds
        values.append(np.mean([score["J&F"] for score in by_kind.values()]))
    assert second["J&F"] == pytest.approx(np.mean(values), abs=1e-4)
    error = np.std(values, ddof=1) / np.sqrt(3)
    assert second["standard_error"] == pytest.approx(error, abs=1e-4)
    assert 0.2 < second["J&F"] < 1.0
    assert set(table["differences"]) == {"third - second"}
    tracked = sorted(p.name for p in (whole / "second/fold0/tracked").iterdir())
    assert {name.split(".")[0] for name in tracked} == {"clip0", "clip2"}


def test_the_report_has_times_and_hardware(whole):
    report = json.loads((whole / "recipe.json").read_text())
    assert report["seconds"] == pytest.approx(
        sum(training["seconds"] for training in report["trainings"]), abs=0.5
    )
    assert report["trainings"][0]["hardware"]["cpu_cores"] == os.cpu_count()


def test_what_is_finished_is_not_done_again(whole, data, monkeypatch, capsys):
    def refuse(*_):
        raise AssertionError("trained again")

    before = digests(whole)
    monkeypatch.setattr(loop.assemble, "assemble", refuse)
    assert make(data, whole) == 0
    assert digests(whole) == before
    assert make(data, whole, "--status") == 0
    shown = capsys.readouterr().out
    assert shown.count("finished") >= len(TRAININGS) and "6/6" in shown


def test_killed_again_and_again_it_leaves_the_same_files(whole, data, tmp_path):
    folder = tmp_path / "killed"
    for place in (
        "first/checkpoints/2",
        "second/fold0/tracked",
        "third/fold0/log.jsonl",
    ):
        kill_at(folder / place, data, folder)
        assert not (folder / "model.safetensors").exists()
    assert make(data, folder) == 0
    assert digests(folder) == digests(whole)


def kill_at(path, data, folder):
    """Runs the command until a file or folder is there."""
    program = [sys.executable, "-m", "samn_jax.training.recipe"]
    environment = {**os.environ, "JAX_PLATFORMS": "cpu"}
    process = subprocess.Popen(
        [*program, *arguments(data, folder)], cwd=ROOT, env=environment
    )
    deadline = time.monotonic() + 300
    while not path.exists() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    assert process.poll() is None, "it ended before it could be killed"
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_a_stop_in_a_training_goes_on(whole, data, tmp_path, capsys):
    def stop(*_):
        return "stopped"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run.loop, "train_and_evaluate", stop)
        assert make(data, tmp_path) == command.STOPPED
    assert "the same command goes on" in capsys.readouterr().err


def test_a_bad_stage_is_named_before_anything_is_trained(data, tmp_path, capsys):
    text = (ROOT / RECIPE).read_text()
    bad = tmp_path / "bad.py"
    bad.write_text(text.replace('"seed": 2', '"frozen": ("^nothing/",)'))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        folder = tmp_path / "out"
        flags = ["--data_dir", str(data), "--output_dir", str(folder)]
        assert command.main([str(bad), *flags]) == commands.BAD_INPUT
    error = capsys.readouterr().err
    assert "stage third/fold0: frozen has the pattern '^nothing/'" in error
    assert error.count("\n") == 1 and not folder.exists()
