"""The single trainings that a recipe consists of, and how far each has come."""

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path

from samn_jax import overrides
from samn_jax.data.clips.sources import Video
from samn_jax.errors import InputError
from samn_jax.tracking import config as tracking
from samn_jax.training import config as config_lib
from samn_jax.training import config_file, initialize, run_folder
from samn_jax.training.config import TrainConfig
from samn_jax.training.recipe.config import Recipe, Stage


@dataclasses.dataclass(frozen=True)
class Job:
    """One training of a recipe.

    Attributes:
      stage: it belongs to.
      fold: number of its fold from 0; None without folds.
      config: of the training.
      folder: of its run.
    """

    stage: Stage
    fold: int | None
    config: TrainConfig
    folder: Path

    @property
    def name(self) -> str:
        """Returns what it is called in tables and notes."""
        fold = "" if self.fold is None else f"/fold{self.fold}"
        return f"{self.stage.name}{fold}"

    @property
    def model(self) -> Path:
        """Returns the path of its model file."""
        return self.folder / run_folder.MODEL_FILE


def plan(
    recipe: Recipe, folder: Path, videos: Sequence[Video], start: str
) -> list[Job]:
    """Returns the trainings in their order.

    Args:
      recipe: says what to train.
      folder: of the recipe's results; each training has one inside.
      videos: all of the data.
      start: weights that stages without a start of their own begin with; "" leaves that
        to their configs.

    Raises:
      InputError: a config can't be read, a setting is not right, or there are too few
        clips for the folds.
    """
    jobs: list[Job] = []
    for stage in recipe.stages:
        config = config_of(stage, start)
        least = config.sampling.num_frames
        clips = [video.name for video in videos if len(video.frames) >= least]
        for fold, held_out in fold_parts(recipe, stage, clips).items():
            place = folder / stage.name
            jobs.append(
                Job(
                    stage=stage,
                    fold=fold,
                    config=dataclasses.replace(
                        config,
                        held_out=config.held_out if fold is None else held_out,
                        init_from=_start_of(stage, fold, jobs) or config.init_from,
                    ),
                    folder=place if fold is None else place / f"fold{fold}",
                )
            )
    return jobs


def _start_of(stage: Stage, fold: int | None, jobs: Sequence[Job]) -> str:
    """Returns the path of the weights that an earlier stage makes for this one."""
    for job in jobs:
        if job.stage.name == stage.start and job.fold in (None, fold):
            return str(job.model)
    return ""


def config_of(stage: Stage, start: str) -> TrainConfig:
    """Returns the config of a stage, before anything is known of folds.

    Args:
      stage: names the config, and what differs from it.
      start: weights to begin with, if neither says so; may be "".

    Raises:
      InputError: the config can't be read, or a setting is not right.
    """
    try:
        config = overrides.merge(config_file.load_config(stage.config), stage.settings)
    except InputError as error:
        raise InputError(f"stage {stage.name}: {error}") from error
    return dataclasses.replace(config, init_from=config.init_from or start)


def fold_parts(
    recipe: Recipe, stage: Stage, clips: Sequence[str]
) -> dict[int | None, tuple[str, ...]]:
    """Returns fold → names of the clips held out in it; {None: ()} without folds.

    In the order of their names, every n-th clip is held out in turn.

    Raises:
      InputError: there are fewer clips than folds.
    """
    if not stage.folds:
        return {None: ()}
    groups: dict[tuple[str, ...] | str, list[str]] = {}
    for name in sorted(clips):
        found = re.search(recipe.fold_clips, name)
        if found:
            groups.setdefault(found.groups() or name, []).append(name)
    if len(groups) < stage.folds:
        raise InputError(
            f"stage {stage.name} has {stage.folds} folds, but fold_clips "
            f"{recipe.fold_clips!r} matches {len(groups)} of the {len(clips)} clips: "
            "give more clips, or fewer folds"
        )
    members = list(groups.values())
    return {
        fold: tuple(name for names in members[fold :: stage.folds] for name in names)
        for fold in range(stage.folds)
    }


def held_out_videos(job: Job, videos: Sequence[Video]) -> list[Video]:
    """Returns the clips that a training has not seen."""
    return [video for video in videos if video.name in job.config.held_out]


def check(recipe: Recipe, jobs: Sequence[Job], *, devices: int) -> None:
    """Checks all trainings before the first begins.

    Raises:
      InputError: the settings of one are impossible, networks that are to be averaged
        differ, or no tracker has the settings of the mean's; the message names it.
    """
    averaged = [job for job in jobs if job.stage.name in recipe.average]
    for job in averaged:
        if job.config.model != averaged[0].config.model:
            raise InputError(
                f"average: {job.name} is of another network than {averaged[0].name}: "
                "name stages of one"
            )
    mean = averaged[0].config
    try:
        tracking.default_config(mean.model, memory=mean.memory, **recipe.tracker)
    except InputError as error:
        raise InputError(f"the recipe's tracker: {error}") from error
    for job in jobs:
        try:
            config_lib.check_division(job.config, devices=devices, hosts=1)
            initialize.check_frozen(job.config)
        except InputError as error:
            raise InputError(f"stage {job.name}: {error}") from error
