"""Trackers by name, with everything that decides their results."""

import dataclasses
from pathlib import Path
from typing import Any

from samn_jax import errors, overrides
from samn_jax import provenance as manifest
from samn_jax.evaluation.protocols import semi_supervised as protocols
from samn_jax.evaluation.trackers import baselines

TRACKERS = ("samn", "copy_first", "filter_only")


def load_tracker(
    name: str, checkpoint: str, fields: dict[str, Any]
) -> tuple[protocols.VideoTracker, dict[str, Any]]:
    """The tracker, and everything about it that decides the results.

    Args:
      name: one of `TRACKERS`; `copy_first` uses neither of the other two.
      checkpoint: name of a shipped model, or path of a model file.
      fields: fields of `TrackerConfig` that differ from the default.

    Raises:
      InputError: if there is no such tracker, checkpoint or field.
    """
    if name == "copy_first":
        return baselines.CopyFirst(), {"tracker": name}
    if name not in TRACKERS:
        raise errors.InputError(
            f"tracker {name!r} is unknown: choose from {', '.join(TRACKERS)}"
        )
    import samn_jax  # Scoring and baselines do without the compiler.
    from samn_jax import tracking
    from samn_jax.models import model_file

    fields = overrides.typed_fields(fields, tracking.TrackerConfig)
    tracker = samn_jax.Tracker.from_checkpoint(checkpoint, **fields)
    follower = tracker
    if name == "filter_only":
        from samn_jax.evaluation.trackers import filter_only

        follower = filter_only.FilterOnly(tracker)
    return follower, {
        "tracker": name,
        "config": dataclasses.asdict(tracker.config),
        "checkpoint": Path(checkpoint).name,
        "checkpoint_sha256": manifest.file_sha256(model_file.find_model(checkpoint)),
    }
