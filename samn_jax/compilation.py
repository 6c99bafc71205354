"""XLA's persistent cache: what was compiled once is loaded from disk ever after."""

import contextlib
import os
import zlib
from pathlib import Path

import jax

CACHE_VARIABLE = "SAMN_CACHE_DIR"
_CHECKED = "samn_checked"  # its time: entries that are older are whole
_ZSTANDARD = b"\x28\xb5\x2f\xfd"  # what entries begin with where JAX has zstandard


def cache_folder() -> Path:
    """Returns the cache's folder: $SAMN_CACHE_DIR, or samn_jax in the user's cache.

    Raises:
      RuntimeError: the user has no home, as in a container with a foreign user id.
    """
    if chosen := os.environ.get(CACHE_VARIABLE):
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "samn_jax"


def keep_compiled() -> None:
    """Makes JAX keep compiled programs on disk, for this process and later ones.

    The commands call it; in a program of your own, call it before the first frame.
    """
    try:
        folder = cache_folder()
    except RuntimeError:
        return
    remove_cut_entries(folder)
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)


def remove_cut_entries(folder: Path) -> None:
    """Removes entries that a process which was killed has written in part.

    JAX warns of such an entry and compiles anew, every time, as it never writes an
    entry over another. Each is looked at once. A cache that can't be changed stays as
    it is, and is used as far as it goes.
    """
    marker = folder / _CHECKED
    with contextlib.suppress(OSError):
        since = marker.stat().st_mtime_ns if marker.exists() else 0
        fresh = folder / f"{_CHECKED}.{os.getpid()}"
        fresh.touch()  # Before looking: what is written meanwhile is newer.
        for path in folder.glob("*-cache"):
            if path.stat().st_mtime_ns >= since and not _is_whole(path):
                path.unlink(missing_ok=True)
        fresh.replace(marker)


def _is_whole(path: Path) -> bool:
    """Whether an entry can be unpacked; JAX itself looks at those of zstandard."""
    content = path.read_bytes()
    if content.startswith(_ZSTANDARD):
        return True
    try:
        zlib.decompress(content)
    except zlib.error:
        return False
    return True
