"""Which network tracks a video: one for all, or that of the fold that left it out."""

import dataclasses
import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from samn_jax import files
from samn_jax.errors import InputError
from samn_jax.lab.video import Video


@dataclasses.dataclass(frozen=True)
class Networks:
    """Model files.

    Attributes:
      single: the one for all videos; "" if there are folds.
      held_out: clip → model file of the fold that has not seen it.
      models: all model files of the folds.
    """

    single: str = ""
    held_out: tuple[tuple[str, str], ...] = ()
    models: tuple[str, ...] = ()

    def of(self, video: Video) -> str:
        """Returns the model file for a video; a rendered one is new to all of them."""
        if self.single:
            return self.single
        found = dict(self.held_out).get(video.cluster)
        return found or self.models[video.seed % len(self.models)]

    def any(self) -> str:
        """Returns the model file that costs are measured with: all are of one kind."""
        return self.single or self.models[0]

    def check(self, real: Iterable[Video]) -> None:
        """Checks that there is a network for every clip of a data set.

        Raises:
          InputError: no fold has left a clip out.
        """
        known = dict(self.held_out)
        for video in real:
            if not self.single and video.cluster not in known:
                raise InputError(
                    f"clip {files.shown(video.cluster)} was held out by no network of "
                    "--folds: leave it out with --sequences, or give --checkpoint"
                )


def from_folds(folder: Path) -> Networks:
    """Returns the networks of a folder: `model.safetensors`, anywhere inside.

    Each says in its notes which clips its training held out.

    Raises:
      InputError: there is none, one can't be read, or two have left out the same clip.
    """
    held_out: dict[str, str] = {}
    models = sorted(folder.rglob("model.safetensors"))
    found = []
    for path in models:
        for clip in _held_out(path):
            if clip in held_out:
                raise InputError(
                    f"{files.shown(path)} and {files.shown(held_out[clip])} have both "
                    f"left out clip {files.shown(clip)}: give the folder of one stage "
                    "as --folds"
                )
            held_out[clip] = str(path)
            if str(path) not in found:
                found.append(str(path))
    if not held_out:
        raise InputError(
            f"{files.shown(folder)} has no model.safetensors whose training held clips "
            "out: give the folder of a stage with folds as --folds"
        )
    return Networks("", tuple(sorted(held_out.items())), tuple(found))


@functools.cache
def _held_out(path: Path) -> tuple[str, ...]:
    from samn_jax.models import model_file

    settings: Any = model_file.load_model(path).notes.get("train_config", {})
    names = settings.get("held_out", ()) if isinstance(settings, dict) else ()
    return tuple(str(name) for name in names)
