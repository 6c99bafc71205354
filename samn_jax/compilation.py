"""XLA's persistent cache: what was compiled once is loaded from disk ever after."""

import os
from pathlib import Path

import jax

CACHE_VARIABLE = "SAMN_CACHE_DIR"


def cache_folder() -> Path:
    """Returns the cache's folder: $SAMN_CACHE_DIR, or samn_jax in the user's cache."""
    if chosen := os.environ.get(CACHE_VARIABLE):
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "samn_jax"


def keep_compiled() -> None:
    """Makes JAX keep compiled programs on disk, for this process and later ones.

    The commands call it; in a program of your own, call it before the first frame.
    """
    jax.config.update("jax_compilation_cache_dir", str(cache_folder()))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)
