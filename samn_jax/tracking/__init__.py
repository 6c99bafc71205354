"""The tracker: one pure step a frame, and a thin host class around it."""

from samn_jax.tracking.correction import correct_target
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
from samn_jax.tracking.state_file import load_state, save_state
from samn_jax.tracking.tracker import init_tracker, track_step, track_video

# Stands in `samn_jax/__init__.py` again, where no JAX is imported.
__all__ = [
    "MultiPrediction",
    "MultiState",
    "Prediction",
    "Tracker",
    "TrackerConfig",
    "TrackerSpec",
    "TrackerState",
    "correct_target",
    "init_tracker",
    "load_state",
    "save_state",
    "step_objects",
    "track_objects",
    "track_step",
    "track_video",
]
