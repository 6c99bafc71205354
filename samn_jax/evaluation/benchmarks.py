"""One evaluation from its options to `results.json`: track, score, report."""

import dataclasses
import math
from pathlib import Path
from typing import Any, NamedTuple

import tqdm

from samn_jax import errors
from samn_jax.data import registry, types
from samn_jax.evaluation import (
    manifest,
    mask_runs,
    protocols,
    region_benchmarks,
    region_tracker,
    report,
    run_folder,
    scoring,
    trackers,
    youtube_vos,
)


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
      sequences: names of the sequences to run, all if empty.
      score_only: folder of results to score; nothing is tracked then.
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
    sequences: tuple[str, ...] = ()
    score_only: Path | None = None
    num_workers: int = 1
    overlays: bool = False
    note: str = ""


class Outcome(NamedTuple):
    """What the two kinds of benchmark, of masks and of regions, have in common.

    Attributes:
      dataset: what was evaluated.
      metrics: measure → value over the whole set.
      sequences: the same for each video, by its name.
      results_dir: folder of the results that were scored.
      timing: speed of the tracker.
      about: facts for the manifest.
    """

    dataset: types.Dataset
    metrics: dict[str, float]
    sequences: dict[str, dict[str, float]]
    results_dir: Path
    timing: dict[str, Any]
    about: dict[str, Any]


def run_benchmark(config: EvaluationConfig) -> dict[str, Any]:
    """The content of `results.json`, which is written into the output folder as well.

    What an interrupted run with the same options has finished is not tracked again.

    Raises:
      InputError: if the data, the results to score or the output folder can't be used.
    """
    if config.dataset in region_benchmarks.BENCHMARKS:
        outcome = _evaluate_regions(config)
    elif config.dataset in registry.READERS:
        outcome = _evaluate_masks(config)
    else:
        names = (*registry.READERS, *region_benchmarks.BENCHMARKS)
        raise errors.InputError(
            f"data set {config.dataset!r} is unknown: choose from {', '.join(names)}"
        )
    results = {
        "dataset": config.dataset,
        "metrics": _known(outcome.metrics),
        "sequences": {name: _known(one) for name, one in outcome.sequences.items()},
        **outcome.timing,
        "manifest": {
            **manifest.describe(),
            **outcome.about,
            "data": outcome.dataset.note,
            "note": config.note,
        },
    }
    run_folder.write_json(config.output_dir / "results.json", results)
    if config.overlays and config.dataset in registry.READERS:
        report.write_report(
            config.output_dir, outcome.dataset, outcome.results_dir, results
        )
    return results


def _evaluate_masks(config: EvaluationConfig) -> Outcome:
    """Scores of masks, tracked or given."""
    dataset = _select(registry.read_dataset(config.dataset, config.data_dir), config)
    if config.score_only:
        _open_scoring(config)
        records, about = {}, {"scored": str(config.score_only)}
        masks_dir = config.score_only
    else:
        tracker, folder, about = _open_tracking(config, dataset)
        records = mask_runs.track_dataset(tracker, dataset, config.start, folder)
        commits = {record["git_commit"] or "unknown" for record in records.values()}
        about = {**about, "git_commit_of_masks": sorted(commits)}
        masks_dir = folder.masks_dir
    if config.dataset == "youtubevos":
        scores = youtube_vos.score(
            dataset, config.data_dir, masks_dir, config.num_workers
        )
        if not config.score_only:
            archive = config.output_dir / "submission.zip"
            youtube_vos.write_submission(dataset, masks_dir, archive)
    else:
        scores = scoring.score_masks(dataset, masks_dir, config.num_workers)
    timing = mask_runs.summarize(records)
    return Outcome(dataset, scores.metrics, scores.sequences, masks_dir, timing, about)


def _evaluate_regions(config: EvaluationConfig) -> Outcome:
    """Scores of boxes or other regions, tracked or given, as each benchmark does it."""
    benchmark = region_benchmarks.BENCHMARKS[config.dataset]
    dataset = _select(benchmark.read(config.data_dir), config)
    if config.score_only:
        _open_scoring(config)
        about, results_dir = {"scored": str(config.score_only)}, config.score_only
    else:
        tracker, folder, about = _open_tracking(config, dataset)
        results_dir = folder.root / "results"
        follower = region_tracker.VideoRegionTracker(tracker, benchmark.kind)
        for sequence in tqdm.tqdm(dataset.sequences, desc="track", disable=None):
            benchmark.run(follower, sequence, results_dir)
    scores = benchmark.score(dataset.sequences, results_dir)
    timing = mask_runs.summarize({})  # The benchmark's own time files are in results/.
    return Outcome(
        dataset, scores.metrics, scores.sequences, results_dir, timing, about
    )


def _select(dataset: types.Dataset, config: EvaluationConfig) -> types.Dataset:
    return dataset.select(config.sequences) if config.sequences else dataset


def _open_scoring(config: EvaluationConfig) -> None:
    """Make sure that the output folder isn't that of another run."""
    scored = {"dataset": config.dataset, "scored": str(config.score_only)}
    run_folder.open_run(config.output_dir, scored)


def _open_tracking(
    config: EvaluationConfig, dataset: types.Dataset
) -> tuple[protocols.VideoTracker, run_folder.RunFolder, dict[str, Any]]:
    """The tracker, the output folder, and facts about the run for the manifest."""
    tracker, about = trackers.load_tracker(
        config.tracker, config.checkpoint, config.overrides
    )
    about = {**about, "start": config.start}
    identity = {"dataset": config.dataset, "data": dataset.note, **about}
    folder = run_folder.open_run(config.output_dir, identity)
    return tracker, folder, {**about, "devices": manifest.devices()}


def _known(scores: dict[str, float]) -> dict[str, float]:
    """The scores without those that are not a number, for want of any frame."""
    return {name: value for name, value in scores.items() if math.isfinite(value)}
