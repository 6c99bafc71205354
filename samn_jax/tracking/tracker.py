"""SAMN's tracker (paper, section 3; figure 2): pure functions over one state.

One frame: the spatial memory finds the target; the appearance network segments the crop
around it from what it remembers; the mask tells the target's true place and size; both
memories learn from the frame if the spatial memory is certain.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, UInt8

from samn_jax.memory.entry import Read
from samn_jax.models import aggregation
from samn_jax.tracking import given as given_lib
from samn_jax.tracking import localization, measure, segmentation
from samn_jax.tracking.state import (
    Prediction,
    Target,
    TrackerSpec,
    TrackerState,
)


class Place(NamedTuple):
    """Where the target is looked for in a frame."""

    sighting: localization.Sighting | None  # None without a spatial memory
    target: Target
    uncertainty: Float[Array, ""]


class Seen(NamedTuple):
    """What a frame shows of the target, before anything is learned from it."""

    place: Place
    view: segmentation.View
    prob: Float[Array, "S S"]  # of the object, in the crop
    read: Read  # what the appearance memory said of it


def init_tracker(
    spec: TrackerSpec,
    variables: dict,
    frame: UInt8[Array, "H W 3"],
    extent_hw: Int[Array, "2"],
    mask: Float[Array, "H W"],
    *,
    from_mask: bool,
) -> tuple[TrackerState, Prediction]:
    """Returns the state after the first frame, and its answer.

    Args:
      spec: network and settings.
      variables: weights of the network.
      frame: RGB, padded to its size bucket.
      extent_hw: true height and width of the frame.
      mask: the object, 0 or 1; for a box start the filled box. It must not be empty.
      from_mask: whether `mask` is the object's own outline. Without it the first frame
        is segmented with the box as its mask, and that mask is remembered.
    """
    given = given_lib.see(spec, variables, frame, extent_hw, mask, from_mask=from_mask)
    target = given.target
    spatial = None
    if spec.config.use_spatial:
        spatial = localization.first_memory(spec, variables, frame, extent_hw, target)
    zero = jnp.zeros((), jnp.int32)
    entry = given_lib.remember(spec, variables, given, zero)
    state = TrackerState(
        memory=spec.memory.init(entry, spec.reader(variables)),
        spatial=spatial,
        target=target,
        extent_hw=extent_hw,
        from_mask=jnp.array(from_mask),
        frame_idx=zero,
        lost_frames=zero,
    )
    return state, given_lib.report(spec, given, mask, from_mask=from_mask)


def track_step(
    spec: TrackerSpec,
    variables: dict,
    state: TrackerState,
    frame: UInt8[Array, "H W 3"],
) -> tuple[TrackerState, Prediction]:
    """Returns the state and the answer after one more frame."""
    place, view = observe(spec, variables, state, frame)
    prob, read = segment(spec, variables, state, place, view)
    prob = aggregation.join_one(prob, kind=spec.config.aggregation)
    seen = Seen(place, view, prob, read)
    return conclude(spec, variables, state, seen, frame.shape[:2])


def observe(
    spec: TrackerSpec,
    variables: dict,
    state: TrackerState,
    frame: UInt8[Array, "H W 3"],
) -> tuple[Place, segmentation.View]:
    """Returns where the target is thought to be, and what is seen around it."""
    if state.spatial is None or not spec.config.one_search_region:
        place = locate(spec, variables, state, frame)
        return place, look(spec, variables, state, frame, place)
    last = Place(None, state.target, jnp.zeros((), jnp.float32))
    view = look(spec, variables, state, frame, last)
    features, known = view.query.pyramid[0], (state.spatial, state.target)
    sighting = localization.sight_in(spec, features, view.crop, state.extent_hw, known)
    place = _place(spec, state.target, sighting)
    return place, segmentation.aim(spec, view, place.target.center_xy)


def locate(
    spec: TrackerSpec,
    variables: dict,
    state: TrackerState,
    frame: UInt8[Array, "H W 3"],
) -> Place:
    """Returns where the spatial memory thinks that the target is."""
    if state.spatial is None:
        return Place(None, state.target, jnp.zeros((), jnp.float32))
    sighting = localization.sight(
        spec, variables, frame, state.extent_hw, (state.spatial, state.target)
    )
    return _place(spec, state.target, sighting)


def look(
    spec: TrackerSpec,
    variables: dict,
    state: TrackerState,
    frame: UInt8[Array, "H W 3"],
    place: Place,
) -> segmentation.View:
    """Returns what the appearance network sees around that place."""
    target, extent_hw = place.target, state.extent_hw
    crop = segmentation.choose_crop(spec, target, extent_hw, state.lost_frames)
    where = (crop, target.center_xy)
    return segmentation.look(spec, variables, frame, extent_hw, where)


def segment(
    spec: TrackerSpec,
    variables: dict,
    state: TrackerState,
    place: Place,
    view: segmentation.View,
) -> tuple[Float[Array, "S S"], Read]:
    """Returns the object's probability in the crop, and what was read for it.

    It is 0 if the object's place is too uncertain.
    """
    prob, read = segmentation.segment(spec, variables, view, state.memory)
    certain = place.uncertainty < spec.config.segment_uncertainty
    return jnp.where(state.from_mask | certain, prob, 0.0), read


def conclude(
    spec: TrackerSpec,
    variables: dict,
    state: TrackerState,
    seen: Seen,
    frame_hw: tuple[int, ...],
) -> tuple[TrackerState, Prediction]:
    """Returns the state that has learned from a frame, and the answer to it.

    Args:
      spec: network and settings.
      variables: weights of the network.
      state: that of the frame before.
      seen: what the frame shows; its probability may be joined with that of others.
      frame_hw: size of the answer's mask, that of the padded frame.
    """
    state, answer, accepted = remember(spec, variables, state, seen, frame_hw)
    sighting = seen.place.sighting
    if state.spatial is not None and sighting is not None:
        center_xy = state.target.center_xy
        spatial = localization.learn(spec, state.spatial, sighting, center_xy, accepted)
        state = state._replace(spatial=spatial)
    return state, answer


def remember(
    spec: TrackerSpec,
    variables: dict,
    state: TrackerState,
    seen: Seen,
    frame_hw: tuple[int, ...],
) -> tuple[TrackerState, Prediction, Bool[Array, ""]]:
    """Returns what `conclude` does, but for the spatial memory, which is as it was.

    The third value says whether the spatial memory may learn from the frame.
    """
    config = spec.config
    place, view, prob, read = seen
    _, target, uncertainty = place
    threshold = measure.threshold(config, state.from_mask)
    measured = measure.measure(config, prob, view.crop, threshold)
    max_step = jnp.where(
        state.from_mask, config.scale_step_from_mask, config.scale_step_from_box
    )
    may_scale = uncertainty < config.scale_uncertainty
    target = measure.update_target(target, measured, max_step, may_scale, config)
    frame_idx = state.frame_idx + 1
    facts = _facts(spec, place, measured, frame_idx)
    entry = segmentation.remember(spec, variables, view, prob, facts)
    memory, _ = spec.memory.write(state.memory, entry, read, spec.reader(variables))
    new_state = state._replace(
        memory=memory,
        target=target,
        frame_idx=frame_idx,
        lost_frames=jnp.where(measured.found, 0, state.lost_frames + 1),
    )
    answer = measure.report(config, prob, measured, view.crop, frame_hw)
    answer = answer._replace(uncertainty=uncertainty)
    return new_state, answer, facts["certain"] & measured.found


def track_video(
    spec: TrackerSpec,
    variables: dict,
    state: TrackerState,
    frames: UInt8[Array, "F H W 3"],
) -> tuple[TrackerState, Prediction]:
    """Returns the state after a chunk of frames, and all their answers."""
    step = functools.partial(track_step, spec, variables)
    return jax.lax.scan(step, state, frames)


def _place(spec: TrackerSpec, target: Target, sighting: localization.Sighting) -> Place:
    """Returns the place of a sighting; the target's last one if that is uncertain."""
    certain = sighting.uncertainty < spec.config.accept_uncertainty
    center = jnp.where(certain, sighting.center_xy, target.center_xy)
    return Place(sighting, target._replace(center_xy=center), sighting.uncertainty)


def _facts(
    spec: TrackerSpec,
    place: Place,
    measured: measure.Measurement,
    frame_idx: Int[Array, ""],
) -> dict[str, Array]:
    """Returns what an `Entry` says of a frame besides what the network makes of it."""
    distractor = jnp.zeros((), bool)
    if place.sighting is not None:
        distractor = place.sighting.localization.hard_negative
    return {
        "frame_idx": frame_idx,
        "found": measured.found,
        "due": spec.config.memory.due(frame_idx),
        "certain": place.uncertainty < spec.config.accept_uncertainty,
        "distractor": distractor,
        "confidence": measured.confidence,
        "uncertainty": place.uncertainty,
        "area": measured.area,
    }
