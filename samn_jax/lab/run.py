"""One run of the lab: videos, all arms over each, and the results of what is done."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import tqdm

from samn_jax import files, provenance
from samn_jax.data import types
from samn_jax.errors import InputError
from samn_jax.evaluation import (
    benchmarks,
    merging,
    run_folder,
    runs,
    shards,
    tracing,
)
from samn_jax.evaluation.trackers import interface
from samn_jax.lab import (
    arms as arms_lib,
)
from samn_jax.lab import (
    closed_loop,
    comparison,
    costs,
    frame_table,
    long_videos,
    measures,
    open_loop,
    page,
    real_videos,
    rendered,
)
from samn_jax.lab.networks import Networks
from samn_jax.lab.suite import Arm, Suite
from samn_jax.lab.video import Video, kept, noisy

RUNS = "runs"  # folder of the arms' results, in the output folder
COSTS = "costs"
_KEPT_BYTES = 2**29  # of a video's frames
_REQUEST = interface.Request("mask", "mask")
_PROTOCOLS = {"closed": closed_loop.CLOSED_LOOP, "open": open_loop.OPEN_LOOP}


@dataclasses.dataclass(frozen=True)
class LabConfig:
    """What is compared, on what, and where the results go.

    Attributes:
      suite: videos and controls.
      arms: all trackers, the suite's controls among them.
      networks: model files.
      output_dir: for everything.
      dataset: benchmark of the real videos, one of masks.
      data_dir: its folder; None takes rendered videos alone.
      split: part of it.
      sequences: only these of its videos.
      settings: `NAME=VALUE` for all arms.
      shard: only a part of the videos; None is all.
      merge: output folders of shards to put together; nothing is tracked then.
      results_only: results of what is finished; nothing is tracked or put together.
      trace: whether to keep what memories held, read and wrote, in the closed loop.
      note: kept beside the figures.
    """

    suite: Suite
    arms: tuple[Arm, ...]
    networks: Networks
    output_dir: Path
    dataset: str = "folder"
    data_dir: Path | None = None
    split: str = ""
    sequences: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    shard: shards.Shard | None = None
    merge: tuple[Path, ...] = ()
    results_only: bool = False
    trace: bool = False
    note: str = ""


class Cell(NamedTuple):
    """One arm in one loop over one video, with the folder of its results."""

    arm: Arm
    loop: str
    video: Video
    facts: dict[str, Any]
    folder: run_folder.RunFolder


def run_lab(config: LabConfig) -> dict[str, Any]:
    """Returns the content of `results.json`, once it and its page are written.

    What an interrupted run has finished is not tracked again.

    Raises:
      InputError: an option, a model, a setting, the data or the output folder can't be
        used; nothing is written then.
    """
    arms_lib.load.cache_clear()  # A design's file may have changed since.
    videos = read_videos(config)
    check_trackers(config, videos)
    if config.shard:
        whole = types.Dataset(arms_lib.DATASET, videos, arms_lib.NOTE)
        chosen = shards.select_shard(whole, config.shard).sequences
        videos = tuple(video for video in videos if video in chosen)
    failed: dict[str, str] = {}
    waiting = () if config.results_only else videos
    total = len(waiting) * len(_pairs(config))
    with tqdm.tqdm(total=total, unit="run", disable=None) as progress:
        for video in waiting:
            ready = kept(video, _KEPT_BYTES)
            for cell in cells(config, ready):
                progress.set_postfix_str(f"{video.name} {cell.arm.name}")
                failed |= _merge(config, cell) if config.merge else _track(config, cell)
                progress.update()
    results = results_of(config, videos, failed)
    suffix = f"-{config.shard.label}" if config.shard else ""
    files.write_json(config.output_dir / f"results{suffix}.json", results)
    page.write(config.output_dir, results, suffix)
    return results


def read_videos(config: LabConfig) -> tuple[Video, ...]:
    """Returns all videos of the suite, real ones last.

    Raises:
      InputError: the data set can't be read, is one of boxes, or there is no video.
    """
    real: tuple[Video, ...] = ()
    if config.data_dir is not None:
        if benchmarks.find(config.dataset).answer != "mask":
            raise InputError(f"{config.dataset} has no masks: give another --dataset")
        dataset = benchmarks.read(config.dataset, config.data_dir, config.split)
        if config.sequences:
            dataset = dataset.select(config.sequences)
        real = real_videos.videos_of(dataset, config.suite.clips)
        real += long_videos.videos_of(real, config.suite.clips)
        config.networks.check(real)
    found = (*rendered.videos_of(config.suite), *real)
    if not found:
        raise InputError(
            f"suite {config.suite.name} has no rendered videos: give the folder of a "
            "data set as --data_dir"
        )
    types.Dataset(arms_lib.DATASET, found, arms_lib.NOTE)  # It checks the names.
    return found


def check_trackers(config: LabConfig, videos: Sequence[Video]) -> None:
    """Checks every arm's settings and model before anything is written.

    Raises:
      InputError: one can't be used.
    """
    for checkpoint in sorted({config.networks.of(video) for video in videos}):
        for arm in config.arms:
            load(config, arm, checkpoint)


def load(config: LabConfig, arm: Arm, checkpoint: str) -> tuple[Any, dict[str, Any]]:
    """Returns an arm's tracker, and the facts about it."""
    settings = (*config.suite.settings, *config.settings, *arm.settings)
    return arms_lib.load(arm.checkpoint or checkpoint, settings)


