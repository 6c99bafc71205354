"""What a session holds between two actions, as values that never change."""

import dataclasses
from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np

from samn_jax.track import results as results_lib
from samn_jax.track import run
from samn_jax.track.prompts import Prompt
from samn_jax.track.results import FrameResult, PackedResult

Key = tuple[int, int]  # direction 1 or -1, frame


@dataclasses.dataclass(frozen=True)
class Work:
    """All that a session holds; never changed, so that undoing is going back to it.

    Attributes:
      names: of the objects by id.
      prompts: marks and corrections, the latter ones of an object that is there.
      results: by frame.
      kept: states after a frame of a pass, on the host.
      stale: frames whose results are older than a correction that concerns them.
    """

    names: Mapping[int, str] = dataclasses.field(default_factory=dict)
    prompts: tuple[Prompt, ...] = ()
    results: Mapping[int, PackedResult] = dataclasses.field(default_factory=dict)
    kept: Mapping[Key, run.Tracking] = dataclasses.field(default_factory=dict)
    stale: frozenset[int] = frozenset()


def kept_before(
    kept: Mapping[Key, run.Tracking], frame_idx: int
) -> dict[Key, run.Tracking]:
    """Returns the states of passes that had not yet come to a frame."""
    return {
        (way, at): tracking
        for (way, at), tracking in kept.items()
        if way * at < way * frame_idx
    }


def joined(
    known: FrameResult | None, alone: FrameResult, object_id: int
) -> FrameResult:
    """Returns a frame's result with one object as it was marked."""
    if known is None:
        return alone
    ids = np.where(known.ids == object_id, np.uint8(0), known.ids)
    ids = np.where(alone.ids == object_id, np.uint8(object_id), ids)
    objects = {one.object_id: one for one in (*known.objects, *alone.objects)}
    return known._replace(ids=ids, objects=tuple(objects[i] for i in sorted(objects)))


def without(packed: PackedResult, object_id: int) -> PackedResult:
    """Returns a frame's result without one object."""
    objects = tuple(pair for pair in packed.objects if pair[0].object_id != object_id)
    ids = results_lib.expand(packed.ids, packed.shape)
    ids = np.where(ids == object_id, np.uint8(0), ids)
    return packed._replace(objects=objects, ids=results_lib.compress(ids))


def to_host(tracking: run.Tracking) -> run.Tracking:
    """Returns a copy that outlives the state, whose buffers are given away."""
    state = jax.tree.map(lambda x: np.array(x, copy=True), tracking.state)
    return tracking._replace(state=state)


def to_device(tracking: run.Tracking) -> run.Tracking:
    """Returns a copy to be stepped in place."""
    state = jax.tree.map(lambda x: jnp.array(x, copy=True), tracking.state)
    return tracking._replace(state=state)
