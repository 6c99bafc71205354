"""What is kept of a finished video: its speed, and where its results come from."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from samn_jax import errors, files, provenance
from samn_jax.evaluation import stopwatch

_MANY = 2**50  # no video has as many frames, or takes as many seconds


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
    if values.keys() != set(Record._fields):
        return None
    counts = [values["num_starts"], values["num_steps"]]
    seconds = [values["start_seconds"], values["step_seconds"]]
    texts = [values["results_sha256"], values["git_commit"]]
    devices = values["devices"]
    is_whole = (
        all(type(count) is int and 0 <= count < _MANY for count in counts)
        and all(type(s) in (int, float) and 0 <= s < _MANY for s in seconds)
        and all(isinstance(text, str) for text in texts)
        and isinstance(devices, list)
        and all(isinstance(device, str) for device in devices)
    )
    return Record(**{**values, "devices": tuple(devices)}) if is_whole else None


def digest(result_files: Iterable[Path]) -> str:
    """Returns the SHA-256 of the files' contents, "" if one of them can't be read."""
    sha256 = hashlib.sha256()
    try:
        for path in result_files:
            sha256.update(hashlib.sha256(files.read_bytes(path)).digest())
    except errors.InputError:
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
