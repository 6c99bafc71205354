"""Several objects at once: a state for each in a slot of its own, stepped together.

The number of slots is fixed, so that an object may come or go without recompilation.
Each object is located and segmented in its own crop; the probabilities are then joined
by soft aggregation, and what is left to each object is what it remembers and learns.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, UInt8

from samn_jax.geometry import crops
from samn_jax.memory.entry import Read
from samn_jax.models import aggregation
from samn_jax.tracking import segmentation
from samn_jax.tracking import tracker as tracker_lib
from samn_jax.tracking.state import Prediction, TrackerSpec, TrackerState


class MultiState(NamedTuple):
    """States of N slots, filled or empty."""

    objects: TrackerState  # every array has a leading axis N
    object_ids: Int[Array, " N"]  # in 1-255, or 0 where the slot is empty

    @property
    def extent_hw(self) -> Int[Array, "2"]:
        """True size of the frames."""
        return jnp.asarray(self.objects.extent_hw[0])


class MultiPrediction(NamedTuple):
    """What is said of one frame; an empty slot's part is zero."""

    objects: Prediction  # every array has a leading axis N
    object_ids: Int[Array, " N"]
    ids: UInt8[Array, "H W"]  # the object that each pixel shows, 0 the background


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

    An object that is alone in its crop is tracked as `track_step` does.
    """
    objects, taken = state.objects, state.object_ids > 0
    frame_hw = frame.shape[:2]

    def locate(one: TrackerState) -> tracker_lib.Place:
        return tracker_lib.locate(spec, variables, one, frame)

    def segment(
        one: TrackerState, place: tracker_lib.Place, view: segmentation.View
    ) -> tuple[Float[Array, "S S"], Read]:
        return tracker_lib.segment(spec, variables, one, place, view)

    def conclude(
        one: TrackerState, seen: tracker_lib.Seen
    ) -> tuple[TrackerState, Prediction]:
        return tracker_lib.conclude(spec, variables, one, seen, frame_hw)

    places = jax.vmap(locate)(objects)
    views = _look(spec, variables, objects, frame, places)
    probs, reads = jax.vmap(segment)(objects, places, views)
    probs = jnp.where(taken[:, None, None], probs, 0.0)
    probs = _join(spec, probs, views.crop, state.extent_hw, frame_hw)
    seen = tracker_lib.Seen(places, views, probs, reads)
    new_objects, answers = jax.vmap(conclude)(objects, seen)
    answers = jax.tree.map(lambda x: _where_taken(taken, x), answers)
    ids = winners(answers.mask, state.object_ids)
    answer = MultiPrediction(answers, state.object_ids, ids)
    return state._replace(objects=new_objects), answer


def track_objects(
    spec: TrackerSpec,
    variables: dict,
    state: MultiState,
    frames: UInt8[Array, "F H W 3"],
) -> tuple[MultiState, MultiPrediction]:
    """Returns the state after a chunk of frames, and all their answers."""

    def body(
        carry: MultiState, frame: UInt8[Array, "H W 3"]
    ) -> tuple[MultiState, MultiPrediction]:
        return step_objects(spec, variables, carry, frame)

    return jax.lax.scan(body, state, frames)


def step_any(
    spec: TrackerSpec,
    variables: dict,
    state: TrackerState | MultiState,
    frame: UInt8[Array, "H W 3"],
) -> tuple[TrackerState | MultiState, Prediction | MultiPrediction]:
    """Returns what `track_step` or `step_objects` does, as the state asks for."""
    alone = isinstance(state, TrackerState)
    step = tracker_lib.track_step if alone else step_objects
    return step(spec, variables, state, frame)


def track_any(
    spec: TrackerSpec,
    variables: dict,
    state: TrackerState | MultiState,
    frames: UInt8[Array, "F H W 3"],
) -> tuple[TrackerState | MultiState, Prediction | MultiPrediction]:
    """Returns what `track_video` or `track_objects` does, as the state asks for."""
    alone = isinstance(state, TrackerState)
    track = tracker_lib.track_video if alone else track_objects
    return track(spec, variables, state, frames)


def winners(
    masks: Float[Array, "N H W"], object_ids: Int[Array, " N"]
) -> UInt8[Array, "H W"]:
    """Returns the id of each pixel's most probable object.

    It is 0 where what the objects leave to the background is more probable.

    Args:
      masks: share of each object; they add up to at most about 1.
      object_ids: id of each object, in 0-255.
    """
    background = 1.0 - jnp.sum(masks, axis=0)
    best = object_ids[jnp.argmax(masks, axis=0)]
    found = jnp.max(masks, axis=0) > background
    return jnp.where(found, best, 0).astype(jnp.uint8)


def _look(
    spec: TrackerSpec,
    variables: dict,
    objects: TrackerState,
    frame: UInt8[Array, "H W 3"],
    places: tracker_lib.Place,
) -> segmentation.View:
    """Returns every object's view; a whole frame is encoded once for all."""

    def look(one: TrackerState, place: tracker_lib.Place) -> segmentation.View:
        return tracker_lib.look(spec, variables, one, frame, place)

    if not spec.config.whole_frame:
        return jax.vmap(look)(objects, places)
    view = look(*jax.tree.map(lambda x: x[0], (objects, places)))
    centers = places.target.center_xy
    count, size = centers.shape[0], spec.config.crop_size
    centers = crops.points_to_crop(centers, view.crop, out_size=size)
    views = jax.tree.map(lambda x: jnp.broadcast_to(x[None], (count, *x.shape)), view)
    return views._replace(center_xy=centers[:, None])


def _join(
    spec: TrackerSpec,
    probs: Float[Array, "N S S"],
    places: crops.SquareCrop,
    extent_hw: Int[Array, "2"],
    frame_hw: tuple[int, int],
) -> Float[Array, "N S S"]:
    """Returns each object's share of its own crop, beside the others seen in it.

    An object's own probability stays as sharp as its crop; those of the others come by
    way of the frame. What lies outside their crops is not theirs.
    """
    size = spec.config.crop_size

    def paste(prob: Float[Array, "S S"], crop: crops.SquareCrop) -> Array:
        return crops.paste_crop(prob, crop, image_hw=frame_hw)

    in_frame = jnp.moveaxis(jax.vmap(paste)(probs, places), 0, -1)

    def share(
        slot: Int[Array, ""], prob: Float[Array, "S S"], crop: crops.SquareCrop
    ) -> Float[Array, "S S"]:
        seen = crops.sample_crop(
            in_frame, extent_hw, crop, out_size=size, border="zero"
        )
        every = jnp.moveaxis(seen, -1, 0).at[slot].set(prob)
        return aggregation.join_objects(every, kind=spec.config.aggregation)[slot + 1]

    return jax.vmap(share)(jnp.arange(probs.shape[0]), probs, places)


def _where_taken(taken: Bool[Array, " N"], x: Array) -> Array:
    """Returns the array with zeros in the empty slots."""
    return jnp.where(taken.reshape(-1, *[1] * (x.ndim - 1)), x, jnp.zeros_like(x))
