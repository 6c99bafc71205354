"""Benchmarks of boxes and regions by name: how each is read, run and scored."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from samn_jax.data import types
from samn_jax.data.readers import got10k, otb, trackingnet, vot
from samn_jax.evaluation.protocols import ope as one_pass
from samn_jax.evaluation.protocols import vot_multistart, vot_supervised
from samn_jax.evaluation.scores import ope as sot_scoring
from samn_jax.evaluation.scores import types as benchmark_scores
from samn_jax.evaluation.scores import vot_multistart as vot2020_scoring
from samn_jax.evaluation.scores import vot_supervised as vot_scoring
from samn_jax.evaluation.trackers import region_tracker


class Benchmark(NamedTuple):
    """One benchmark.

    Attributes:
      read: folder → the data set.
      run: tracker, one video, results folder → the video's result files; what is there
        already isn't run again.
      score: videos, results folder → scores.
      kind: what a tracker should answer.
      splits: parts of the data set that `read` takes as its second argument.
      has_server: whether a server takes an archive of the results and, for some videos,
        alone has the truth.
    """

    read: Callable[..., types.Dataset]
    run: Callable[[region_tracker.RegionTracker, Any, Path], Any]
    score: Callable[[Any, Path], benchmark_scores.BenchmarkScores]
    kind: region_tracker.Kind
    splits: tuple[str, ...] = ()
    has_server: bool = False


def _supervised(year: int) -> Benchmark:
    return Benchmark(
        functools.partial(vot.read_vot, name=f"vot{year}"),
        vot_supervised.run_repetitions,
        functools.partial(vot_scoring.score_supervised, year=year),
        "polygon",
    )


def has_truths(dataset: types.Dataset) -> bool:
    """Whether every video has its true boxes or regions, so that it can be scored."""
    return all(
        len(getattr(sequence, "truths_xywh", sequence.frame_names))
        == sequence.num_frames
        for sequence in dataset.sequences
    )


BENCHMARKS: dict[str, Benchmark] = {
    "vot2016": _supervised(2016),
    "vot2018": _supervised(2018),
    "vot2019": _supervised(2019),
    "vot2020": Benchmark(
        functools.partial(vot.read_vot, name="vot2020"),
        vot_multistart.run_anchors,
        vot2020_scoring.score_multistart,
        "mask",
    ),
    "got10k": Benchmark(
        got10k.read_got10k,
        one_pass.run_to_got10k,
        sot_scoring.score_got10k,
        "box",
        splits=("train", "val", "test"),
        has_server=True,
    ),
    "trackingnet": Benchmark(
        trackingnet.read_trackingnet,
        one_pass.run_to_file,
        sot_scoring.score_trackingnet,
        "box",
        splits=("TEST", *(f"TRAIN_{k}" for k in range(12))),
        has_server=True,
    ),
    "otb": Benchmark(otb.read_otb, one_pass.run_to_file, sot_scoring.score_otb, "box"),
}
