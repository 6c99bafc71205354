"""The tracker: one pure step a frame, and a thin host class around it."""

from samn_jax.tracking.multi_object import (
    MultiPrediction,
    MultiState,
    step_objects,
    track_objects,
)
from samn_jax.tracking.predictor import Tracker
from samn_jax.tracking.state import (
    Prediction,
    TrackerConfig,
    TrackerSpec,
    TrackerState,
)
from samn_jax.tracking.tracker import init_tracker, track_step, track_video

__all__ = [
    "MultiPrediction",
    "MultiState",
    "Prediction",
    "Tracker",
    "TrackerConfig",
    "TrackerSpec",
    "TrackerState",
    "init_tracker",
    "step_objects",
    "track_objects",
    "track_step",
    "track_video",
]
