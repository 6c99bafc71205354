"""Strict numerics for every test, and the paths of the golden data."""

import gc
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# `make test` adds a compiler that is done in half the time.
os.environ.setdefault("XLA_FLAGS", "--xla_force_host_platform_device_count=2")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
# What one test file has compiled, others and the next run find again.
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(ROOT / ".cache" / "tests"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.1")

import jax  # noqa: E402
import pytest  # noqa: E402

from samn_jax import allocation, compilation  # noqa: E402

gc.set_threshold(50_000, 20, 20)  # Tracing makes many objects, and few cycles.
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_numpy_dtype_promotion", "strict")


def _folder(variable: str, default: Path) -> Path:
    folder = Path(os.environ.get(variable, default))
    if not folder.is_dir():
        pytest.skip(f"{folder} is missing (set {variable} to the folder)")
    return folder


@pytest.fixture(scope="session")
def davis16_dir() -> Path:
    """DAVIS-2016 in its official layout (SAMN_DAVIS16)."""
    return _folder("SAMN_DAVIS16", ROOT.parent / "shared" / "data" / "davis16")


@pytest.fixture(scope="session")
def clips_dir() -> Path:
    """Clips to train on, in the layout of YouTube-VOS (SAMN_CLIPS)."""
    return _folder("SAMN_CLIPS", ROOT.parent / "shared" / "data" / "train" / "video")


@pytest.fixture(scope="session")
def reference_dir() -> Path:
    """Published results with their published scores (SAMN_REFERENCE)."""
    return _folder("SAMN_REFERENCE", ROOT.parent / "shared" / "reference")


@pytest.fixture(autouse=True, scope="session")
def nothing_is_kept_compiled() -> Iterator[None]:
    """Commands that are run in the tests' own process leave its cache as it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compilation, "keep_compiled", lambda: None)
        yield


@pytest.fixture(autouse=True, scope="module")
def programs_are_dropped_in_time() -> None:
    """Drops compiled programs before a process has as many maps as Linux allows."""
    allocation.make_room()


@pytest.fixture
def key() -> jax.Array:
    """A fixed random key."""
    return jax.random.key(0)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own with 64 KiB; skips where mounting is not allowed."""
    folder = tmp_path / "small_disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a small tmpfs can't be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
