"""Trackers by name, with everything that decides their results."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from samn_jax import errors, overrides, provenance
from samn_jax.evaluation.trackers import baselines, interface


class Variant(NamedTuple):
    """One kind of tracker.

    Attributes:
      build: a `samn_jax.Tracker`, None for those without a model → the tracker.
      has_model: whether it has a checkpoint and settings.
    """

    build: Callable[[Any], interface.VideoTracker]
    has_model: bool = True


def _itself(tracker: Any) -> interface.VideoTracker:
    return tracker


def _copy_first(tracker: None) -> interface.VideoTracker:
    return baselines.CopyFirst()


def _filter_only(tracker: Any) -> interface.VideoTracker:
    # Not on top: it brings JAX, which scoring and baselines do without.
    from samn_jax.evaluation.trackers import filter_only

    return filter_only.FilterOnly(tracker)


TRACKERS: dict[str, Variant] = {
    "samn": Variant(_itself),
    "copy_first": Variant(_copy_first, has_model=False),
    "filter_only": Variant(_filter_only),
}
DEFAULT_CHECKPOINT = "lite"


def load_tracker(
    name: str, checkpoint: str | None, settings: Sequence[str]
) -> tuple[interface.VideoTracker, dict[str, Any]]:
    """Returns the tracker, and everything about it that decides the results.

    Args:
      name: one of `TRACKERS`.
      checkpoint: name of a shipped model, or path of a model file; None is `lite`. A
        tracker without a model has no use for it, but refuses a bad one.
      settings: `field=value` assignments to the model's tracker config.

    Raises:
      InputError: there is no such tracker, checkpoint or field, or a value is bad.
    """
    if name not in TRACKERS:
        raise errors.InputError(
            f"tracker {name!r} is unknown: choose from {', '.join(TRACKERS)}"
        )
    variant = TRACKERS[name]
    tracker: Any = None
    facts: dict[str, Any] = {}
    if variant.has_model or checkpoint is not None or settings:
        tracker, facts = _load_model(checkpoint or DEFAULT_CHECKPOINT, settings)
    if not variant.has_model:
        return variant.build(None), {"tracker": name}
    return variant.build(tracker), {"tracker": name, **facts}


def _load_model(checkpoint: str, settings: Sequence[str]) -> tuple[Any, dict[str, Any]]:
    import samn_jax  # Not on top: it brings JAX.
    from samn_jax.models import model_file

    given: dict[str, Any] = {**overrides.split(settings)}
    tracker = samn_jax.Tracker.from_checkpoint(checkpoint, **given)
    return tracker, {
        "config": dataclasses.asdict(tracker.config),
        "memory_source": tracker.spec.source,
        "checkpoint": Path(checkpoint).name,
        "checkpoint_sha256": provenance.file_sha256(model_file.find_model(checkpoint)),
    }
