"""The loop from start to end: files, stops, restarts, bad input."""

import json
import os
import signal
import sys

import chex
import jax
import numpy as np
import pytest
from jax.experimental.compilation_cache import compilation_cache

from samn_jax import commands, compilation
from samn_jax import overrides as overrides_lib
from samn_jax.errors import InputError
from samn_jax.models import model_file
from samn_jax.training import checkpoints, divergence, loop, main
from samn_jax.training import run as run_lib
from tests.training import tiny
from tests.training.test_scale import start

STEPS = 6


known_network = tiny.known_network


@pytest.fixture(scope="module", autouse=True)
def compile_once(tmp_path_factory):
    """Runs share their compiled programs through JAX's cache on disk."""
    settings = {
        "jax_compilation_cache_dir": str(tmp_path_factory.mktemp("cache")),
        "jax_persistent_cache_min_compile_time_secs": 0.0,
    }
    old = {name: getattr(jax.config, name) for name in settings}
    for values in (settings, old):
        for name, value in values.items():
            jax.config.update(name, value)
        compilation_cache.reset_cache()
        if values is settings:
            yield


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tiny.write_clips(tmp_path_factory.mktemp("clips"))


@pytest.fixture(scope="module")
def whole(data, tmp_path_factory):
    """The folder of a run that nothing came between."""
    folder = tmp_path_factory.mktemp("run") / "whole"
    config = tiny.config(held_out=("clip1",), validate_every=3)
    assert loop.train_and_evaluate(config, data, folder) == "finished"
    return folder


def final_state(folder):
    saved = checkpoints.Checkpoints(folder)
    state, position = saved.restore(tiny.state_of(tiny.config()))
    saved.close()
    return state, position


def assert_equal_runs(first, second):
    """Bit for bit: state, data position, and the model file."""
    a, b = final_state(first), final_state(second)
    assert int(a[0].step) == int(b[0].step)
    chex.assert_trees_all_equal(a[0], b[0])
    assert a[1].data == b[1].data
    names = (first / "model.safetensors", second / "model.safetensors")
    assert names[0].read_bytes() == names[1].read_bytes()


def stop_after(config, data, folder, count):
    """Runs until SIGTERM comes, after `count` steps."""
    step = run_lib.Run.step

    def step_then_signal(self, number):
        step(self, number)
        if number == count:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_lib.Run, "step", step_then_signal)
        assert loop.train_and_evaluate(config, data, folder) == "stopped"


def test_a_run_leaves_its_files(whole):
    lines = [json.loads(x) for x in (whole / "log.jsonl").read_text().splitlines()]
    logged = [x for x in lines if "loss" in x]
    assert [x["step"] for x in logged] == [2, 4, 6]
    assert {"iou", "learning_rate", "steps_per_s", "data_wait_s"} <= set(logged[0])
    assert [x["step"] for x in lines if "held_out_iou" in x] == [3, 6]
    model = model_file.load_model(whole / "model.safetensors")
    assert model.notes["steps"] == STEPS
    assert model_file.load_model(whole / "best.safetensors").notes["held_out_iou"]
    (run,) = json.loads((whole / "run.json").read_text())
    assert {"git_commit", "packages", "seed", "devices"} <= set(run)
    assert run["data"]["videos"] == 1 and len(run["data"]["fingerprint"]) == 64
    assert list((whole / "tensorboard").iterdir())
    assert final_state(whole)[1].best_score > 0


def test_stopped_by_a_signal_it_goes_on_to_the_same_end(whole, data, tmp_path):
    config = tiny.config(held_out=("clip1",), validate_every=3)
    handler = signal.getsignal(signal.SIGTERM)
    stop_after(config, data, tmp_path, 3)
    assert signal.getsignal(signal.SIGTERM) is handler
    assert int(final_state(tmp_path)[0].step) == 3
    assert loop.train_and_evaluate(config, data, tmp_path) == "finished"
    assert_equal_runs(whole, tmp_path)


def test_killed_in_a_save_it_loses_no_finished_one(data, tmp_path):
    process = start(2, "loop", str(data), str(tmp_path), "5")
    output, _ = process.communicate(timeout=540)
    assert process.returncode == -signal.SIGKILL, output[-2000:]
    saved = checkpoints.Checkpoints(tmp_path)
    last = saved.steps()[-1]
    saved.close()
    assert last in (4, 5)
    # The interrupted run and one in one go, both to the end.
    config = tiny.config(num_steps=400, save_every=1)
    straight = tmp_path / "straight"
    for folder in (tmp_path, straight):
        stop_after(config, data, folder, 8)
    assert_equal_runs(tmp_path, straight)


def test_a_diverging_run_stops_and_keeps_its_batch(data, tmp_path):
    config = tiny.config(num_steps=50, save_every=50)
    changes = ["optimizer.name=sgd", "optimizer.learning_rate=1e12"]
    config = overrides_lib.override(config, changes)
    with pytest.raises(divergence.DivergedError, match=r"step \d+: .*clip"):
        loop.train_and_evaluate(config, data, tmp_path)
    (dump,) = tmp_path.glob("diverged-*.npz")
    with np.load(dump) as arrays:
        assert arrays["frames"].shape == (4, 2, tiny.SIZE, tiny.SIZE, 3)


def test_bad_folders_are_named(whole, data, tmp_path):
    other = tiny.config(held_out=("clip1",), seed=1)
    with pytest.raises(InputError, match="another run .seed was 0, now 1.: go back"):
        loop.train_and_evaluate(other, data, whole)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="can't be written: .* file, not a folder"):
        loop.train_and_evaluate(tiny.config(), data, tmp_path / "file" / "run")
    with pytest.raises(InputError, match="clip9 is not in the data"):
        config = tiny.config(held_out=("clip9",))
        loop.train_and_evaluate(config, data, tmp_path / "a")
    with pytest.raises(InputError, match="data folder .*nothing is missing"):
        loop.train_and_evaluate(tiny.config(), tmp_path / "nothing", tmp_path / "b")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="has neither JPEGImages"):
        loop.train_and_evaluate(tiny.config(), tmp_path / "empty", tmp_path / "c")
    with pytest.raises(InputError, match="divided over 2 devices"):
        config = tiny.config(batch_size=3)
        loop.train_and_evaluate(config, data, tmp_path / "d")


def test_the_command_trains_on_rendered_clips(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["train.py"])
    monkeypatch.setattr(compilation, "keep_compiled", lambda: None)
    arguments = ["--config", "configs/smoke.py", "--output_dir", str(tmp_path)]
    assert main.main(arguments) == 0
    assert f"model: {tmp_path}/model.safetensors" in capsys.readouterr().out
    model = model_file.load_model(tmp_path / "model.safetensors")
    assert model.config.network == "lite"
    assert main.main([*arguments, "--set", "num_step=3"]) == commands.BAD_INPUT
    assert "setting num_step: there is no such name" in capsys.readouterr().err
