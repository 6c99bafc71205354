"""One evaluation from its options to `results.json`: track, score, report."""

import dataclasses
import math
from pathlib import Path
from typing import Any, NamedTuple

from samn_jax import errors
from samn_jax import provenance as manifest
from samn_jax.data import registry, types
from samn_jax.evaluation import benchmarks as region_benchmarks
from samn_jax.evaluation import (
    courses,
    mask_runs,
    merging,
    region_runs,
    report,
    run_folder,
    shards,
)
from samn_jax.evaluation.protocols import ope as one_pass
from samn_jax.evaluation.protocols import semi_supervised as protocols
from samn_jax.evaluation.scores import masks as scoring
from samn_jax.evaluation.scores import types as benchmark_scores
from samn_jax.evaluation.scores import youtube_vos
from samn_jax.evaluation.trackers import region_tracker
from samn_jax.evaluation.trackers import registry as trackers


@dataclasses.dataclass(frozen=True)
class EvaluationConfig:
    """What to evaluate, and where.

    Attributes:
      dataset: name in `data.registry.READERS` or `region_benchmarks.BENCHMARKS`.
      data_dir: folder of the data set; a rendered one needs none.
      output_dir: folder for masks, results and report.
      checkpoint: name of a shipped model, or path of a model file.
      tracker: one of `trackers.TRACKERS`; baselines use no checkpoint.
      overrides: fields of the tracker's config that differ from the default.
      start: whether the tracker is given the first mask or only its box.
      answer: what the tracker answers on a benchmark of regions; its usual if None.
      split: part of the data set, where a benchmark has several; its default if empty.
      sequences: names of the sequences to run, all if empty.
      shard: the part of these for this process; None is all.
      score_only: folder of results to score; nothing is tracked then.
      merge: output folders of shards to put together; nothing is tracked then.
      submission: whether to pack results that are only scored, too, for the benchmark's
        server; those of a whole run are.
      num_workers: processes for scoring.
      overlays: whether to draw contact sheets and a page of results.
      note: what a reader of the figures has to know, kept beside them.
    """

    dataset: str
    data_dir: Path
    output_dir: Path
    checkpoint: str = "lite"
    tracker: str = "samn"
    overrides: dict[str, Any] = dataclasses.field(default_factory=dict)
    start: protocols.Start = "mask"
    answer: region_tracker.Kind | None = None
    split: str = ""
    sequences: tuple[str, ...] = ()
    shard: shards.Shard | None = None
    score_only: Path | None = None
    merge: tuple[Path, ...] = ()
    submission: bool = False
    num_workers: int = 1
    overlays: bool = False
    note: str = ""


class Run(NamedTuple):
    """Results on disk that are to be scored.

    Attributes:
      results_dir: folder of the results.
      records: what is known of each finished video, by its name; see `courses`.
      failures: why the other videos have no results.
      about: facts for the manifest.
    """

    results_dir: Path
    records: dict[str, courses.Record]
    failures: dict[str, str]
    about: dict[str, Any]


def run_benchmark(config: EvaluationConfig) -> dict[str, Any]:
    """The content of `results.json`, which is written into the output folder as well.

    A shard writes `results-1of3.json` or the like, so that all of them may share a
    folder. What an interrupted run with the same options has finished is not tracked
    again. Videos that fail are named under "failed" and left out of the measures.

    Raises:
      InputError: if the data, the results to score or the output folder can't be used.
    """
    dataset = _read(config)
    if config.score_only:
        run = _open_scoring(config, config.score_only)
    elif config.merge:
        run = _merge(config, dataset)
    else:
        run = _track(config, dataset)
    tracked = tuple(s for s in dataset.sequences if s.name not in run.failures)
    dataset = dataclasses.replace(dataset, sequences=tracked)
    results = _results(config, dataset, run)
    suffix = f"-{config.shard.label}" if config.shard else ""
    run_folder.write_json(config.output_dir / f"results{suffix}.json", results)
    if config.overlays and config.dataset in registry.READERS:
        report.write_report(config.output_dir, dataset, run.results_dir, results)
    return results


def _read(config: EvaluationConfig) -> types.Dataset:
    """The videos that this process is to evaluate."""
    if config.dataset in region_benchmarks.BENCHMARKS:
        dataset = _read_regions(config)
    elif config.dataset in registry.READERS:
        dataset = registry.read_dataset(config.dataset, config.data_dir, config.split)
    else:
        names = (*registry.READERS, *region_benchmarks.BENCHMARKS)
        raise errors.InputError(
            f"data set {config.dataset!r} is unknown: choose from {', '.join(names)}"
        )
    if config.sequences:
        dataset = dataset.select(config.sequences)
    return shards.select_shard(dataset, config.shard) if config.shard else dataset


