"""Corrections: a person says where the target is in the frame that was just tracked."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, UInt8

from samn_jax.tracking import given as given_lib
from samn_jax.tracking import localization, segmentation, slot_loops
from samn_jax.tracking.multi_object import MultiState
from samn_jax.tracking.state import Prediction, TrackerSpec, TrackerState


def correct_target(
    spec: TrackerSpec,
    variables: dict,
    state: TrackerState,
    frame: UInt8[Array, "H W 3"],
    mask: Float[Array, "H W"],
    *,
    from_mask: bool = True,
) -> tuple[TrackerState, Prediction]:
    """Returns the state as if the frame had been seen as the person says, and that.

    The frame is written into the memory as a given one, in place of what was written of
    it before; earlier frames stay. Place, size and area become those of the mask, as if
    tracking began here, and the target is no longer lost. The spatial memory learns the
    place, as `localization.correct` says.

    Args:
      spec: network and settings.
      variables: weights of the network.
      state: after the step of this very frame, which was not the first.
      frame: RGB, padded to its size bucket.
      mask: the object, 0 or 1; for a box the filled box. It must not be empty.
      from_mask: whether `mask` is the object's own outline.
    """
    extent_hw = state.extent_hw
    given = given_lib.observe(
        spec, variables, frame, extent_hw, mask, from_mask=from_mask
    )
    spatial, target = state.spatial, given.target
    if spatial is not None:
        localized = localization.localize(
            spec, variables, frame, extent_hw, (spatial, target)
        )
        center_xy = target.center_xy
        spatial = localization.correct(spec, spatial, localized, center_xy)
    entry = given_lib.remember(spec, variables, given, state.frame_idx)
    entry = entry._replace(found=jnp.ones((), bool), due=jnp.ones((), bool))
    _, read = segmentation.segment(spec, variables, given.region, state.memory)
    memory, _ = spec.memory.write(state.memory, entry, read, spec.reader(variables))
    state = state._replace(
        memory=memory,
        spatial=spatial,
        target=target,
        from_mask=state.from_mask | from_mask,
        lost_frames=jnp.zeros((), jnp.int32),
        previous=segmentation.previous_of(
            spec, given.prob, given.region.crop, jnp.ones((), bool)
        ),
    )
    answer = given_lib.report(spec, given, mask, from_mask=from_mask)
    return state, answer


def correct_any(
    spec: TrackerSpec,
    variables: dict,
    state: TrackerState | MultiState,
    frame: UInt8[Array, "H W 3"],
    mask_and_slot: tuple[Float[Array, "H W"], Int[Array, ""]],
    *,
    from_mask: bool,
) -> tuple[TrackerState | MultiState, Prediction]:
    """Returns what `correct_target` does; of several objects, for that in a slot."""
    mask, slot = mask_and_slot
    if isinstance(state, TrackerState):
        one = state
    else:
        one = slot_loops.take(state.objects, slot)
    one, answer = correct_target(spec, variables, one, frame, mask, from_mask=from_mask)
    if isinstance(state, TrackerState):
        return one, answer
    objects = jax.tree.map(lambda x, y: x.at[slot].set(y), state.objects, one)
    return state._replace(objects=objects), answer
