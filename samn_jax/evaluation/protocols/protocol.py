"""What every protocol tells the one run loop."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import UInt8

from samn_jax.evaluation import stopwatch
from samn_jax.evaluation.trackers import interface, warm_up

Ids = UInt8[np.ndarray, "H W"]


class Shown(NamedTuple):
    """Object ids of one frame as the result and the truth have them, if they do."""

    result: Ids | None
    truth: Ids | None


class Job(NamedTuple):
    """One video to lead a tracker through."""

    tracker: interface.VideoTracker
    sequence: Any  # of the kind that the benchmark's reader gives
    results_dir: Path
    request: interface.Request
    watch: stopwatch.Stopwatch  # times the tracker


class Protocol(NamedTuple):
    """How a tracker is led through one video, and which files that leaves.

    Attributes:
      folder: name of the folder of its results inside an output folder.
      run: a job → nothing, once all result files of the video are there. Whole ones
        that were there are left as they are.
      result_files: video, results folder → the files of a finished run that are there
        or should be, in order. Equal results have equal bytes.
      seconds_file: a result file → the file beside it that holds the seconds of each
        frame; None if there are none.
      program: video, request → what has to be compiled for it.
      show: video, frame index, results folder → what a picture of the result shows.
      starts: what a tracker may be given; the first is the default.
      answers: what a tracker may be asked for.
      has_ids: whether objects are given by the ids of masks; else there is one, 1.
    """

    folder: str
    run: Callable[[Job], None]
    result_files: Callable[[Any, Path], list[Path]]
    seconds_file: Callable[[Path], Path | None]
    program: Callable[[Any, interface.Request], warm_up.Program]
    show: Callable[[Any, int, Path], Shown]
    starts: tuple[interface.Start, ...]
    answers: tuple[interface.Answer, ...]
    has_ids: bool = False
