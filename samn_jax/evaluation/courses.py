"""One video after the other: the finished are kept, failures told at the end."""

from collections.abc import Callable
from typing import Any, NamedTuple

import tqdm

from samn_jax import provenance as manifest
from samn_jax.data import types
from samn_jax.evaluation import run_folder

# What a run keeps of a finished video; see `make_record`.
Record = dict[str, Any]


class Course(NamedTuple):
    """The records of finished videos, and why the others failed, by their names."""

    records: dict[str, Record]
    failures: dict[str, str]


def run_all(
    dataset: types.Dataset,
    run_one: Callable[[types.Sequence], Record],
    folder: run_folder.RunFolder,
) -> Course:
    """The outcome of every video; one that fails doesn't stop the others.

    Args:
      dataset: the videos.
      run_one: makes the results of a video that are missing and gives its record.
      folder: keeps the records, and what can be said of failures.
    """
    records, failures = {}, {}
    for sequence in tqdm.tqdm(dataset.sequences, desc="track", disable=None):
        try:
            records[sequence.name] = run_one(sequence)
        except Exception as error:  # Whatever it is: hours of others' work go on.
            failures[sequence.name] = folder.note_failure(sequence, error)
    return Course(records, failures)


def make_record(
    num_frames: int, num_starts: int, start_seconds: float, step_seconds: float
) -> Record:
    """What is kept of a finished video.

    Args:
      num_frames: frames tracked, starts and steps together.
      num_starts: frames in which the tracker was started.
      start_seconds: time of all starts.
      step_seconds: time of all other frames.
    """
    return {
        "num_frames": num_frames,
        "num_starts": num_starts,
        "first_frame_seconds": start_seconds / num_starts if num_starts else 0.0,
        "other_frames_seconds": step_seconds,
        "git_commit": manifest.git_commit(),
        "devices": manifest.devices(),
    }


def speed(records: list[Record]) -> dict[str, float | None]:
    """Frames per second and the time of a start, None where nothing was timed."""
    steps = sum(one["num_frames"] - one["num_starts"] for one in records)
    seconds = sum(one["other_frames_seconds"] for one in records)
    first = [one["first_frame_seconds"] for one in records if one["num_starts"]]
    return {
        "frames_per_second": steps / seconds if seconds else None,
        "first_frame_seconds": sum(first) / len(first) if first else None,
    }


def provenance(records: list[Record]) -> dict[str, Any]:
    """Commits and devices that the results are from."""
    commits = {one["git_commit"] or "unknown" for one in records}
    devices = {device for one in records for device in one["devices"]}
    return {
        "git_commit_of_results": sorted(commits),
        "devices": sorted(devices),
    }
