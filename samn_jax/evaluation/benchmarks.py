"""The benchmarks by name: a new one of a known protocol is a reader and a row here."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from samn_jax import errors
from samn_jax.data import types
from samn_jax.data.readers import (
    davis,
    davis17,
    folder,
    got10k,
    otb,
    synthetic,
    trackingnet,
    vot,
    youtube_vos,
)
from samn_jax.evaluation import submissions
from samn_jax.evaluation.protocols import ope as ope_protocol
from samn_jax.evaluation.protocols import protocol as protocol_lib
from samn_jax.evaluation.protocols import (
    semi_supervised,
    vot_multistart,
    vot_supervised,
)
from samn_jax.evaluation.scores import masks as mask_scores
from samn_jax.evaluation.scores import ope as ope_scores
from samn_jax.evaluation.scores import types as score_types
from samn_jax.evaluation.scores import vot_multistart as multistart_scores
from samn_jax.evaluation.scores import vot_supervised as supervised_scores
from samn_jax.evaluation.scores import youtube_vos as youtube_vos_scores
from samn_jax.evaluation.trackers import interface

Score = Callable[[Any, Path, int], score_types.Scores]


class Benchmark(NamedTuple):
    """One benchmark.

    Attributes:
      read: folder → the data set; with `splits` also the name of one.
      protocol: how a tracker is led through its videos.
      score: data set, results folder, number of processes → scores.
      answer: what a tracker is asked for unless another answer is wanted.
      splits: parts of the data set by name; None takes any list that it has.
      pack: data set, results folder, path → nothing, once the archive is written that
        the benchmark's server takes; None if there is no server.
      is_shown: whether sheets of the results are drawn unasked.
    """

    read: Callable[..., types.Dataset]
    protocol: protocol_lib.Protocol
    score: Score
    answer: interface.Answer = "mask"
    splits: tuple[str, ...] | None = ()
    pack: Callable[[types.Dataset, Path, Path], None] | None = None
    is_shown: bool = False


def _videos(score: Callable[[Any, Path], score_types.Scores]) -> Score:
    """Returns the score of a function that takes videos, in this one process.

    Videos of which the server alone has the truth have no scores.
    """

    def score_videos(
        dataset: types.Dataset, results_dir: Path, num_workers: int
    ) -> score_types.Scores:
        if not all(map(_has_truth, dataset.sequences)):
            return score_types.no_scores([s.name for s in dataset.sequences])
        return score(dataset.sequences, results_dir)

    return score_videos


def _has_truth(sequence: types.Sequence) -> bool:
    truths = getattr(sequence, "truths_xywh", sequence.frame_names)
    return len(truths) == sequence.num_frames


def _supervised(year: int) -> Benchmark:
    return Benchmark(
        functools.partial(vot.read_vot, name=f"vot{year}"),
        vot_supervised.VOT_SUPERVISED,
        _videos(functools.partial(supervised_scores.score_supervised, year=year)),
        answer="polygon",
    )


BENCHMARKS: dict[str, Benchmark] = {
    "synthetic": Benchmark(
        synthetic.read_synthetic,
        semi_supervised.SEMI_SUPERVISED,
        mask_scores.score_masks,
        is_shown=True,
    ),
    "folder": Benchmark(
        folder.read_folder, semi_supervised.SEMI_SUPERVISED, mask_scores.score_masks
    ),
    "davis16": Benchmark(
        davis.read_davis16,
        semi_supervised.SEMI_SUPERVISED,
        mask_scores.score_masks,
        splits=None,
    ),
    "davis17": Benchmark(
        davis17.read_davis17,
        semi_supervised.SEMI_SUPERVISED,
        mask_scores.score_masks,
        splits=None,
    ),
    "youtubevos": Benchmark(
        youtube_vos.read_youtube_vos,
        semi_supervised.SEMI_SUPERVISED,
        youtube_vos_scores.score_youtube_vos,
        pack=submissions.pack_masks,
    ),
    "vot2016": _supervised(2016),
    "vot2018": _supervised(2018),
    "vot2019": _supervised(2019),
    "vot2020": Benchmark(
        functools.partial(vot.read_vot, name="vot2020"),
        vot_multistart.VOT_MULTISTART,
        _videos(multistart_scores.score_multistart),
    ),
    "got10k": Benchmark(
        got10k.read_got10k,
        ope_protocol.GOT10K_OPE,
        _videos(ope_scores.score_got10k),
        answer="box",
        splits=("train", "val", "test"),
        pack=submissions.pack_got10k,
    ),
    "trackingnet": Benchmark(
        trackingnet.read_trackingnet,
        ope_protocol.OPE,
        _videos(ope_scores.score_trackingnet),
        answer="box",
        splits=("TEST", *(f"TRAIN_{k}" for k in range(12))),
        pack=submissions.pack_flat,
    ),
    "otb": Benchmark(
        otb.read_otb, ope_protocol.OPE, _videos(ope_scores.score_otb), answer="box"
    ),
}


def find(name: str) -> Benchmark:
    """Returns the benchmark of that name.

    Raises:
      InputError: there is none.
    """
    if name not in BENCHMARKS:
        raise errors.InputError(
            f"data set {name!r} is unknown: choose from {', '.join(BENCHMARKS)}"
        )
    return BENCHMARKS[name]


def read(name: str, data_dir: Path, split: str = "") -> types.Dataset:
    """Returns the videos of a benchmark, read from its folder.

    Args:
      name: one of `BENCHMARKS`.
      data_dir: its folder.
      split: part of it; the reader's default if empty.

    Raises:
      InputError: there is no such benchmark or split, or the folder isn't as the reader
        needs it.
    """
    benchmark = find(name)
    splits = benchmark.splits
    if split and splits is not None and split not in splits:
        choice = f"choose from {', '.join(splits)}" if splits else "leave --split out"
        raise errors.InputError(f"{name} has no split {split!r}: {choice}")
    return benchmark.read(data_dir, *([split] if split else []))


def read_for_training(name: str, data_dir: Path, split: str) -> types.Dataset:
    """Returns what `read` does, of a benchmark with masks and a part that is named.

    Which part is evaluated by default is no hint of what may be trained on.

    Raises:
      InputError: the benchmark has boxes alone, it has parts and none is named, or as
        in `read`.
    """
    benchmark = find(name)
    if benchmark.answer != "mask":
        raise errors.InputError(
            f"{name} has boxes, and training needs masks: give another dataset"
        )
    if benchmark.splits != () and not split:
        choice = f", one of {', '.join(benchmark.splits)}" if benchmark.splits else ""
        raise errors.InputError(
            f"{name} has several parts: say by split which to train on{choice}"
        )
    return read(name, data_dir, split)
