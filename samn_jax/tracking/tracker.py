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

from samn_jax.memory.entry import Entry, Read, Report
from samn_jax.models import aggregation
from samn_jax.tracking import given as given_lib
from samn_jax.tracking import localization, measure, segmentation
from samn_jax.tracking.state import (
    Prediction,
    Target,
    TrackerSpec,
    TrackerState,
)


class Estimate(NamedTuple):
    """Where the target is thought to be in a frame, before it is segmented."""

    localized: localization.Localization | None  # None without a spatial memory
    target: Target
    uncertainty: Float[Array, ""]


class Observation(NamedTuple):
    """What a frame shows of the target, before anything is learned from it."""

    estimate: Estimate
    region: segmentation.SearchRegion
    prob: Float[Array, "S S"]  # of the object, in the region's crop
    read: Read  # what the appearance memory said of it
    others: Float[Array, "h w"] | None = None  # share of other objects; None: no others


class Lesson(NamedTuple):
    """What a frame has taught."""

    entry: Entry  # what the appearance memory was offered
    report: Report  # what it has done with it
    accepted: Bool[Array, ""]  # whether the spatial memory may learn from the frame


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

    The arguments are those of `given.observe`; what it makes of a box is remembered.
    """
    given = given_lib.observe(
        spec, variables, frame, extent_hw, mask, from_mask=from_mask
    )
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
        previous=segmentation.previous_of(
            spec, given.prob, given.region.crop, jnp.ones((), bool)
        ),
    )
    return state, given_lib.report(spec, given, mask, from_mask=from_mask)


def track_step(
    spec: TrackerSpec,
    variables: dict,
    state: TrackerState,
    frame: UInt8[Array, "H W 3"],
) -> tuple[TrackerState, Prediction]:
    """Returns the state and the answer after one more frame."""
    seen = observe_alone(spec, variables, state, frame)
    return conclude(spec, variables, state, seen, frame.shape[:2])[:2]


def observe_alone(
    spec: TrackerSpec,
    variables: dict,
    state: TrackerState,
    frame: UInt8[Array, "H W 3"],
) -> Observation:
    """Returns what a frame shows of a target beside which there is no other one."""
    seen = observe(spec, variables, state, frame)
    prob = aggregation.join_one(seen.prob, kind=spec.config.aggregation)
    return seen._replace(prob=prob)


def observe(
    spec: TrackerSpec,
    variables: dict,
    state: TrackerState,
    frame: UInt8[Array, "H W 3"],
    shared: segmentation.SearchRegion | None = None,
) -> Observation:
    """Returns what a frame shows of the target by itself, beside no other object.

    Its probability is 0 if its place is too uncertain.

    Args:
      spec: network and settings.
      variables: weights of the network.
      state: that of the frame before.
      frame: RGB, padded to its size bucket.
      shared: the search region of all objects, if the whole frame is theirs.
    """
    if shared is None and spec.config.one_search_region and state.spatial is not None:
        estimate, region = _find_in_region(spec, variables, state, frame)
    else:
        estimate = _estimate(spec, variables, state, frame)
        target, lost_frames = estimate.target, state.lost_frames
        if shared is None:
            region = segmentation.search_region(
                spec, variables, frame, state.extent_hw, target, lost_frames
            )
        else:
            region = segmentation.aim(spec, shared, target.center_xy)
    prob, read = segmentation.segment(
        spec, variables, region, state.memory, state.previous
    )
    certain = estimate.uncertainty < spec.config.segment_uncertainty
    prob = jnp.where(state.from_mask | certain, prob, 0.0)
    return Observation(estimate, region, prob, read)


def _find_in_region(
    spec: TrackerSpec, variables: dict, state: TrackerState, frame: Array
) -> tuple[Estimate, segmentation.SearchRegion]:
    """Returns the filter's estimate from features of the network's search region.

    The region lies around the target's last place, and is encoded once for both.
    """
    assert state.spatial is not None  # `observe` has seen to it
    target, extent_hw = state.target, state.extent_hw
    region = segmentation.search_region(
        spec, variables, frame, extent_hw, target, state.lost_frames
    )
    features, known = region.query.pyramid[0], (state.spatial, target)
    localized = localization.localize_in(spec, features, region.crop, extent_hw, known)
    estimate = _accept(spec, target, localized)
    return estimate, segmentation.aim(spec, region, estimate.target.center_xy)


def _estimate(
    spec: TrackerSpec, variables: dict, state: TrackerState, frame: Array
) -> Estimate:
    """Returns where the spatial memory thinks that the target is."""
    if state.spatial is None:
        return Estimate(None, state.target, jnp.zeros((), jnp.float32))
    localized = localization.localize(
        spec, variables, frame, state.extent_hw, (state.spatial, state.target)
    )
    return _accept(spec, state.target, localized)


def conclude(
    spec: TrackerSpec,
    variables: dict,
    state: TrackerState,
    seen: Observation,
    frame_hw: tuple[int, ...],
) -> tuple[TrackerState, Prediction, Lesson]:
    """Returns the state that has learned from a frame, the answer, and the lesson.

    Args:
      spec: network and settings.
      variables: weights of the network.
      state: that of the frame before.
      seen: what the frame shows; its probability may be joined with that of others.
      frame_hw: size of the answer's mask, that of the padded frame.
    """
    state, answer, lesson = remember(spec, variables, state, seen, frame_hw)
    localized = seen.estimate.localized
    if state.spatial is not None and localized is not None:
        center_xy = state.target.center_xy
        spatial = localization.learn(
            spec, state.spatial, localized, center_xy, lesson.accepted
        )
        state = state._replace(spatial=spatial)
    return state, answer, lesson


def remember(
    spec: TrackerSpec,
    variables: dict,
    state: TrackerState,
    seen: Observation,
    frame_hw: tuple[int, ...],
) -> tuple[TrackerState, Prediction, Lesson]:
    """Returns what `conclude` does, but for the spatial memory, which is as it was."""
    config = spec.config
    estimate, region, prob, read, others = seen
    _, target, uncertainty = estimate
    threshold = measure.threshold(config, state.from_mask)
    measured = measure.measure(config, prob, region.crop, threshold)
    max_step = jnp.where(
        state.from_mask, config.scale_step_from_mask, config.scale_step_from_box
    )
    may_scale = uncertainty < config.scale_uncertainty
    target = measure.update_target(target, measured, max_step, may_scale, config)
    frame_idx = state.frame_idx + 1
    facts = _facts(spec, estimate, measured, frame_idx)
    if others is not None:
        facts["others"] = others
    entry = segmentation.remember_if_wanted(spec, variables, region, prob, facts)
    reader = spec.reader(variables)
    memory, report = spec.memory.write(state.memory, entry, read, reader)
    new_state = state._replace(
        memory=memory,
        target=target,
        frame_idx=frame_idx,
        lost_frames=jnp.where(measured.found, 0, state.lost_frames + 1),
        previous=segmentation.previous_of(spec, prob, region.crop, measured.found),
    )
    answer = measure.report(config, prob, measured, region.crop, frame_hw)
    answer = answer._replace(uncertainty=uncertainty)
    accepted = facts["certain"] & measured.found
    return new_state, answer, Lesson(entry, report, accepted)


def track_video(
    spec: TrackerSpec,
    variables: dict,
    state: TrackerState,
    frames: UInt8[Array, "F H W 3"],
) -> tuple[TrackerState, Prediction]:
    """Returns the state after a chunk of frames, and all their answers."""
    step = functools.partial(track_step, spec, variables)
    return jax.lax.scan(step, state, frames)


def _accept(
    spec: TrackerSpec, target: Target, localized: localization.Localization
) -> Estimate:
    """Returns the filter's estimate; the target's last place if that is uncertain."""
    certain = localized.uncertainty < spec.config.accept_uncertainty
    center = jnp.where(certain, localized.center_xy, target.center_xy)
    return Estimate(localized, target._replace(center_xy=center), localized.uncertainty)


def _facts(
    spec: TrackerSpec,
    estimate: Estimate,
    measured: measure.Measurement,
    frame_idx: Int[Array, ""],
) -> dict[str, Array]:
    """Returns what an `Entry` says of a frame besides what the network makes of it."""
    distractor = jnp.zeros((), bool)
    if estimate.localized is not None:
        distractor = estimate.localized.response.hard_negative
    return {
        "frame_idx": frame_idx,
        "found": measured.found,
        "due": spec.config.memory.due(frame_idx),
        "certain": estimate.uncertainty < spec.config.accept_uncertainty,
        "distractor": distractor,
        "confidence": measured.confidence,
        "uncertainty": estimate.uncertainty,
        "area": measured.area,
    }
