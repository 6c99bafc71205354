from pathlib import Path

import jax
import jax.numpy as jnp
import pytest
from jax.experimental.compilation_cache import compilation_cache

from samn_jax import compilation

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
    compilation.keep_compiled()
    assert jax.config.jax_compilation_cache_dir == str(tmp_path / "cache")
    # So that a small program counts as slow.
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.jit(lambda x: jnp.sin(x) * 3.5 + 0.25)(jnp.ones(7)).block_until_ready()
    assert list((tmp_path / "cache").iterdir())
