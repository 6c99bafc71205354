"""Several objects at once: a state for each in a slot of its own, stepped together.

The number of slots is fixed, so that an object may come or go without recompilation.
Each object is located and segmented in its own crop; the probabilities are then joined
by soft aggregation, and what is left to each object is what it remembers and learns.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, UInt8

from samn_jax.dcf import spatial_memory as spatial_lib
from samn_jax.tracking import joining, localization, segmentation, slot_loops
from samn_jax.tracking import tracker as tracker_lib
from samn_jax.tracking.state import Prediction, TrackerSpec, TrackerState


class MultiState(NamedTuple):
    """States of N slots, filled or empty."""

    objects: TrackerState  # every array has a leading axis N
    object_ids: Int[Array, " N"]  # in 1-255, or 0 where the slot is empty

    @property
    def taken(self) -> Bool[Array, " N"]:
        """Which slots hold an object."""
        return self.object_ids > 0

    @property
    def extent_hw(self) -> Int[Array, "2"]:
        """True size of the frames."""
        return jnp.asarray(self.objects.extent_hw[0])


class MultiPrediction(NamedTuple):
    """What is said of one frame; an empty slot's part is zero."""

    objects: Prediction  # every array has a leading axis N
    object_ids: Int[Array, " N"]
    ids: UInt8[Array, "H W"]  # the object that each pixel shows, 0 the background


# Of an object's state before a frame, what the frame shows of it, and what it taught.
Note = Callable[[TrackerState, tracker_lib.Observation, tracker_lib.Lesson], Any]


def empty_slots(one: TrackerState, slots: int) -> MultiState:
    """Returns `slots` empty slots for states like `one`, whose copies fill them."""
    objects = jax.tree.map(lambda x: jnp.stack([x] * slots), one)
    return MultiState(objects, jnp.zeros((slots,), jnp.int32))


def add_slots(state: MultiState, count: int) -> MultiState:
    """Returns the state with `count` more slots, empty ones."""
    one = jax.tree.map(lambda x: x[0], state.objects)
    more = empty_slots(one, count)
    return jax.tree.map(lambda a, b: jnp.concatenate((a, b)), state, more)


def place_object(
    state: MultiState,
    one: TrackerState,
    slot: Int[Array, ""],
    object_id: Int[Array, ""],
) -> MultiState:
    """Returns the state with an object's own state in a slot, whatever was there."""
    objects = jax.tree.map(lambda all_, x: all_.at[slot].set(x), state.objects, one)
    return MultiState(objects, state.object_ids.at[slot].set(object_id))


def remove_object(state: MultiState, object_id: Int[Array, ""]) -> MultiState:
    """Returns the state with the slot of that object empty."""
    ids = state.object_ids
    return state._replace(object_ids=jnp.where(ids == object_id, 0, ids))


def step_objects(
    spec: TrackerSpec,
    variables: dict,
    state: MultiState,
    frame: UInt8[Array, "H W 3"],
) -> tuple[MultiState, MultiPrediction]:
    """Returns the state and the answer after one more frame.

    An object that is alone in its crop is tracked as `track_step` does. Empty slots are
    skipped on a CPU, and the filters that are due are refined one by one.
    """
    return step_noting(spec, variables, state, frame, lambda *_: ())[:2]


def step_noting(
    spec: TrackerSpec,
    variables: dict,
    state: MultiState,
    frame: UInt8[Array, "H W 3"],
    note: Note,
) -> tuple[MultiState, MultiPrediction, Any]:
    """Returns what `step_objects` does, and what is noted of each object.

    Arrays of a note get a leading axis N; an empty slot's part is zero.
    """
    seen = _observe(spec, variables, state, frame)
    prob, others = joining.join(spec, state.taken, seen.prob, seen.region.crop)
    seen = seen._replace(prob=prob, others=others)
    objects, answers, accepted, notes = _remember(
        spec, variables, state, (seen, frame), note
    )
    localized = seen.estimate.localized
    if objects.spatial is not None and localized is not None:
        learned = _learn(spec, state._replace(objects=objects), localized, accepted)
        objects = objects._replace(spatial=learned)
    ids = joining.winners(answers.mask, state.object_ids)
    answer = MultiPrediction(answers, state.object_ids, ids)
    return state._replace(objects=objects), answer, notes


