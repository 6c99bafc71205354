"""Objects that come and go: free slots found, ids checked, slots added when full."""

import jax
import jax.numpy as jnp
import numpy as np

from samn_jax import files
from samn_jax.errors import InputError
from samn_jax.tracking import checks, multi_object
from samn_jax.tracking.multi_object import MultiState
from samn_jax.tracking.state import TrackerState

_empty_slots = jax.jit(multi_object.empty_slots, static_argnums=1)
_add_slots = jax.jit(multi_object.add_slots, static_argnums=1)
_place_object = jax.jit(multi_object.place_object)
_remove_object = jax.jit(multi_object.remove_object)


def add_object(
    state: MultiState | TrackerState | None,
    one: TrackerState,
    object_id: int | None,
    *,
    slots: int,
) -> MultiState:
    """Returns the state with one more object.

    Args:
      state: the objects so far; an object that was tracked alone becomes number 1.
      one: the new object's own state.
      object_id: its id; None takes the one after the highest.
      slots: how many there are at first. Where all are taken, as many more are made,
        and the next step compiles anew.

    Raises:
      InputError: the id is taken, or no whole number in 1-255.
    """
    several: MultiState
    if isinstance(state, TrackerState):
        several = _place(_empty_slots(state, slots), state, 0, 1)
    else:
        several = _empty_slots(one, slots) if state is None else state
    ids = object_ids(several)
    given = max(ids) + 1 if object_id is None else object_id
    object_id = checks.check_object_id(given)
    if object_id in ids:
        raise InputError(f"object {object_id} is there already: remove it first")
    if 0 not in ids:
        several = _add_slots(several, slots)
    slot = ids.index(0) if 0 in ids else len(ids)
    return _place(several, one, slot, object_id)


def remove_object(state: MultiState | TrackerState, object_id: int) -> MultiState:
    """Returns the state without an object; its slot is free again.

    Raises:
      InputError: there is no such object, or the state is of one tracked alone.
    """
    if isinstance(state, TrackerState):
        raise InputError(
            "the state is of one object tracked alone: to remove it, drop the state"
        )
    find(state, object_id)
    return _remove_object(state, jnp.int32(object_id))


def find(state: MultiState, object_id: int) -> int:
    """Returns the slot of an object.

    Raises:
      InputError: there is no such object, or no such id.
    """
    object_id, ids = checks.check_object_id(object_id), object_ids(state)
    if object_id not in ids:
        there = ", ".join(str(i) for i in sorted(ids) if i) or "none"
        raise InputError(f"object {object_id} is not tracked: there are {there}")
    return ids.index(object_id)


def locate(state: MultiState | TrackerState, object_id: int | None) -> tuple[int, int]:
    """Returns an object's slot, 0 where it is tracked alone, and its last frame.

    Raises:
      InputError: there is no such object, or several and none is named.
    """
    if isinstance(state, TrackerState):
        if object_id not in (None, 1):
            given = files.shown(repr(object_id))
            raise InputError(f"object {given} is not tracked: there is one alone")
        return 0, int(state.frame_idx)
    ids = sorted(i for i in object_ids(state) if i)
    if object_id is None and len(ids) != 1:
        raise InputError(f"there are objects {ids}: give object_id")
    slot = find(state, ids[0] if object_id is None else object_id)
    return slot, int(np.asarray(state.objects.frame_idx)[slot])


def object_ids(state: MultiState) -> list[int]:
    """Returns the id in each slot, 0 where it is empty."""
    return np.asarray(state.object_ids).tolist()


def replace(
    state: MultiState | TrackerState, one: TrackerState, slot: int
) -> MultiState | TrackerState:
    """Returns the state with another state of an object, in a slot or alone."""
    if isinstance(state, TrackerState):
        return one
    return _place(state, one, slot, object_ids(state)[slot])


def _place(
    state: MultiState, one: TrackerState, slot: int, object_id: int
) -> MultiState:
    return _place_object(state, one, jnp.int32(slot), jnp.int32(object_id))
