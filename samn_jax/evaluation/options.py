"""What to evaluate, and where; checked before anything is read or written."""

import dataclasses
from pathlib import Path

from samn_jax import errors, files
from samn_jax.evaluation import benchmarks, shards
from samn_jax.evaluation.trackers import interface


@dataclasses.dataclass(frozen=True)
class EvaluationConfig:
    """Options of an evaluation.

    Attributes:
      dataset: name in `benchmarks.BENCHMARKS`.
      data_dir: folder of the data set; a rendered one needs none.
      output_dir: folder for results, scores and report.
      checkpoint: name of a shipped model, or path of a model file; None is `lite`.
      tracker: one of `registry.TRACKERS`; baselines use no checkpoint.
      settings: `field=value` assignments to the tracker's config.
      start: what the tracker is given, the benchmark's usual if None.
      answer: what the tracker answers, the benchmark's usual if None.
      split: part of the data set, where a benchmark has several; its default if empty.
      sequences: names of the sequences to run, all if empty.
      shard: the part of these for this process; None is all.
      score_only: folder of results to score; nothing is tracked then.
      merge: output folders of shards to put together; nothing is tracked then.
      submission: whether to pack results for the benchmark's server that are a part of
        it, or are only scored; those of a whole run are packed unasked.
      num_workers: processes for scoring.
      overlays: whether to draw contact sheets and a page of results.
      trace: whether to keep what the memory held, read and wrote, in `traces/`.
      note: what a reader of the figures has to know, kept beside them.
    """

    dataset: str
    data_dir: Path
    output_dir: Path
    checkpoint: str | None = None
    tracker: str = "samn"
    settings: tuple[str, ...] = ()
    start: interface.Start | None = None
    answer: interface.Answer | None = None
    split: str = ""
    sequences: tuple[str, ...] = ()
    shard: shards.Shard | None = None
    score_only: Path | None = None
    merge: tuple[Path, ...] = ()
    submission: bool = False
    num_workers: int = 1
    overlays: bool = False
    trace: bool = False
    note: str = ""

    @property
    def benchmark(self) -> benchmarks.Benchmark:
        """Returns the row of the benchmark.

        Raises:
          InputError: there is none of that name.
        """
        return benchmarks.find(self.dataset)

    @property
    def request(self) -> interface.Request:
        """Returns what the tracker is given and asked for."""
        benchmark = self.benchmark
        start = self.start or benchmark.protocol.starts[0]
        return interface.Request(start, self.answer or benchmark.answer)


def check(config: EvaluationConfig) -> None:
    """Makes sure that every option does something for its benchmark.

    Raises:
      InputError: one does not; the message says which and what to do.
    """
    benchmark, name = config.benchmark, config.dataset
    request = config.request
    if request.start not in benchmark.protocol.starts:
        raise errors.InputError(
            f"{name} gives no {request.start} to start from: leave --init out"
        )
    if request.answer not in benchmark.protocol.answers:
        raise errors.InputError(
            f"{name} takes no {request.answer} for an answer: leave --answer out"
        )
    if config.submission and benchmark.pack is None:
        raise errors.InputError(
            f"{name} has no server to hand results in: leave --submission out"
        )
    if config.num_workers < 1:
        raise errors.InputError(
            f"--workers {config.num_workers} can't score: give 1 or more"
        )
    _check_mode(config)
    _check_output(config)


def _check_mode(config: EvaluationConfig) -> None:
    """Refuses what only tracking heeds where nothing is tracked."""
    if not (config.score_only or config.merge):
        return
    mode = "--score_only" if config.score_only else "--merge"
    given = {
        "--checkpoint": config.checkpoint is not None,
        "--set": bool(config.settings),
        "--init": config.start is not None,
        "--answer": config.answer is not None,
        "--trace": config.trace,
    }
    idle = [flag for flag, is_given in given.items() if is_given]
    if idle:
        raise errors.InputError(
            f"{mode} tracks nothing, so {idle[0]} changes nothing: leave it out"
        )


def _check_output(config: EvaluationConfig) -> None:
    if config.output_dir.exists() and not config.output_dir.is_dir():
        raise errors.InputError(
            f"{files.shown(config.output_dir)} is a file: give a folder as --output_dir"
        )
