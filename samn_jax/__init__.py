"""SAMN in JAX: track any object through a video, mask by mask.

    tracker = samn_jax.Tracker.from_checkpoint("lite")
    state, out = tracker.init(frame, box_xywh=(120, 80, 60, 90))  # or mask=...
    state, out = tracker.step(state, frame)  # out.mask, out.box_xywh, out.confidence

Frames are uint8 RGB (H, W, 3). `Tracker` takes and gives them as they come; the pure
functions under it take padded ones: `init_tracker`, `track_step`, `track_video`,
`correct_target` for one object, `step_objects` and `track_objects` for several. What is
wrong with an input is told by an `InputError`. Elsewhere:

    samn_jax.memory.design   a memory of one's own: four pure functions
    samn_jax.track.run       objects through a video file, as `samn-track` does it
    samn_jax.evaluation.run  benchmarks, as `samn-evaluate` runs them
    samn_jax.compilation     `keep_compiled()`: compiled programs stay on disk
"""

import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

from samn_jax.errors import InputError
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
        correct_target,
        init_tracker,
        load_state,
        save_state,
        step_objects,
        track_objects,
        track_step,
        track_video,
    )

# Stands in `tracking/__init__.py` too: that one can't be asked without importing JAX.
__all__ = [
    "InputError",
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


def __getattr__(name: str) -> Any:
    """Public name of the tracker or a module, imported with JAX at its first use.

    Processes that only read or score results start in a fraction of the time so.
    """
    if name in __all__:
        return getattr(importlib.import_module("samn_jax.tracking"), name)
    if name in _modules():
        return importlib.import_module(f"samn_jax.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """All names of the module, those not yet imported too."""
    return sorted({*globals(), *__all__, *_modules()})


def _modules() -> list[str]:
    """Names of the package's modules and folders."""
    return [module.name for module in pkgutil.iter_modules(__path__)]
