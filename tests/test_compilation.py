import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest
from jax.experimental.compilation_cache import compilation_cache

from samn_jax import compilation
from samn_jax.compilation import keep_compiled

OPTIONS = (
    "jax_compilation_cache_dir",
    "jax_persistent_cache_min_compile_time_secs",
)


@pytest.fixture
def restored_options():
    before = {name: getattr(jax.config, name) for name in OPTIONS}
    yield
    for name, value in before.items():
        jax.config.update(name, value)
    compilation_cache.reset_cache()


def test_folder_is_the_chosen_one_or_in_the_users_cache(monkeypatch):
    monkeypatch.setenv("SAMN_CACHE_DIR", "/somewhere/else")
    assert compilation.cache_folder() == Path("/somewhere/else")
    monkeypatch.setenv("SAMN_CACHE_DIR", "")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert compilation.cache_folder() == Path("/caches/samn_jax")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/someone")
    assert compilation.cache_folder() == Path("/home/someone/.cache/samn_jax")


def test_compiled_programs_are_kept_in_the_folder(
    tmp_path, monkeypatch, restored_options
):
    monkeypatch.setenv("SAMN_CACHE_DIR", str(tmp_path / "cache"))
    compilation_cache.reset_cache()
    keep_compiled()
    assert jax.config.jax_compilation_cache_dir == str(tmp_path / "cache")
    # So that a small program counts as slow.
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.jit(lambda x: jnp.sin(x) * 3.5 + 0.25)(jnp.ones(7)).block_until_ready()
    assert list((tmp_path / "cache").iterdir())


def run_program(folder):
    """Runs a program in a process of its own; returns its result and warnings."""
    code = (
        "import jax, jax.numpy as jnp\n"
        "from samn_jax import compilation\n"
        "compilation.keep_compiled()\n"
        "jax.config.update('jax_persistent_cache_min_compile_time_secs', 0.0)\n"
        "print(float(jax.jit(lambda x: jnp.sin(x) * 3.5 + 0.25)(jnp.ones(7))[0]))\n"
    )
    environment = {**os.environ, "SAMN_CACHE_DIR": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return float(done.stdout), done.stderr


def test_entries_that_were_cut_are_removed_and_made_again(tmp_path):
    folder = tmp_path / "cache"
    expected, _ = run_program(folder)
    entries = sorted(folder.glob("*-cache"))
    whole = {path: path.stat().st_size for path in entries}
    assert whole
    harms = (
        lambda x: x[: len(x) // 2],
        lambda x: b"",
        lambda x: bytes(len(x)),
        lambda x: b"garbage" * 99,
    )
    for harm in harms:
        for path in entries:
            path.write_bytes(harm(path.read_bytes()))
        result, said = run_program(folder)
        assert result == expected and "Error reading" not in said, said
        sizes = {path: path.stat().st_size for path in entries}
        assert min(sizes.values()) > 0 and sizes.keys() == whole.keys()
        assert run_program(folder) == (expected, said)


def test_an_entry_that_only_jax_can_judge_is_a_warning(tmp_path):
    folder = tmp_path / "cache"
    expected, _ = run_program(folder)
    for path in folder.glob("*-cache"):
        path.write_bytes(b"\x28\xb5\x2f\xfd" * 99)
    result, said = run_program(folder)
    assert result == expected and "Traceback" not in said


def test_without_a_home_nothing_is_kept(monkeypatch, restored_options):
    for name in ("SAMN_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)

    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    jax.config.update("jax_compilation_cache_dir", None)
    keep_compiled()
    assert jax.config.jax_compilation_cache_dir is None


@pytest.mark.parametrize("place", ["file", "loop", "missing/of/file/cache"])
def test_a_cache_that_can_not_be_used_is_done_without(tmp_path, place):
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "missing").symlink_to(tmp_path / "file")
    result, said = run_program(tmp_path / place)
    assert result == pytest.approx(3.195, abs=1e-3) and "Traceback" not in said
    assert (tmp_path / "file").read_text() == "in the way"
