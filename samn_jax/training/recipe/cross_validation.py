"""Held-out clips tracked by the networks of the folds, and what that says of a stage.

Every clip is tracked by a network that has not seen it, forwards and backwards. Means
are over clips: the trials of a clip are not independent of each other.
"""

import functools
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from samn_jax import files, provenance
from samn_jax.data.clips.sources import Video
from samn_jax.errors import InputError
from samn_jax.training import tracking_scores
from samn_jax.training.recipe.jobs import Job

RESULTS_FILE = "cross_validation.json"
DIRECTIONS = ("forwards", "backwards")
_FOLDER = "tracked"  # of a training's folder


class Trial(NamedTuple):
    """One tracking of one clip."""

    video: Video
    direction: str
    start: str  # mask or box

    @property
    def kind(self) -> str:
        """Returns direction and start, as tables have them."""
        return f"{self.direction}/{self.start}"


def trials(videos: Sequence[Video], starts: Sequence[str]) -> list[Trial]:
    """Returns all trackings of the clips."""
    return [Trial(*x) for x in itertools.product(videos, DIRECTIONS, starts)]


def track(job: Job, videos: Sequence[Video], starts: Sequence[str]) -> None:
    """Tracks the held-out clips of a training, as far as that is not yet done.

    A result counts only for the model file that it was made with.

    Raises:
      InputError: a result can't be written.
    """
    model = provenance.file_sha256(job.model)
    tracker = functools.cache(lambda: load_tracker(job.model))
    wanted = {_path_of(job, trial): trial for trial in trials(videos, starts)}
    files.remove_leftovers(wanted)
    for path, trial in wanted.items():
        if _read(path, model) is None:
            files.write_json(path, {"model_sha256": model, **_track(tracker, trial)})


def load_tracker(model: Path) -> Any:
    """Returns the tracker of a model file."""
    from samn_jax.tracking import predictor

    return predictor.Tracker.from_checkpoint(str(model))


def _track(tracker: Callable[[], Any], trial: Trial) -> dict[str, Any]:
    score = tracking_scores.track_video(
        tracker(),
        trial.video,
        backward=trial.direction == "backwards",
        from_box=trial.start == "box",
    )
    if score is None:
        return {"frames": 0}
    return {"J": score.region, "F": score.boundary, "frames": score.frames}


def _path_of(job: Job, trial: Trial) -> Path:
    name = f"{trial.video.name}.{trial.direction}.{trial.start}.json"
    return job.folder / _FOLDER / name


def _read(path: Path, model: str) -> dict[str, Any] | None:
    """Returns a result of the model; None if it is missing, damaged or of another."""
    try:
        result = files.read_json_object(path, "")
    except InputError:
        return None
    frames = result.get("frames")
    names = ("J", "F") if frames else ()
    shares = [result.get(name) for name in names]
    good = (
        result.get("model_sha256") == model
        and type(frames) is int
        and all(isinstance(x, int | float) and 0 <= x <= 1 for x in shares)
    )
    return result if good else None


def scores_of(
    job: Job, videos: Sequence[Video], starts: Sequence[str]
) -> dict[str, dict[str, dict[str, float]]]:
    """Returns clip → kind of trial → J, F and J&F, of the trials that are done."""
    model = provenance.file_sha256(job.model)
    found: dict[str, dict[str, dict[str, float]]] = {}
    for trial in trials(videos, starts):
        result = _read(_path_of(job, trial), model)
        if result and result["frames"]:
            region, boundary = result["J"], result["F"]
            both = {"J": region, "F": boundary, "J&F": (region + boundary) / 2}
            found.setdefault(trial.video.name, {})[trial.kind] = both
    return found


Scores = dict[str, dict[str, dict[str, float]]]


def summarize(stages: dict[str, Scores]) -> dict[str, Any]:
    """Returns the table of the stages, and how each differs from those before it.

    Args:
      stages: name of each stage with folds → its scores.
    """
    table = {
        name: {**_means(scores), "by_clip": scores} for name, scores in stages.items()
    }
    pairs = itertools.combinations(stages, 2)
    differences = {f"{b} - {a}": _difference(stages[a], stages[b]) for a, b in pairs}
    return {"stages": table, "differences": differences}


def _means(scores: Scores) -> dict[str, Any]:
    """Returns means over clips, and of J&F the standard error and each kind's mean."""
    measures = {
        m: [float(np.mean([s[m] for s in kinds.values()])) for kinds in scores.values()]
        for m in ("J&F", "J", "F")
    }
    means = {name: _rounded(np.mean(x)) for name, x in measures.items() if x}
    kinds = sorted({kind for by_kind in scores.values() for kind in by_kind})
    by_kind = {
        kind: _rounded(np.mean([s[kind]["J&F"] for s in scores.values() if kind in s]))
        for kind in kinds
    }
    error = _standard_error(measures["J&F"])
    return {**means, "standard_error": error, "clips": len(scores), "by_kind": by_kind}


def _difference(first: Scores, second: Scores) -> dict[str, Any]:
    """Returns the mean change of J&F from stage to stage, over what both tracked."""
    changes = []
    for clip in first.keys() & second.keys():
        kinds = first[clip].keys() & second[clip].keys()
        changes.append(
            float(
                np.mean([second[clip][k]["J&F"] - first[clip][k]["J&F"] for k in kinds])
            )
        )
    return {
        "J&F": _rounded(np.mean(changes)) if changes else None,
        "standard_error": _standard_error(sorted(changes)),
        "clips": len(changes),
    }


def _standard_error(values: Sequence[float]) -> float | None:
    """Returns that of the mean; None for fewer than two values."""
    if len(values) < 2:
        return None
    return _rounded(np.std(values, ddof=1) / np.sqrt(len(values)))


def _rounded(value: float | np.floating) -> float:
    return round(float(value), 5)
