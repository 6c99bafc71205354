"""SAMN in JAX: track any object through a video, mask by mask."""

from samn_jax.tracking import (
    Prediction,
    Tracker,
    TrackerConfig,
    TrackerSpec,
    TrackerState,
    init_tracker,
    track_step,
    track_video,
)

__version__ = "0.1.0"
__all__ = [
    "Prediction",
    "Tracker",
    "TrackerConfig",
    "TrackerSpec",
    "TrackerState",
    "init_tracker",
    "track_step",
    "track_video",
]
