"""A tracker run over a benchmark of boxes or regions, video by video."""

import time
from typing import Any

import numpy as np
from jaxtyping import UInt8

from samn_jax.data import types
from samn_jax.data.formats import vot_regions as regions
from samn_jax.evaluation import benchmarks as region_benchmarks
from samn_jax.evaluation import courses, run_folder
from samn_jax.evaluation.protocols import semi_supervised as protocols
from samn_jax.evaluation.trackers import region_tracker

_WARM_UP_STEPS = 2


class TimedTracker:
    """A tracker of regions that counts frames and seconds."""

    def __init__(self, tracker: region_tracker.RegionTracker) -> None:
        """Wrap a tracker; nothing is counted yet."""
        self._tracker = tracker
        self._warm: set[Any] = set()
        self.restart_clock()

    def restart_clock(self) -> None:
        """Count from nothing."""
        self.num_starts = self.num_steps = 0
        self.start_seconds = self.step_seconds = 0.0

    def init(self, frame: UInt8[np.ndarray, "H W 3"], region: regions.Region) -> Any:
        """State after the first frame."""
        began = time.perf_counter()
        state = self._tracker.init(frame, region)
        self.start_seconds += time.perf_counter() - began
        self.num_starts += 1
        return state

    def step(
        self, state: Any, frame: UInt8[np.ndarray, "H W 3"]
    ) -> tuple[Any, regions.Region]:
        """State and region after one more frame."""
        began = time.perf_counter()
        answer = self._tracker.step(state, frame)
        self.step_seconds += time.perf_counter() - began
        self.num_steps += 1
        return answer

    def warm_up(
        self, frame: UInt8[np.ndarray, "H W 3"], region: regions.Region
    ) -> None:
        """Track a frame against itself, so that all is compiled for its size."""
        program = (frame.shape, isinstance(region, regions.MaskRegion))
        if program not in self._warm:
            self._warm.add(program)
            state = self._tracker.init(frame, region)
            for _ in range(_WARM_UP_STEPS):
                state, _ = self._tracker.step(state, frame)


def track_dataset(
    tracker: protocols.VideoTracker,
    dataset: types.Dataset,
    benchmark: region_benchmarks.Benchmark,
    folder: run_folder.RunFolder,
    kind: region_tracker.Kind,
) -> courses.Course:
    """The outcome of every video; result files that are there aren't made again.

    A video that was begun by a run that was cut off has the speed of its rest.

    Args:
      tracker: a tracker of one object.
      dataset: the benchmark's videos.
      benchmark: how they are run.
      folder: where the results go.
      kind: what the tracker answers.
    """
    timed = TimedTracker(region_tracker.VideoRegionTracker(tracker, kind))

    def run_one(sequence: types.Sequence) -> courses.Record:
        record = folder.record_of(sequence)
        if record is None:
            index, region = _first_truth(sequence)
            timed.warm_up(sequence.frame(index), region)
        timed.restart_clock()
        benchmark.run(timed, sequence, folder.results_dir)
        if record is None or timed.num_starts:
            record = courses.make_record(
                timed.num_starts + timed.num_steps,
                timed.num_starts,
                timed.start_seconds,
                timed.step_seconds,
            )
            folder.finish(sequence, record)
        return record

    return courses.run_all(dataset, run_one, folder)


def _first_truth(sequence: types.Sequence) -> tuple[int, regions.Region]:
    """A frame of a video with boxes or regions from which a tracker can start."""
    truths = getattr(sequence, "groundtruth", None)
    if truths is None:
        return 0, np.array(sequence.init_box_xywh)
    seen = (k for k, region in enumerate(truths) if not regions.is_empty(region))
    index = next(seen, 0)
    return index, truths[index]
