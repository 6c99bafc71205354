"""What a recipe leaves: a table of its progress, and the model file with its notes."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from samn_jax import files, provenance
from samn_jax.models import average, model_file
from samn_jax.training import checkpoints, run_folder
from samn_jax.training.recipe import cross_validation
from samn_jax.training.recipe.config import Recipe
from samn_jax.training.recipe.jobs import Job

REPORT_FILE = "recipe.json"
_HEADER = f"{'stage':24}{'state':12}{'steps':>13}{'time':>12}   held-out J&F"


def progress_table(
    jobs: Sequence[Job], scores: Mapping[str, cross_validation.Scores]
) -> str:
    """Returns a line for each training: how far it is, and what it brought.

    Args:
      jobs: the trainings.
      scores: name of each → scores of its held-out clips, as far as they are tracked.
    """
    lines = [_HEADER]
    for job in jobs:
        finish = run_folder.read_finish(job.folder)
        done = finish["steps"] if finish else checkpoints.newest(job.folder)
        state = "finished" if finish else "begun" if done else "waiting"
        seconds = _duration(finish["seconds"]) if finish else ""
        steps = f"{done}/{job.config.num_steps}"
        lines.append(
            f"{job.name:24}{state:12}{steps:>13}{seconds:>12}   "
            f"{_shown_score(scores.get(job.name, {}))}"
        )
    return "\n".join(lines)


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _shown_score(scores: cross_validation.Scores) -> str:
    values = [kind["J&F"] for by_kind in scores.values() for kind in by_kind.values()]
    if not values:
        return ""
    return f"{sum(values) / len(values):.3f} ({len(scores)} clips)"


def write_model(
    name: str, recipe: Recipe, jobs: Sequence[Job], table: dict[str, Any], path: Path
) -> None:
    """Writes the mean of the networks, with notes that say how it was made.

    Equal recipes on equal data give equal bytes: times are in `recipe.json` alone.

    Args:
      name: of the recipe.
      recipe: says whose mean it is.
      jobs: its trainings, all finished.
      table: of the cross-validation.
      path: of the model file.

    Raises:
      InputError: it can't be written.
    """
    parts = [job for job in jobs if job.stage.name in recipe.average]
    mean = average.average([job.model for job in parts])
    summary = {
        stage: {key: values[key] for key in ("J&F", "standard_error", "clips")}
        for stage, values in table["stages"].items()
    }
    notes = {
        **recipe.notes,
        "tracker": {**mean.notes.get("tracker", {}), **recipe.tracker},
        "recipe": name,
        "stages": [stage_notes(job) for job in jobs],
        "mean_of": [job.name for job in parts],
        "cross_validation": summary,
    }
    model_file.save_model(path, mean.config, mean.variables, notes, dtype="float16")


def stage_notes(job: Job) -> dict[str, Any]:
    """Returns how one network was trained, without the folders of this machine."""
    starts = run_folder.read_starts(job.folder)
    return {
        "name": job.name,
        "config": Path(job.stage.config).name,
        "settings": {key: _plain(x) for key, x in job.stage.settings.items()},
        "start": job.stage.start or Path(job.config.init_from).name,
        "start_sha256": starts[-1]["start"]["sha256"],
        "held_out": list(job.config.held_out),
        "steps": job.config.num_steps,
        "batch_size": job.config.batch_size,
        "data": starts[-1]["data"],
        "commits": sorted({str(start["git_commit"]) for start in starts}),
        "sha256": provenance.file_sha256(job.model),
    }


def _plain(value: Any) -> Any:
    return list(map(_plain, value)) if isinstance(value, tuple) else value


def write_report(
    name: str, jobs: Sequence[Job], table: dict[str, Any], folder: Path
) -> None:
    """Writes what took how long, on what, beside the model file.

    Raises:
      InputError: it can't be written.
    """
    trainings = [
        {
            **stage_notes(job),
            "seconds": (run_folder.read_finish(job.folder) or {}).get("seconds"),
            "hardware": run_folder.read_starts(job.folder)[-1].get("hardware"),
        }
        for job in jobs
    ]
    report = {
        "recipe": name,
        "finished_utc": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "seconds": round(sum(x["seconds"] or 0.0 for x in trainings), 1),
        "trainings": trainings,
    }
    names = (REPORT_FILE, cross_validation.RESULTS_FILE, run_folder.MODEL_FILE)
    files.remove_leftovers(folder / name for name in names)
    files.write_json(folder / REPORT_FILE, report)
    files.write_json(folder / cross_validation.RESULTS_FILE, table)
