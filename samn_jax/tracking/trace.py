"""Looking into a frame: what the memory held, what was read of it, what was written.

The steps here do what those of `tracker` and `multi_object` do, and return a `Trace`
besides. Those others compute nothing of it: their programs are as if it did not exist.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, UInt8

from samn_jax.geometry import crops
from samn_jax.memory.entry import Report, Slots
from samn_jax.tracking import checks, multi_object, padding
from samn_jax.tracking import tracker as tracker_lib
from samn_jax.tracking.multi_object import MultiPrediction, MultiState
from samn_jax.tracking.predictor import State, Tracker
from samn_jax.tracking.state import Prediction, TrackerSpec, TrackerState

_NOTHING = 1e-6  # cells' worth of target below which there is none


class Trace(NamedTuple):
    """One frame of one object, seen from inside; T slots (or cells) of the memory.

    The means over the target weigh each cell of the crop by the share of it that the
    answer covers; they are 0 where it covers nothing.
    """

    frame_idx: Int[Array, ""]  # 0 is the object's first frame
    slots: Slots  # what could be read, before the frame was written
    target_mass: Float[Array, " T"]  # attention to each slot, mean over the target
    mass: Float[Array, " T"]  # the same, mean over all cells of the crop; sums to 1
    target_entropy: Float[Array, ""]  # of a cell's attention to slots, nats: mean over
    entropy: Float[Array, ""]  # the target, and over all; 0 reads one slot alone
    report: Report  # what the write did
    found: Bool[Array, ""]
    certain: Bool[Array, ""]  # the spatial memory is sure of the target's place
    distractor: Bool[Array, ""]  # it sees something alike elsewhere
    confidence: Float[Array, ""]  # mean probability inside the mask; 0 if not found
    uncertainty: Float[Array, ""]  # of the spatial memory: about 1 is certain, 0 early
    area: Float[Array, ""]  # of the mask, image pixels; 0 if not found
    crop: crops.SquareCrop  # where the appearance network looked
    response: Float[Array, "R R"] | None  # best score of the filter in each of its
    response_crop: crops.SquareCrop | None  # cells, and where they lie; None without


def trace_of(
    spec: TrackerSpec,
    state: TrackerState,
    seen: tracker_lib.Observation,
    lesson: tracker_lib.Lesson,
) -> Trace:
    """Returns the trace of a frame.

    Args:
      spec: network and settings.
      state: that of the frame before.
      seen: what the frame shows of the object.
      lesson: what it has taught.
    """
    entry, slot_mass = lesson.entry, seen.read.slot_mass.astype(jnp.float32)
    response = response_crop = None
    if seen.estimate.localized is not None:
        localized, stride = seen.estimate.localized, spec.config.spatial.stride
        response = _best_in_cells(localized.response.score_map, stride)
        response_crop = localized.crop
    entropies = jnp.sum(jax.scipy.special.entr(slot_mass), axis=-1, keepdims=True)
    target_entropy, entropy = _means(entropies, entry.share)
    target_mass, mass = _means(slot_mass, entry.share)
    return Trace(
        frame_idx=entry.frame_idx,
        slots=spec.memory.slots(state.memory),
        target_mass=target_mass,
        mass=mass,
        target_entropy=target_entropy[0],
        entropy=entropy[0],
        report=lesson.report,
        found=entry.found,
        certain=entry.certain,
        distractor=entry.distractor,
        confidence=entry.confidence,
        uncertainty=entry.uncertainty,
        area=entry.area,
        crop=seen.region.crop,
        response=response,
        response_crop=response_crop,
    )


def track_step_traced(
    spec: TrackerSpec,
    variables: dict,
    state: TrackerState,
    frame: UInt8[Array, "H W 3"],
) -> tuple[TrackerState, Prediction, Trace]:
    """Returns what `track_step` does, and the frame's trace."""
    seen = tracker_lib.observe_alone(spec, variables, state, frame)
    after, answer, lesson = tracker_lib.conclude(
        spec, variables, state, seen, frame.shape[:2]
    )
    return after, answer, trace_of(spec, state, seen, lesson)


def step_objects_traced(
    spec: TrackerSpec,
    variables: dict,
    state: MultiState,
    frame: UInt8[Array, "H W 3"],
) -> tuple[MultiState, MultiPrediction, Trace]:
    """Returns what `step_objects` does, and a trace with a leading axis N."""
    note = functools.partial(trace_of, spec)
    return multi_object.step_noting(spec, variables, state, frame, note)


def step_any_traced(
    spec: TrackerSpec,
    variables: dict,
    state: TrackerState | MultiState,
    frame: UInt8[Array, "H W 3"],
) -> tuple[TrackerState | MultiState, Prediction | MultiPrediction, Trace]:
    """Returns what either of both does, as the state asks for."""
    if isinstance(state, TrackerState):
        return track_step_traced(spec, variables, state, frame)
    return step_objects_traced(spec, variables, state, frame)


_step = jax.jit(step_any_traced, static_argnums=0, donate_argnums=2)


def step_in_place(
    tracker: Tracker, state: State, frame: np.ndarray
) -> tuple[State, Prediction | MultiPrediction, Trace]:
    """Returns what `Tracker.step_in_place` does, and the trace, on the host.

    Raises:
      InputError: as there.
    """
    checks.check_frame(frame, tracker.check_state(state))
    arguments = tracker.spec, tracker.variables, state, padding.pad(frame)
    state, answer, trace = _step(*arguments)
    told: Any = jax.tree.map(np.asarray, trace)
    return state, padding.finish(answer, frame.shape[:2]), told


def _means(
    values: Float[Array, "h w T"], share: Float[Array, "h w"]
) -> tuple[Float[Array, " T"], Float[Array, " T"]]:
    """Returns the means over the target and over all cells."""
    total = jnp.sum(share)
    ours = jnp.einsum("hw,hwt->t", share, values) / jnp.maximum(total, _NOTHING)
    return jnp.where(total > _NOTHING, ours, 0.0), jnp.mean(values, axis=(0, 1))


def _best_in_cells(scores: Float[Array, "H W"], stride: int) -> Float[Array, "R R"]:
    """Returns the maximum in each square of `stride` × `stride` pixels."""
    rows, columns = (side // stride for side in scores.shape)
    return jnp.max(scores.reshape(rows, stride, columns, stride), axis=(1, 3))
