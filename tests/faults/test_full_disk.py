"""A disk that fills up while a training saves: seen in processes of their own."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.training import tiny

STEPS = 8
CONFIG = f"""
from tests.training import tiny

tiny.register()


def get_config():
    return tiny.config(num_steps={STEPS}, track_every=0)
"""
PAGE = 4096  # a file takes at least as much of a tmpfs


@pytest.fixture
def train(tmp_path):
    """The command, for a folder that it goes on in; returns code and stderr."""
    config = tmp_path / "tiny_run.py"
    config.write_text(CONFIG)
    data = tiny.write_clips(tmp_path / "clips")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def train(folder):
        words = ["--config", config, "--data_dir", data, "--output_dir", folder]
        done = subprocess.run(
            [sys.executable, ROOT / "train.py", *words],
            env=environment, cwd=tmp_path, capture_output=True, text=True,
        )  # fmt: skip
        return done.returncode, done.stderr

    return train


def size_of(folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sum(-(-path.stat().st_size // PAGE) * PAGE for path in files)


def test_a_checkpoint_that_has_no_room_costs_no_earlier_one(
    train, tmp_path, small_disk
):
    whole = tmp_path / "whole"
    assert train(whole)[0] == 0
    # Room for the first checkpoints and a part of one more; two are kept, and one more
    # while it is written.
    room = size_of(whole) - size_of(whole / "checkpoints" / str(STEPS)) // 2
    subprocess.run(["mount", "-o", f"remount,size={room}", small_disk], check=True)
    folder = small_disk / "run"
    code, error = train(folder)
    assert code == 2 and error.splitlines()[-1].startswith("error: "), error
    line = error.splitlines()[-1]
    assert "Traceback" not in error and line.isprintable()
    assert "can't be written" in line and ("full" in line or "space" in line)
    saved = [
        int(p.name) for p in (folder / "checkpoints").iterdir() if p.name.isdigit()
    ]
    assert saved and max(saved) < STEPS
    code, again = train(folder)  # Nothing was freed: the same, and nothing is lost.
    assert code == 2 and "Traceback" not in again
    subprocess.run(["mount", "-o", "remount,size=4m", small_disk], check=True)
    code, error = train(folder)
    assert code == 0, error
    model = "model.safetensors"
    assert (folder / model).read_bytes() == (whole / model).read_bytes()
    starts = json.loads((folder / "run.json").read_text())
    assert starts[-1]["first_step"] >= min(saved), "it began anew"
    shutil.rmtree(folder)
