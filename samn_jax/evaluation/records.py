"""What is kept of a finished video: its speed, and where its results come from."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from samn_jax import provenance
from samn_jax.evaluation import stopwatch


class Record(NamedTuple):
    """One finished video.

    Attributes:
      num_starts: objects that were started; of a run that was cut off, since then.
      num_steps: frames tracked beside these.
      start_seconds: time of all starts.
      step_seconds: time of all other frames.
      results_sha256: of the contents of its result files, one after the other.
      git_commit: of the code.
      devices: kinds of the devices it was tracked on.
    """

    num_starts: int
    num_steps: int
    start_seconds: float
    step_seconds: float
    results_sha256: str
    git_commit: str
    devices: tuple[str, ...]


def make(watch: stopwatch.Stopwatch, result_files: Iterable[Path]) -> Record:
    """Returns the record of a video that has just been tracked."""
    return Record(
        num_starts=len(watch.starts),
        num_steps=len(watch.steps),
        start_seconds=sum(watch.starts),
        step_seconds=sum(watch.steps),
        results_sha256=digest(result_files),
        git_commit=provenance.git_commit() or "unknown",
        devices=tuple(provenance.devices()),
    )


def from_json(values: dict[str, Any]) -> Record | None:
    """Returns the record of such values, None if they are damaged."""
    kinds = {"results_sha256": str, "git_commit": str, "devices": list}
    kinds |= {"num_starts": int, "num_steps": int}
    kinds |= {"start_seconds": (int, float), "step_seconds": (int, float)}
    is_whole = values.keys() == kinds.keys() and all(
        isinstance(values[name], kind) for name, kind in kinds.items()
    )
    if not is_whole or not all(isinstance(d, str) for d in values["devices"]):
        return None
    return Record(**{**values, "devices": tuple(values["devices"])})


def digest(result_files: Iterable[Path]) -> str:
    """Returns the SHA-256 of the files' contents, "" if one of them can't be read."""
    sha256 = hashlib.sha256()
    try:
        for path in result_files:
            sha256.update(hashlib.sha256(path.read_bytes()).digest())
    except OSError:
        return ""
    return sha256.hexdigest()


def speed(records: Iterable[Record]) -> dict[str, float | None]:
    """Returns frames per second and the time of a start, None where nothing was timed.

    A start is that of one object in its first frame.
    """
    records = list(records)
    num_steps = sum(one.num_steps for one in records)
    num_starts = sum(one.num_starts for one in records)
    step_seconds = sum(one.step_seconds for one in records)
    start_seconds = sum(one.start_seconds for one in records)
    return {
        "frames_per_second": num_steps / step_seconds if step_seconds else None,
        "first_frame_seconds": start_seconds / num_starts if num_starts else None,
    }


def origins(records: Iterable[Record]) -> dict[str, list[str]]:
    """Returns the commits and devices that results are from."""
    records = list(records)
    return {
        "git_commit_of_results": sorted({one.git_commit for one in records}),
        "devices": sorted({device for one in records for device in one.devices}),
    }
