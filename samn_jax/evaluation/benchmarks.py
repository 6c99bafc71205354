"""One evaluation from its options to `results.json`: track, score, report."""

import dataclasses
from pathlib import Path
from typing import Any

from samn_jax import errors
from samn_jax.data import registry, types
from samn_jax.evaluation import (
    baselines,
    manifest,
    mask_runs,
    overrides,
    protocols,
    report,
    run_folder,
    scoring,
)

TRACKERS = ("samn", "copy_first")


@dataclasses.dataclass(frozen=True)
class EvaluationConfig:
    """What to evaluate, and where.

    Attributes:
      dataset: name in `data.registry.READERS`.
      data_dir: folder of the data set; a rendered one needs none.
      output_dir: folder for masks, results and report.
      checkpoint: name of a shipped model, or path of a model file.
      tracker: one of `TRACKERS`; baselines use no checkpoint.
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


def run_benchmark(config: EvaluationConfig) -> dict[str, Any]:
    """The content of `results.json`, which is written into the output folder as well.

    What an interrupted run with the same options has finished is not tracked again.

    Raises:
      InputError: if the data, the results to score or the output folder can't be used.
    """
    dataset = registry.read_dataset(config.dataset, config.data_dir)
    if config.sequences:
        dataset = dataset.select(config.sequences)
    if config.score_only:
        masks_dir, records = config.score_only, {}
        about = {"scored": str(config.score_only)}
        run_folder.open_run(config.output_dir, {"dataset": config.dataset, **about})
    else:
        records, about = _track(config, dataset)
        masks_dir = run_folder.RunFolder(config.output_dir).masks_dir
    scores = scoring.score_dataset(dataset, masks_dir, config.num_workers)
    results = {
        "dataset": config.dataset,
        "metrics": scoring.summarize([one for many in scores.values() for one in many]),
        "sequences": {name: scoring.summarize(many) for name, many in scores.items()},
        **mask_runs.summarize(records),
        "manifest": {
            **manifest.describe(),
            **about,
            "data": dataset.note,
            "note": config.note,
        },
    }
    run_folder.write_json(config.output_dir / "results.json", results)
    if config.overlays:
        report.write_report(config.output_dir, dataset, masks_dir, results)
    return results


def load_tracker(
    config: EvaluationConfig,
) -> tuple[protocols.VideoTracker, dict[str, Any]]:
    """The tracker to run, and everything about it that decides the results.

    Raises:
      InputError: if there is no such tracker, checkpoint or field of the config.
    """
    if config.tracker == "copy_first":
        return baselines.CopyFirst(), {"tracker": "copy_first"}
    if config.tracker != "samn":
        raise errors.InputError(
            f"tracker {config.tracker!r} is unknown: choose from {', '.join(TRACKERS)}"
        )
    import samn_jax  # Scoring and baselines do without the compiler.
    from samn_jax import tracking
    from samn_jax.models import model_file

    fields = overrides.typed_fields(config.overrides, tracking.TrackerConfig)
    tracker = samn_jax.Tracker.from_checkpoint(config.checkpoint, **fields)
    return tracker, {
        "tracker": "samn",
        "config": dataclasses.asdict(tracker.config),
        "checkpoint": Path(config.checkpoint).name,
        "checkpoint_sha256": manifest.file_sha256(
            model_file.find_model(config.checkpoint)
        ),
    }


def _track(
    config: EvaluationConfig, dataset: types.Dataset
) -> tuple[dict[str, mask_runs.Record], dict[str, Any]]:
    """Record of every sequence, and facts for the manifest."""
    tracker, about = load_tracker(config)
    about = {**about, "start": config.start}
    identity = {"dataset": config.dataset, "data": dataset.note, **about}
    folder = run_folder.open_run(config.output_dir, identity)
    records = mask_runs.track_dataset(tracker, dataset, config.start, folder)
    commits = {record["git_commit"] or "unknown" for record in records.values()}
    facts = {"git_commit_of_masks": sorted(commits), "devices": manifest.devices()}
    return records, {**about, **facts}
