"""SAMN in JAX: track any object through a video, mask by mask."""

import importlib
from typing import TYPE_CHECKING, Any

from samn_jax.version import __version__ as __version__

if TYPE_CHECKING:
    from samn_jax.tracking import (
        MultiPrediction,
        MultiState,
        Prediction,
        Tracker,
        TrackerConfig,
        TrackerSpec,
        TrackerState,
        init_tracker,
        track_step,
        track_video,
    )

__all__ = [
    "MultiPrediction",
    "MultiState",
    "Prediction",
    "Tracker",
    "TrackerConfig",
    "TrackerSpec",
    "TrackerState",
    "init_tracker",
    "track_step",
    "track_video",
]


def __getattr__(name: str) -> Any:
    """Public name of the tracker, imported with JAX at its first use.

    Processes that only read or score results start in a fraction of the time so.
    """
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("samn_jax.tracking"), name)


def __dir__() -> list[str]:
    """All names of the module, those not yet imported too."""
    return sorted({*globals(), *__all__})