def _read_regions(config: EvaluationConfig) -> types.Dataset:
    benchmark = region_benchmarks.BENCHMARKS[config.dataset]
    if config.split and config.split not in benchmark.splits:
        splits = ", ".join(benchmark.splits)
        choice = f"choose from {splits}" if splits else "leave --split out"
        raise errors.InputError(
            f"{config.dataset} has no split {config.split!r}: {choice}"
        )
    return benchmark.read(config.data_dir, *([config.split] if config.split else []))


def _open_scoring(config: EvaluationConfig, results_dir: Path) -> Run:
    """Results that are there already; the output folder must not be another run's."""
    scored = {"scored": str(results_dir)}
    run_folder.open_run(config.output_dir, {"dataset": config.dataset, **scored})
    return Run(results_dir, {}, {}, scored)


def _merge(config: EvaluationConfig, dataset: types.Dataset) -> Run:
    """Results of several shards, copied together."""
    has_masks = config.dataset in registry.READERS
    folder, about = merging.merge_runs(
        config.merge, config.output_dir, dataset, has_masks
    )
    found = {s.name: folder.record_of(s) for s in dataset.sequences}
    records = {name: record for name, record in found.items() if record is not None}
    about |= courses.provenance(list(records.values()))
    return Run(folder.results_dir, records, {}, about)


def _track(config: EvaluationConfig, dataset: types.Dataset) -> Run:
    """Results of the tracker, as far as they weren't there already."""
    tracker, about = trackers.load_tracker(
        config.tracker, config.checkpoint, config.overrides
    )
    benchmark = region_benchmarks.BENCHMARKS.get(config.dataset)
    answer = (config.answer or benchmark.kind) if benchmark else "mask"
    identity = {
        "dataset": config.dataset,
        "data": dataset.note,
        **about,
        "start": config.start,
        "answer": answer,
    }
    folder = run_folder.open_run(config.output_dir, identity, benchmark is None)
    if benchmark is None:
        course = mask_runs.track_dataset(tracker, dataset, config.start, folder)
    else:
        course = region_runs.track_dataset(tracker, dataset, benchmark, folder, answer)
    about = {**identity, **courses.provenance(list(course.records.values()))}
    return Run(folder.results_dir, *course, about)


def _results(
    config: EvaluationConfig, dataset: types.Dataset, run: Run
) -> dict[str, Any]:
    """The content of `results.json`."""
    scores = _score(config, dataset, run.results_dir)
    is_whole = not (config.shard or run.failures or config.score_only)
    if is_whole or config.submission:
        _write_submission(config, dataset, run.results_dir)
    sequences = {name: _known(one) for name, one in scores.sequences.items()}
    for name, record in run.records.items():
        frames_per_second = courses.speed([record])["frames_per_second"]
        if frames_per_second is not None:
            sequences.setdefault(name, {})["frames_per_second"] = frames_per_second
    return {
        "dataset": config.dataset,
        "metrics": _known(scores.metrics),
        "sequences": sequences,
        "failed": run.failures,
        **courses.speed(list(run.records.values())),
        "timed": "tracker alone, to the mask on the host; no decoding or compilation",
        "manifest": {
            **manifest.describe(),
            **run.about,
            "data": dataset.note,
            "shard": config.shard.label if config.shard else None,
            "note": config.note,
        },
    }


def _score(
    config: EvaluationConfig, dataset: types.Dataset, results_dir: Path
) -> benchmark_scores.BenchmarkScores:
    """The benchmark's measures; none where there is no truth or no result."""
    names = [sequence.name for sequence in dataset.sequences]
    nothing = benchmark_scores.BenchmarkScores({}, {name: {} for name in names})
    if not names:
        return nothing
    if config.dataset in region_benchmarks.BENCHMARKS:
        benchmark = region_benchmarks.BENCHMARKS[config.dataset]
        hidden = benchmark.has_server and not region_benchmarks.has_truths(dataset)
        return nothing if hidden else benchmark.score(dataset.sequences, results_dir)
    if config.dataset == "youtubevos":
        return youtube_vos.score(
            dataset, config.data_dir, results_dir, config.num_workers
        )
    return scoring.score_masks(dataset, results_dir, config.num_workers)


def _write_submission(
    config: EvaluationConfig, dataset: types.Dataset, results_dir: Path
) -> None:
    """Write `submission.zip` for benchmarks with a server."""
    archive = config.output_dir / "submission.zip"
    benchmark = region_benchmarks.BENCHMARKS.get(config.dataset)
    if config.dataset == "youtubevos":
        youtube_vos.write_submission(dataset, results_dir, archive)
    elif benchmark and benchmark.has_server:
        one_pass.write_submission(results_dir, dataset.sequences, archive)
    elif config.submission:
        raise errors.InputError(
            f"{config.dataset} has no server to hand results in: leave --submission out"
        )


def _known(scores: dict[str, float]) -> dict[str, float]:
    """The scores without those that are not a number, for want of any frame."""
    return {name: value for name, value in scores.items() if math.isfinite(value)}
