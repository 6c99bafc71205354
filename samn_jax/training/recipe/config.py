"""What a recipe is: stages of training, folds, and which networks are averaged."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from samn_jax import files, settings
from samn_jax.errors import InputError
from samn_jax.training import config_file

FOLDER = "recipes"  # of the shipped configs
STARTS = ("mask", "box")
_MOST_JSON = 2**18  # letters, of 2**20 that a model file has for all it notes
# What a recipe leaves beside the folders of its stages.
_TAKEN = ("recipe.json", "cross_validation.json", "model.safetensors")


@dataclasses.dataclass(frozen=True)
class Stage:
    """One training, or one for each fold.

    Attributes:
      name: of its folder and in the tables.
      config: the config it is an instance of: a shipped one's name, or a path.
      settings: dotted names of fields → values that differ from the config's.
      start: the stage whose weights it starts from; with folds, those of the same fold.
        "" starts as its config says, or from what the command is given.
      folds: number of trainings, each with another part of the clips held out; 0 is a
        single one on all clips.
    """

    name: str
    config: str
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    start: str = ""
    folds: int = 0

    def __post_init__(self) -> None:
        """Checks the fields.

        Raises:
          InputError: the name can't be a folder's, folds can't be made, or settings
            can't be noted in the model file.
        """
        settings.check_types(self, "a stage's ")
        files.check_name(self.name, "stage")
        if self.name in _TAKEN:
            raise InputError(f"a stage is called {self.name}, as a result: rename it")
        _check_json(self.settings, f"settings of stage {self.name}")
        if self.folds < 0 or self.folds == 1:
            raise InputError(
                f"stage {self.name} has {self.folds} folds: give 0, or at least 2"
            )
        taken = {"init_from": "start", "held_out": "folds"}
        for name in taken.keys() & self.settings.keys():
            if getattr(self, taken[name]):
                raise InputError(
                    f"stage {self.name} sets {name} and has {taken[name]}: give one"
                )


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a model file is made.

    Attributes:
      stages: in the order in which they are trained.
      average: stages whose networks' mean is the model.
      fold_clips: pattern of the names of clips that are held out in turn; the others
        are always trained on. Clips whose names agree in its groups, if it has any, are
        held out together.
      starts: from what the held-out clips are tracked: `mask`, `box` or both.
      needs: what the command must give to start from, in words; "" is nothing.
      tracker: settings of the tracker by dotted names, with which the model is tracked
        in place of those that it was trained with.
      notes: what the model file says beside how it was made: data, terms, license.
    """

    stages: tuple[Stage, ...]
    average: tuple[str, ...]
    fold_clips: str = ""
    starts: tuple[str, ...] = ("mask",)
    needs: str = ""
    tracker: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    notes: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Checks that the stages fit together.

        Raises:
          InputError: a name is unknown or given twice, folds don't fit, or the notes
            can't be written to a model file.
        """
        settings.check_types(self, "a recipe's ")
        before: dict[str, Stage] = {}
        for stage in self.stages:
            if stage.name in before:
                raise InputError(f"two stages are called {stage.name}: rename one")
            if stage.start:
                _check_start(stage, before)
            before[stage.name] = stage
        if not self.average:
            raise InputError("average is empty: name the stages that make the model")
        for name in self.average:
            if name not in before:
                raise InputError(
                    f"average names {name!r}: choose from {', '.join(before)}"
                )
        for start in self.starts:
            if start not in STARTS:
                raise InputError(f"starts has {start!r}: choose from mask, box")
        _check_json(self.notes, "notes")
        _check_json(self.tracker, "tracker")
        settings.check_pattern(self.fold_clips, "fold_clips", "^clip_")


def _check_json(values: Mapping[str, Any], what: str) -> None:
    """Checks, days before it is written, that JSON can hold what a model file notes."""
    try:
        length = len(json.dumps(dict(values), allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(
            f"{what} can't be written as JSON ({error}): give text, numbers and lists"
        ) from error
    if length > _MOST_JSON:
        raise InputError(f"{what} are too long for a model file: shorten them")


def _check_start(stage: Stage, before: Mapping[str, Stage]) -> None:
    if stage.start not in before:
        raise InputError(
            f"stage {stage.name} starts from {stage.start!r}: name one before it"
        )
    if before[stage.start].folds not in (0, stage.folds):
        raise InputError(
            f"stage {stage.name} starts from {stage.start}, which has "
            f"{before[stage.start].folds} folds: give it as many"
        )


def load_recipe(name_or_path: str | Path) -> Recipe:
    """Returns what `get_recipe()` of a recipe file gives.

    Args:
      name_or_path: of a file, or the name of a shipped recipe, as `lite`.

    Raises:
      InputError: as `config_file.load`.
    """
    path = config_file.find(name_or_path, FOLDER)
    return config_file.load(path, "get_recipe", Recipe)
