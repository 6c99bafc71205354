"""Whether a state is one of a tracker's own: its parts, their sizes and types."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np

from samn_jax.errors import InputError
from samn_jax.tracking import tracker as tracker_lib
from samn_jax.tracking.multi_object import MultiState
from samn_jax.tracking.state import TrackerSpec, TrackerState, bucket

_GIVE = "give what init, add_object or step returned"


class Form(NamedTuple):
    """How the state of one object is built."""

    tree: jax.tree_util.PyTreeDef
    leaves: tuple[tuple[tuple[int, ...], np.dtype], ...]  # shape and type of each
    names: tuple[str, ...]  # of each, as `memory.bank.key`
    parts: dict[str, jax.tree_util.PyTreeDef]  # of `memory` and `spatial`

    @classmethod
    def of(cls, state: TrackerState) -> "Form":
        """Returns the form of a state, of arrays or of their shapes and types."""
        paths, tree = jax.tree_util.tree_flatten_with_path(state)
        return cls(
            tree,
            tuple((tuple(leaf.shape), np.dtype(leaf.dtype)) for _, leaf in paths),
            tuple(jax.tree_util.keystr(path).lstrip(".") for path, _ in paths),
            _parts(state),
        )


def expected(
    spec: TrackerSpec, variables: dict[str, Any], size: tuple[int, int]
) -> TrackerState:
    """Returns shapes and types of a tracker's states of one object.

    Args:
      spec: network and settings.
      variables: weights of the network.
      size: true height and width of the frames.
    """
    padded = bucket(*size)
    start = functools.partial(tracker_lib.init_tracker, spec, from_mask=True)
    state, _ = jax.eval_shape(
        start,
        variables,
        jax.ShapeDtypeStruct((*padded, 3), np.uint8),
        jax.ShapeDtypeStruct((2,), np.int32),
        jax.ShapeDtypeStruct(padded, np.float32),
    )
    return state


def check_state(
    state: Any,
    form_of: Callable[[tuple[int, int]], Form],
    *,
    single: bool = False,
) -> tuple[int, int]:
    """Returns the true size (height, width) of the state's frames.

    Told is a state of another memory design, capacity, crop size, spatial memory or
    network, as far as its arrays differ in number, shape or type. Of other weights or
    settings that leave the arrays alone nothing can be told.

    Args:
      state: of one object or, unless `single`, of several.
      form_of: the form of the tracker's own states of one object, by the frames' size.
      single: only one object will do.

    Raises:
      InputError: it is no state, its buffers were given away, or it is of another
        tracker; says what differs.
    """
    kinds = (TrackerState,) if single else (TrackerState, MultiState)
    if not isinstance(state, kinds):
        wanted = "one object's state" if single else "a state"
        raise InputError(f"{wanted} is needed, not a {type(state).__name__}: {_GIVE}")
    several = isinstance(state, MultiState)
    given: Any = state  # of either kind
    one = given.objects if several else given
    ids: Any = given.object_ids if several else None
    if several and (np.ndim(ids) != 1 or not len(ids)):
        raise InputError(f"the state does not hold the ids of its objects: {_GIVE}")
    leaves, tree = jax.tree.flatten(one)
    for leaf in (*leaves, ids) if several else leaves:
        if isinstance(leaf, jax.Array) and leaf.is_deleted():
            raise InputError(
                "the state was used up by step_in_place or track_video: go on with the "
                "state that it returned, or keep it by step"
            )
    size = _size(one)
    form = form_of(size)
    if tree != form.tree:
        raise InputError(_other_parts(one, form))
    slots = (len(ids),) if several else ()
    for index, (leaf, (shape, dtype)) in enumerate(
        zip(leaves, form.leaves, strict=True)
    ):
        theirs = getattr(leaf, "shape", None), getattr(leaf, "dtype", None)
        if theirs != (slots + shape, dtype):
            raise InputError(_other_array(leaf, form, index, len(slots)))
    return size


def _size(one: TrackerState) -> tuple[int, int]:
    """Returns the true size of the frames.

    Raises:
      InputError: the state does not say it.
    """
    if isinstance(one, TrackerState):
        extent = np.asarray(one.extent_hw)
        extent = extent[0] if extent.ndim == 2 and len(extent) else extent
        if extent.shape == (2,) and extent.dtype.kind in "iu" and extent.min() > 0:
            return int(extent[0]), int(extent[1])
    raise InputError(f"the state does not hold the size of its frames: {_GIVE}")


def _parts(state: TrackerState) -> dict[str, jax.tree_util.PyTreeDef]:
    return {name: jax.tree.structure(getattr(state, name)) for name in _WORDS}


_WORDS = {
    "memory": "another memory design",
    "spatial": "another spatial memory",
    "previous": "another network",
}


def _other_parts(one: TrackerState, form: Form) -> str:
    """Returns what to say of a state with other parts than the tracker's own."""
    theirs = _parts(one)
    differ = [word for name, word in _WORDS.items() if theirs[name] != form.parts[name]]
    what = " and ".join(differ) or "other parts"
    return f"the state is of another tracker: it has {what}; step it with its own"


def _other_array(leaf: Any, form: Form, index: int, axes: int) -> str:
    """Returns what to say of a state of which one array has another shape or type."""
    name, (shape, dtype) = form.names[index], form.leaves[index]
    theirs = tuple(getattr(leaf, "shape", ()))[axes:]
    what = "another number type, network or setting"
    if len(theirs) == len(shape) and theirs != shape:
        differ = [
            i for i, (a, b) in enumerate(zip(theirs, shape, strict=True)) if a != b
        ]
        what = "another crop size, network or setting"
        if differ == [0] and name.startswith("memory"):
            what = "another memory capacity"
        elif differ == [len(shape) - 1]:
            what = "another network"
    kind = getattr(leaf, "dtype", type(leaf).__name__)
    return (
        f"the state is of another tracker, with {what}: {name} is {kind} {theirs}, "
        f"here {dtype} {shape}; step it with its own"
    )