def cells(config: LabConfig, video: Video) -> Iterator[Cell]:
    """Yields all that is to be done with a video."""
    for arm, loop in _pairs(config):
        _, about = load(config, arm, config.networks.of(video))
        facts = arms_lib.facts_of(arm, loop, about)
        place = config.output_dir / RUNS / arms_lib.folder_name(arm, facts)
        seen = noisy(video, arm.noise) if arm.noise else video
        folder = run_folder.RunFolder(place, _PROTOCOLS[loop])
        yield Cell(arm, loop, seen, facts, folder)


def _pairs(config: LabConfig) -> list[tuple[Arm, str]]:
    """Returns what runs over each video: arms, in the loops that they take part in."""
    loops = config.suite.loops
    return [(arm, loop) for loop in loops for arm in config.arms if loop in arm.loops]


def _track(config: LabConfig, cell: Cell) -> dict[str, str]:
    """Returns why a video could not be tracked, under its name; {} if it could."""
    tracker, about = load(config, cell.arm, config.networks.of(cell.video))
    if cell.loop == "open":
        key = about["checkpoint_sha256"], cell.video.name, cell.arm.noise
        tracker = open_loop.open_loop(tracker, key, true_masks=cell.arm.true_masks)
    folder = run_folder.open_run(cell.folder.root, cell.folder.protocol, cell.facts)
    traces = None
    if config.trace and cell.loop == "closed":
        traces = tracing.Traces(cell.folder.root, cell.arm.name)
    video = _alone(cell.video)
    outcome = runs.track_dataset(tracker, video, _REQUEST, folder, traces)
    return {f"{cell.arm.name}/{k}": why for k, why in outcome.failures.items()}


def _merge(config: LabConfig, cell: Cell) -> dict[str, str]:
    """Brings a video's results from the folder of a shard."""
    root, protocol = cell.folder.root, cell.folder.protocol
    places = [part / RUNS / root.name for part in config.merge]
    there = [
        p for p in places if run_folder.RunFolder(p, protocol).record_of(cell.video)
    ]
    if not there:
        raise InputError(
            f"none of the folders has finished {files.shown(cell.video.name)} with "
            f"{cell.arm.name}: run their shards to the end, with the same options"
        )
    merging.merge_runs(there, root, protocol, _alone(cell.video))
    return {}


def _alone(video: Video) -> types.Dataset:
    return types.Dataset(arms_lib.DATASET, (video,), arms_lib.NOTE)


def results_of(
    config: LabConfig, videos: Sequence[Video], failed: dict[str, str]
) -> dict[str, Any]:
    """Returns the content of `results.json`, of the videos that are finished."""
    clips = {video.name: video.cluster for video in videos}
    tables: dict[str, dict[str, dict[str, Any]]] = {}
    for video in videos:
        for cell in cells(config, video):
            if cell.folder.record_of(cell.video) is not None:
                by_arm = tables.setdefault(cell.loop, {})
                found = measures_of(cell.folder, cell.video)
                by_arm.setdefault(cell.arm.name, {})[video.name] = found
    loops = {}
    for loop, table in tables.items():
        if config.suite.base not in table:
            continue  # It failed on all videos, as "failed" says.
        arms = [arm for arm in config.arms if arm.name in table]
        loops[loop] = comparison.compare(arms, config.suite.base, table, clips)
    return {
        "suite": config.suite.name,
        "videos": len(videos),
        "clips": len(set(clips.values())),
        "loops": loops,
        "costs": costs_of(config) if loops else {},
        "failed": failed,
        "remarks": list(config.suite.remarks),
        "manifest": {
            **provenance.describe(),
            "devices": provenance.devices(),
            "dataset": config.dataset if config.data_dir else None,
            "settings": list(config.settings),
            "shard": config.shard.label if config.shard else None,
            "note": config.note,
        },
    }


def costs_of(config: LabConfig) -> dict[str, Any]:
    """Returns what each arm's memory costs, measured once and kept beside its results.

    Arms on noisy frames have the same memory as without.
    """
    found = {}
    for arm in config.arms:
        if not arm.noise:
            tracker, about = load(config, arm, config.networks.any())
            name = arms_lib.folder_name(arm, arms_lib.facts_of(arm, "costs", about))
            path = config.output_dir / COSTS / f"{name}.json"
            if not path.exists():
                files.write_json(path, costs.measure(tracker))
            found[arm.name] = files.read_json_object(path, "delete it")
    return found


def measures_of(folder: run_folder.RunFolder, video: Video) -> dict[str, Any]:
    """Returns the measures of a finished video."""
    (path,) = folder.result_files(video)
    return measures.of_video(frame_table.read(path), video.num_frames, video.events)