def track_objects(
    spec: TrackerSpec,
    variables: dict,
    state: MultiState,
    frames: UInt8[Array, "F H W 3"],
) -> tuple[MultiState, MultiPrediction]:
    """Returns the state after a chunk of frames, and all their answers."""
    step = functools.partial(step_objects, spec, variables)
    return jax.lax.scan(step, state, frames)


def step_any(
    spec: TrackerSpec,
    variables: dict,
    state: TrackerState | MultiState,
    frame: UInt8[Array, "H W 3"],
) -> tuple[TrackerState | MultiState, Prediction | MultiPrediction]:
    """Returns what `track_step` or `step_objects` does, as the state asks for."""
    if isinstance(state, TrackerState):
        return tracker_lib.track_step(spec, variables, state, frame)
    return step_objects(spec, variables, state, frame)


def track_any(
    spec: TrackerSpec,
    variables: dict,
    state: TrackerState | MultiState,
    frames: UInt8[Array, "F H W 3"],
) -> tuple[TrackerState | MultiState, Prediction | MultiPrediction]:
    """Returns what `track_video` or `track_objects` does, as the state asks for."""
    step = functools.partial(step_any, spec, variables)
    return jax.lax.scan(step, state, frames)


def _observe(
    spec: TrackerSpec, variables: dict, state: MultiState, frame: UInt8[Array, "H W 3"]
) -> tracker_lib.Observation:
    """Returns what each object shows by itself; a whole frame is encoded once for all.

    An empty slot shows nothing: its part is zero.
    """
    shared = None
    if spec.config.whole_frame:
        first = slot_loops.take(state.objects, 0)
        shared = segmentation.search_region(
            spec, variables, frame, first.extent_hw, first.target, first.lost_frames
        )

    def observe(one: TrackerState) -> tracker_lib.Observation:
        return tracker_lib.observe(spec, variables, one, frame, shared)

    return slot_loops.map_slots(observe, state.taken, state.objects, group=2)


def _remember(
    spec: TrackerSpec,
    variables: dict,
    state: MultiState,
    seen_and_frame: tuple[tracker_lib.Observation, UInt8[Array, "H W 3"]],
    note: Note,
) -> tuple[TrackerState, Prediction, Bool[Array, " N"], Any]:
    """Returns what `tracker.remember` does, of each object; empty slots stay as is.

    In place of the lesson it is whether the spatial memory may learn, and the note.
    """
    seen, frame = seen_and_frame
    objects = state.objects._replace(spatial=None)

    def remember(one: TrackerState, its_own: tracker_lib.Observation) -> tuple:
        after, answer, lesson = tracker_lib.remember(
            spec, variables, one, its_own, frame.shape[:2]
        )
        return after, (answer, lesson.accepted, note(one, its_own, lesson))

    objects, results = slot_loops.update_slots(
        remember, state.taken, objects, seen, group=2
    )
    return objects._replace(spatial=state.objects.spatial), *results


def _learn(
    spec: TrackerSpec,
    state: MultiState,
    localized: localization.Localization,
    accepted: Bool[Array, " N"],
) -> spatial_lib.SpatialMemory:
    """Returns the spatial memories after the frame.

    Samples are written in their places. Only the filters that are due are refined.
    """
    config = spec.config.spatial
    centers_xy = state.objects.target.center_xy

    def remember(
        memories: spatial_lib.SpatialMemory, slot: Int[Array, ""]
    ) -> spatial_lib.SpatialMemory:
        its_own = slot_loops.take((localized, centers_xy, accepted), slot)
        return localization.remember_in(spec, memories, slot, *its_own)

    memories = slot_loops.visit(remember, state.taken, state.objects.spatial)
    is_due = functools.partial(spatial_lib.refinement_due, config)
    due = state.taken & jax.vmap(is_due)(memories, localized.response)

    def refine(
        filters: Float[Array, "N k k K"], slot: Int[Array, ""]
    ) -> Float[Array, "N k k K"]:
        memory, its_due = slot_loops.take((memories, due), slot)
        # It is due, but the loop over a single slot does not know.
        new = spatial_lib.refine_if(config, memory, its_due).filter
        return slot_loops.put(filters, slot, new)

    return memories._replace(filter=slot_loops.visit(refine, due, memories.filter))
