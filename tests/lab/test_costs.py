"""What a memory costs is measured, not remembered."""

import jax
import jax.numpy as jnp
import pytest
from jax.experimental.compilation_cache import compilation_cache

from samn_jax.lab import costs


@pytest.fixture
def cache(tmp_path):
    """A cache on disk of this test's own that keeps everything."""
    names = (
        "jax_compilation_cache_dir",
        "jax_persistent_cache_min_compile_time_secs",
    )
    former = [getattr(jax.config, name) for name in names]
    for name, value in zip(names, (str(tmp_path), 0.0), strict=True):
        jax.config.update(name, value)
    compilation_cache.reset_cache()
    yield tmp_path
    for name, value in zip(names, former, strict=True):
        jax.config.update(name, value)
    compilation_cache.reset_cache()


def compiled(number):
    jax.jit(lambda x: jnp.sin(x) * number).lower(jnp.ones(3)).compile()


def files_in(folder):
    return {path for path in folder.iterdir() if path.name.endswith("-cache")}


def test_compilation_is_timed_without_the_cache_on_disk(cache):
    compiled(3.0)
    before = files_in(cache)
    assert before, "the cache works"
    with costs._uncached():
        compiled(5.0)
    assert files_in(cache) == before, "nothing was kept, so nothing can be loaded"
    compiled(7.0)
    assert len(files_in(cache)) > len(before), "and it works again"
