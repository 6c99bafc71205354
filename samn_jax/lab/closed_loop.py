"""The tracker as it is: its own crops, its own masks, its own memory."""

import functools
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool

from samn_jax import places
from samn_jax.data import types
from samn_jax.evaluation.protocols import frames, protocol
from samn_jax.evaluation.trackers import interface, warm_up
from samn_jax.lab import frame_table
from samn_jax.lab.video import TARGET, Video

FOLDER = "frames"  # of the tables, in a run's folder


def table_path(video: types.Sequence, results_dir: Path) -> Path:
    """Returns the file of a video's table, proved to lie in the results folder.

    Raises:
      InputError: it does not.
    """
    return places.inside(results_dir, results_dir / f"{video.name}.json")


def _run(job: protocol.Job) -> None:
    video, watch = job.sequence, job.watch
    rows: list[frame_table.FrameRow] = []
    state: Any = None
    for index, frame in enumerate(frames.read_ahead(video, range(video.num_frames))):
        if index == 0:
            init = functools.partial(job.tracker.init, mask=_first_mask(video))
            state, _ = watch.start(init, frame)
            continue
        state, answer = watch.step(interface.step, job.tracker, state, frame)
        row = frame_table.measure(video, index, answer.mask, answer.confidence)
        rows += [row] if row else []
    frame_table.write(table_path(video, job.results_dir), rows)


def _first_mask(video: Video) -> Bool[np.ndarray, "H W"]:
    return video.first_mask() == TARGET


def _result_files(video: types.Sequence, results_dir: Path) -> list[Path]:
    return [table_path(video, results_dir)]


def _program(video: types.Sequence, request: interface.Request) -> warm_up.Program:
    return warm_up.Program(video.frame(0).shape[:2], from_mask=True)


def _show(video: types.Sequence, index: int, results_dir: Path) -> protocol.Shown:
    return protocol.Shown(None, video.mask(index))


def _no_seconds(path: Path) -> None:
    return None


CLOSED_LOOP = protocol.Protocol(
    folder=FOLDER,
    run=_run,
    result_files=_result_files,
    seconds_file=_no_seconds,
    program=_program,
    show=_show,
    starts=("mask",),
    answers=("mask",),
)
