"""Commands without the packages of the extras: one line that names the cure."""

import ast
import contextlib
import functools
import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from samn_jax import errors
from tests.data import blobs

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
# What packages that may not be installed here are imported as.
FOREIGN = {"vot-toolkit": {"vot", "trax"}, "got10k": {"got10k"}, "gradio": {"gradio"}}
# Words for each command that ask for its work, and the extra that the work needs.
COMMANDS = {
    "samn_jax.track": (["none.mp4", "--box=1,1,9,9", "--boxes=b.csv"], None),
    "samn_jax.evaluation.main": (["--merge", "none"], None),
    "samn_jax.training.main": (["--config=smoke", "--output_dir=out"], "train"),
    "samn_jax.training.recipe": (["lite", "--output_dir=out"], "train"),
    "samn_jax.convert": (["none.pth", "out.safetensors"], None),
    "samn_jax.export": (["none.safetensors", "--size=64x64", "--output=out"], None),
    "samn_jax.lab": (["--suite=none.json", "--output=out"], None),
    "samn_jax.inspect": (["none.npz"], None),
    "samn_jax.page": (["data/JPEGImages/clip", "--port=0"], "page"),
    "samn_jax.models.average": (["none", "--output=out.safetensors"], None),
    "samn_jax.memory.check": (["none.py:Mine"], None),
    "samn_jax.data.check": (["none"], None),
    "samn_jax.data.prepare": (["data", "out"], "train"),
    "samn_jax.toolkits.vot": (["--write_ini=out", "--checkpoint=none"], None),
    "samn_jax.toolkits.got10k": (["--data_dir=none", "--output_dir=out"], "got10k"),
    "evaluate": (["--merge", "none"], None),
    "train": (["--config=smoke", "--output_dir=out"], "train"),
}
# Runs a module as `python -m` does, in a process in which some modules are missing.
RUN = """
import runpy, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
sys.argv[1:] = {words!r}
runpy.run_module({module!r}, run_name="__main__", alter_sys=True)
"""


def name_of(requirement):
    return re.split(r"[^\w.-]", requirement)[0].lower().replace("_", "-")


@functools.cache
def owned():
    """Modules of each installed package."""
    found = {}
    for module, packages in importlib.metadata.packages_distributions().items():
        for package in packages:
            found.setdefault(package.lower().replace("_", "-"), set()).add(module)
    return found


def modules_of(extra):
    """Names under which the packages of an extra are imported."""
    names = map(name_of, EXTRAS[extra])
    return set().union(*(FOREIGN.get(n) or owned().get(n, set()) for n in names))


def come_along():
    """Modules of the packages that are installed without any extra."""
    seen, waiting = set(), {name_of(line) for line in PROJECT["dependencies"]}
    while waiting:
        name = waiting.pop()
        seen.add(name)
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            needed = importlib.metadata.requires(name) or ()
            names = {name_of(line) for line in needed if "extra ==" not in line}
            waiting |= names - seen
    return set().union(*(owned().get(name, set()) for name in seen))


MISSING = {extra: modules_of(extra) - come_along() for extra in EXTRAS}


def run(module, words, missing, folder):
    code = RUN.format(missing=sorted(missing), words=words, module=module)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True,
        text=True, timeout=300, check=False,
    )  # fmt: skip


def told_of(ran, extra):
    """The package that the only line names, with the cure; nothing else happened."""
    assert ran.returncode == 2, ran.stderr
    cure = re.escape(f'is missing: pip install "samn-jax[{extra}]"')
    found = re.fullmatch(rf"error: (\w+) {cure}\n", ran.stderr)
    assert found, ran.stderr
    return found[1]


def is_run(path):
    """Whether `python -m` of a file does anything."""
    tree = ast.parse(path.read_text())
    tests = (ast.unparse(n.test) for n in tree.body if isinstance(n, ast.If))
    return any("__main__" in test for test in tests)


def test_all_commands_are_known():
    found = {path.stem for path in ROOT.glob("*.py") if is_run(path)}
    for path in filter(is_run, (ROOT / "samn_jax").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found.add(".".join(parts).removesuffix(".__main__"))
    assert found == set(COMMANDS)
    scripts = {target.partition(":")[0] for target in PROJECT["scripts"].values()}
    assert {re.sub(r"\.(command|__main__)$", "", name) for name in scripts} <= found


@pytest.mark.parametrize("module", sorted(COMMANDS))
def test_a_command_without_extras_names_the_one_it_needs(module, tmp_path):
    words, extra = COMMANDS[module]
    blobs.write_clip(tmp_path / "data", "clip", 2)
    ran = run(module, words, set().union(*MISSING.values()), tmp_path)
    if extra:
        assert told_of(ran, extra) in MISSING[extra]
    else:
        # It comes as far as its input, which is bad.
        assert ran.returncode in (1, 2) and "none" in ran.stderr
        assert ran.stderr.count("\n") == 1 and "samn-jax[" not in ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize("module", sorted(COMMANDS))
def test_help_needs_no_extra(module, tmp_path):
    ran = run(module, ["--help"], set().union(*MISSING.values()), tmp_path)
    assert ran.returncode == 0 and ran.stdout.startswith("usage: "), ran.stderr


def test_records_that_can_not_be_read_without_tfds_are_not_called_damaged(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/dataset_info.json").write_text("{}")
    words = ["--config=smoke", "--data_dir=data", "--output_dir=out"]
    words += ["--set", "synthetic=False"]
    missing = {"tensorflow_datasets"}
    ran = run("samn_jax.training.main", words, missing, tmp_path)
    assert told_of(ran, "train") == "tensorflow_datasets"


@pytest.mark.parametrize("extra", sorted(EXTRAS))
def test_every_package_of_an_extra_is_known_to_be_of_it(extra):
    assert MISSING[extra]
    for name in MISSING[extra]:
        error = ModuleNotFoundError(name=f"{name}.part")
        assert f'{name} is missing: pip install "samn-jax[{extra}]"' == errors.as_told(
            error
        )
