"""The spatial memory alone as a tracker: the first mask, moved with the filter."""

from typing import Any, NamedTuple

import cv2
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, UInt8

from samn_jax.errors import InputError
from samn_jax.evaluation.trackers.baselines import CopyFirst, CopyOutput
from samn_jax.tracking import Tracker, localization
from samn_jax.tracking.state import TrackerSpec, TrackerState, bucket


class FilterState(NamedTuple):
    """The tracker's state, whose filter moves on, and the first answer."""

    tracker: TrackerState
    first: CopyOutput
    first_center_xy: np.ndarray  # (2,)


def follow(
    spec: TrackerSpec,
    variables: dict,
    state: TrackerState,
    frame: UInt8[Array, "H W 3"],
) -> TrackerState:
    """Returns the state after the filter has looked for the target and learned."""
    assert state.spatial is not None  # `FilterOnly` has seen to it
    place = (state.spatial, state.target)
    seen = localization.localize(spec, variables, frame, state.extent_hw, place)
    certain = seen.uncertainty < spec.config.accept_uncertainty
    center = jnp.where(certain, seen.center_xy, state.target.center_xy)
    return state._replace(
        spatial=localization.learn(spec, state.spatial, seen, center, certain),
        target=state.target._replace(center_xy=center),
    )


_follow = jax.jit(follow, static_argnums=0)


class FilterOnly:
    """Answers with the first mask, moved to where the correlation filter points."""

    def __init__(self, tracker: Tracker) -> None:
        """Makes it from a tracker with a spatial memory.

        Raises:
          InputError: the settings switch that off.
        """
        if not tracker.config.use_spatial:
            raise InputError(
                "filter_only is the spatial memory alone: leave use_spatial on"
            )
        self._tracker = tracker

    def init(
        self, frame: UInt8[np.ndarray, "H W 3"], **start: Any
    ) -> tuple[FilterState, CopyOutput]:
        """Returns the state and the first answer, from `mask` or `box_xywh`."""
        state, _ = self._tracker.init(frame, **start)
        first, _ = CopyFirst().init(frame, **start)
        center = np.asarray(state.target.center_xy)
        return FilterState(state, first, center), first

    def step(
        self, state: FilterState, frame: UInt8[np.ndarray, "H W 3"]
    ) -> tuple[FilterState, CopyOutput]:
        """Returns the state and the first answer, moved."""
        height, width = frame.shape[:2]
        rows, columns = bucket(height, width)
        padded = np.pad(frame, [(0, rows - height), (0, columns - width), (0, 0)])
        spec, variables = self._tracker.spec, self._tracker.variables
        tracked = _follow(spec, variables, state.tracker, padded)
        move = np.asarray(tracked.target.center_xy) - state.first_center_xy
        shift = np.array([[1, 0, move[0]], [0, 1, move[1]]], np.float32)
        first = state.first
        answer = first._replace(
            mask=cv2.warpAffine(first.mask, shift, (width, height)),
            box_xywh=first.box_xywh + np.array([*move, 0, 0], np.float32),
            polygon=first.polygon + move.astype(np.float32),
        )
        return state._replace(tracker=tracked), answer
