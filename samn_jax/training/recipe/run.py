"""Runs a recipe, or goes on with one: what is finished is not done again."""

import gc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import jax

from samn_jax.data.clips.sources import Video
from samn_jax.training import assemble, loop, run_folder
from samn_jax.training.recipe import cross_validation, jobs, report
from samn_jax.training.recipe.config import Recipe
from samn_jax.training.recipe.jobs import Job


def make(
    name: str,
    recipe: Recipe,
    data_dir: str | None,
    folder: Path,
    *,
    start: str = "",
    say: Callable[[str], None] = print,
) -> Literal["finished", "stopped"]:
    """Trains all stages, tracks held-out clips, and writes the mean of the networks.

    Leaves in `folder`: a run's folder for each training, the results of its held-out
    clips in `tracked/`, cross_validation.json, recipe.json, model.safetensors.

    Args:
      name: of the recipe, for the notes.
      recipe: what to do.
      data_dir: as for a training.
      folder: for the results; what is in it is gone on with.
      start: weights that stages without a start of their own begin with.
      say: is given the table of progress, again and again.

    Returns:
      `stopped` after SIGTERM or Ctrl-C in a training; the same call goes on.

    Raises:
      InputError: as `loop.train_and_evaluate`; all configs are checked first.
    """
    planned, videos = prepare(recipe, data_dir, folder, start)
    jobs.check(recipe, planned, devices=jax.device_count())
    say(status(recipe, planned, videos))
    for job in planned:
        known = run_folder.read_finish(job.folder) is not None
        if loop.train_and_evaluate(job.config, data_dir, job.folder) == "stopped":
            return "stopped"
        held_out = jobs.held_out_videos(job, videos)
        cross_validation.track(job, held_out, recipe.starts)
        jax.clear_caches()
        gc.collect()
        if not known:
            say(status(recipe, planned, videos))
    table = cross_validation.summarize(_fold_scores(recipe, planned, videos))
    report.write_report(name, planned, table, folder)
    report.write_model(name, recipe, planned, table, folder / run_folder.MODEL_FILE)
    return "finished"


def prepare(
    recipe: Recipe, data_dir: str | None, folder: Path, start: str
) -> tuple[list[Job], Sequence[Video]]:
    """Returns the trainings of a recipe, and all clips of its data.

    Raises:
      InputError: as `jobs.plan`, or the data can't be read.
    """
    any_config = jobs.config_of(recipe.stages[-1], start)
    found, _ = assemble.read_sources(any_config, data_dir, min_frames=1)
    return jobs.plan(recipe, folder, found.videos, start), found.videos


def status(recipe: Recipe, planned: Sequence[Job], videos: Sequence[Video]) -> str:
    """Returns the table of progress."""
    finished = [job for job in planned if job.model.is_file()]
    scores = {job.name: _scores(recipe, job, videos) for job in finished}
    return report.progress_table(planned, scores)


def _scores(
    recipe: Recipe, job: Job, videos: Sequence[Video]
) -> cross_validation.Scores:
    held_out = jobs.held_out_videos(job, videos)
    return cross_validation.scores_of(job, held_out, recipe.starts)


def _fold_scores(
    recipe: Recipe, planned: Sequence[Job], videos: Sequence[Video]
) -> dict[str, cross_validation.Scores]:
    """Returns each stage with folds → the scores of all its clips."""
    found: dict[str, cross_validation.Scores] = {}
    for job in planned:
        if job.fold is not None:
            found.setdefault(job.stage.name, {}).update(_scores(recipe, job, videos))
    return found
