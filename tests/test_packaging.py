"""The wheel: what is declared, what is inside, and that its commands run anywhere."""

import ast
import functools
import importlib.metadata
import re
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

import samn_jax

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CORE, TRAIN = PROJECT["dependencies"], PROJECT["optional-dependencies"]["train"]
PAGE = PROJECT["optional-dependencies"]["page"]
# What running without the extra `train` starts with.
ENTRIES = (
    "samn_jax",
    "samn_jax.track.command",
    "samn_jax.evaluation.main",
    "samn_jax.convert.__main__",
    "samn_jax.export.command",
    "samn_jax.lab.command",
    "samn_jax.inspect.command",
    "samn_jax.models.average",
    "samn_jax.memory.check",
    "samn_jax.toolkits.vot",
)
# Clients of these run the adapters, so they are there.
FOREIGN = {"vot", "trax", "got10k"}


def names(requirements: list[str]) -> set[str]:
    found = {re.split(r"[<>=!\[; ]", line)[0] for line in requirements}
    return {name.lower().replace("_", "-") for name in found}


def test_requirements_of_a_checkout_are_those_of_the_package():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    lines = [line for line in lines if line and not line.startswith("#")]
    assert sorted(lines) == sorted([*CORE, *TRAIN])


@functools.cache
def imports_of(path: Path) -> set[str]:
    """Returns the dotted names that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{a.name}" for a in node.names}
    return found


def path_of(module: str) -> Path | None:
    base = ROOT / module.replace(".", "/")
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


def distributions(paths) -> set[str]:
    """Returns what must be installed for the imports of the package's files."""
    imported = {name.split(".")[0] for path in paths for name in imports_of(path)}
    owners = importlib.metadata.packages_distributions()
    outside = imported - set(sys.stdlib_module_names) - {"samn_jax"} - FOREIGN
    return {owners[name][0].lower().replace("_", "-") for name in outside}


def test_every_import_is_declared():
    assert distributions((ROOT / "samn_jax").rglob("*.py")) <= names(
        CORE + TRAIN + PAGE
    )


def test_the_extra_train_is_for_training_alone():
    seen, waiting = set(), list(ENTRIES)
    while waiting:
        path = path_of(waiting.pop())
        if path is None or path in seen:
            continue
        seen.add(path)
        waiting += [name for name in imports_of(path) if name.startswith("samn_jax")]
    assert len(seen) > 50
    assert distributions(seen) <= names(CORE)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The built wheel; building in the checkout would leave files there."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    leave = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "samn_jax", source / "samn_jax", ignore=leave)
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, source)
    flags = ("--quiet", "--no-deps", "--no-build-isolation", "--no-cache-dir")
    command = [sys.executable, "-m", "pip", "wheel", *flags, "-w", folder, source]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    return path


def test_wheel_holds_code_configs_weights_and_types(wheel):
    inside = set(zipfile.ZipFile(wheel).namelist())
    info = f"samn_jax-{samn_jax.__version__}.dist-info/"
    files = {name for name in inside if not name.startswith(info)}
    tracked = subprocess.run(
        ["git", "ls-files", "samn_jax", "configs"], cwd=ROOT, capture_output=True
    )
    if tracked.returncode == 0:
        listed = tracked.stdout.decode().split()
        wanted = {re.sub("^configs/", "samn_jax/configs/", name) for name in listed}
        assert wanted - {"samn_jax/configs"} <= files
    assert all(name.startswith("samn_jax/") for name in files)
    assert not any("__pycache__" in name for name in files)
    assert {"samn_jax/py.typed", "samn_jax/configs/lite.py"} <= files
    assert "samn_jax/pretrained/lite.safetensors" in files
    assert {info + "licenses/LICENSE", info + "licenses/NOTICE"} <= inside


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The folder of commands of an environment that has the wheel."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-cache-dir", wheel], check=True)
    # All that it needs is in the packages of this interpreter.
    (packages,) = (folder / "lib").glob("python*/site-packages")
    here = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "borrowed.pth").write_text("\n".join(here))
    return folder / "bin"


def run(command: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [command, *arguments], cwd=cwd, capture_output=True, text=True, timeout=300
    )


@pytest.mark.parametrize("name", sorted(PROJECT["scripts"]))
def test_commands_run_in_another_folder(installed, tmp_path, name):
    done = run(installed / name, "--help", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"usage: {name}")


def test_configs_are_found_by_name(installed, tmp_path):
    flags = ("--output_dir", "out", "--config")
    done = run(installed / "samn-train", *flags, "nonsense", cwd=tmp_path)
    assert done.returncode == 2
    assert "lite" in done.stderr and "smoke" in done.stderr
    bad = ("smoke", "--set", "batch_size=none")
    done = run(installed / "samn-train", *flags, *bad, cwd=tmp_path)
    assert done.returncode == 2
    assert "batch_size" in done.stderr
    assert not any(tmp_path.iterdir())


def test_evaluation_writes_where_it_is_called(installed, tmp_path):
    flags = ("--tracker", "copy_first", "--sequences", "moving", "--workers", "1")
    done = run(installed / "samn-evaluate", *flags, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "outputs" / "synthetic" / "results.json").is_file()
