"""What a figure needs beside it to be reproduced: code, versions, hardware."""

import datetime
import functools
import hashlib
import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from samn_jax import files, version

_PACKAGES = ("jax", "jaxlib", "flax", "numpy", "opencv-python-headless")


def describe() -> dict[str, Any]:
    """Returns commit, versions, hardware, command line and time of this process."""
    return {
        "samn_jax": version.__version__,
        "git_commit": git_commit(),
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "time_utc": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "hardware": {"cpu": _cpu_name(), "cpu_cores": os.cpu_count()},
    }


def devices() -> list[str]:
    """Returns the kind of every device that JAX computes on, none where it isn't used.

    Scoring and baselines do without JAX; whoever computes with it has imported it.
    """
    jax = sys.modules.get("jax")
    return [device.device_kind for device in jax.devices()] if jax else []


def file_sha256(path: Path) -> str:
    """Returns the hexadecimal SHA-256 of a file.

    Raises:
      InputError: it can't be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise files.unreadable(path, "file", error) from error


@functools.cache  # A process goes on with the code that it began with.
def git_commit() -> str | None:
    """Returns the commit of the package's checkout, None outside one.

    It has "+changes" at its end if files of the package differ from it.
    """
    folder, name = Path(__file__).parent, Path(__file__).name
    # An installed copy may lie inside the checkout of something else.
    if _git(folder, "ls-files", "--error-unmatch", name) is None:
        return None
    commit = _git(folder, "rev-parse", "HEAD") or "unborn"
    edited = _git(folder, "status", "--porcelain", "--", str(folder))
    return commit + ("+changes" if edited else "")


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _cpu_name() -> str:
    cpu_info = Path("/proc/cpuinfo")
    if cpu_info.is_file():
        for line in cpu_info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
