"""The command, from any folder."""

import importlib
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

from samn_jax.evaluation import main

ROOT = Path(__file__).parents[2]


def test_the_installed_command_is_this_one():
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    module, _, function = scripts["samn-evaluate"].partition(":")
    assert getattr(importlib.import_module(module), function) is main.main


def test_it_runs_in_another_folder(tmp_path):
    flags = ["--tracker", "copy_first", "--sequences", "moving", "--workers", "1"]
    command = [sys.executable, "-m", "samn_jax.evaluation.main", *flags]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(
        command, cwd=tmp_path, env=environment, check=True, capture_output=True
    )
    results = json.loads((tmp_path / "outputs/synthetic/results.json").read_text())
    assert list(results["sequences"]) == ["moving"]
    assert results["manifest"]["devices"] == []  # A baseline does without JAX.


def test_flags_become_options():
    flags = "--dataset otb --sequences a,b --shard 2/3 --set x=1 --set y.z=2".split()
    config = main.config_from(
        main.parser().parse_args([*flags, "--score_only", "results"])
    )
    assert config.sequences == ("a", "b") and config.shard == (2, 3)
    assert config.settings == ("x=1", "y.z=2")
    assert config.output_dir == Path("outputs/otb-results")
    assert config.start is None and config.answer is None
