"""One evaluation from its options to `results.json`: track, score, report."""

import dataclasses
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from samn_jax import files, provenance
from samn_jax.data import types
from samn_jax.evaluation import (
    benchmarks,
    identity,
    merging,
    options,
    records,
    report,
    run_folder,
    runs,
    shards,
    tracing,
)
from samn_jax.evaluation.options import EvaluationConfig
from samn_jax.evaluation.scores import types as score_types
from samn_jax.evaluation.trackers import registry as trackers


class Run(NamedTuple):
    """Results on disk that are to be scored.

    Attributes:
      results_dir: folder of the results.
      records: what is known of each finished video, by its name.
      failures: why the other videos have no results.
      facts: everything that decided the results, for the manifest.
    """

    results_dir: Path
    records: dict[str, records.Record]
    failures: dict[str, str]
    facts: dict[str, Any]


def run_benchmark(config: EvaluationConfig) -> dict[str, Any]:
    """Returns the content of `results.json`, once it is in the output folder.

    A shard writes `results-1of3.json` or the like, so that all of them may share a
    folder. What an interrupted run with the same options has finished is not tracked
    again. Videos that fail are named under "failed" and left out of the measures.

    Raises:
      InputError: an option, the data, the results to score or the output folder can't
        be used.
    """
    options.check(config)
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
    files.write_json(config.output_dir / f"results{suffix}.json", results)
    if config.overlays or config.benchmark.is_shown:
        show, protocol = report.write_report, config.benchmark.protocol
        show(config.output_dir, dataset, protocol, run.results_dir, results)
    return results


def _read(config: EvaluationConfig) -> types.Dataset:
    """Returns the videos that this process is to evaluate."""
    dataset = benchmarks.read(config.dataset, config.data_dir, config.split)
    if config.sequences:
        dataset = dataset.select(config.sequences)
    return shards.select_shard(dataset, config.shard) if config.shard else dataset


def _open_scoring(config: EvaluationConfig, results_dir: Path) -> Run:
    """Returns results that are there; the output folder must not be another run's.

    It is made this one's when they are scored: a wrong folder would have it otherwise.
    """
    facts = {"dataset": config.dataset, "scored": str(results_dir)}
    if (config.output_dir / identity.FILE).is_file():
        identity.check(config.output_dir, facts)
    return Run(results_dir, {}, {}, facts)


def _merge(config: EvaluationConfig, dataset: types.Dataset) -> Run:
    """Returns the results of several shards, copied together."""
    folder, facts = merging.merge_runs(
        config.merge, config.output_dir, config.benchmark.protocol, dataset
    )
    found = ((s.name, folder.record_of(s)) for s in dataset.sequences)
    done = {name: record for name, record in found if record is not None}
    return Run(folder.results_dir, done, {}, facts)


def _track(config: EvaluationConfig, dataset: types.Dataset) -> Run:
    """Returns the results of the tracker, made as far as they weren't there already."""
    tracker, about = trackers.load_tracker(
        config.tracker, config.checkpoint, config.settings
    )
    facts = {
        "dataset": config.dataset,
        "data": dataset.note,
        **about,
        **config.request._asdict(),
    }
    protocol = config.benchmark.protocol
    folder = run_folder.open_run(config.output_dir, protocol, facts)
    traces = tracing.Traces(config.output_dir) if config.trace else None
    outcome = runs.track_dataset(tracker, dataset, config.request, folder, traces)
    return Run(folder.results_dir, *outcome, facts)


def _results(
    config: EvaluationConfig, dataset: types.Dataset, run: Run
) -> dict[str, Any]:
    """Returns the content of `results.json`, after the archive for a server."""
    scores = _score(config, dataset, run.results_dir)
    if config.score_only:
        identity.claim(config.output_dir, run.facts)
    pack = config.benchmark.pack
    is_part = config.sequences or config.shard or run.failures or config.score_only
    if pack is not None and (config.submission or not is_part):
        pack(dataset, run.results_dir, config.output_dir / "submission.zip")
    sequences = {name: _known(one) for name, one in scores.sequences.items()}
    for name, record in run.records.items():
        frames_per_second = records.speed([record])["frames_per_second"]
        if frames_per_second is not None:
            sequences.setdefault(name, {})["frames_per_second"] = frames_per_second
    return {
        "dataset": config.dataset,
        "metrics": _known(scores.metrics),
        "sequences": sequences,
        "failed": run.failures,
        **records.speed(run.records.values()),
        "timed": "tracker alone, to the mask on the host; no decoding or compilation",
        "manifest": {
            **provenance.describe(),
            **run.facts,
            **_origins(run.records.values()),
            "data": dataset.note,
            "shard": config.shard.label if config.shard else None,
            "note": config.note,
        },
    }


def _origins(done: Iterable[records.Record]) -> dict[str, Any]:
    """Returns where tracked results come from, nothing for those of others."""
    done = list(done)
    return dict(records.origins(done)) if done else {}


def _score(
    config: EvaluationConfig, dataset: types.Dataset, results_dir: Path
) -> score_types.Scores:
    """Returns the benchmark's measures; none where there is no video."""
    if not dataset.sequences:
        return score_types.no_scores([])
    return config.benchmark.score(dataset, results_dir, config.num_workers)


def _known(scores: dict[str, float]) -> dict[str, float]:
    """Returns the scores without those that are not a number, for want of frames."""
    return {name: value for name, value in scores.items() if math.isfinite(value)}
