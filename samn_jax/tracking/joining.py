"""Several objects in one frame: what is whose (soft aggregation, STM section 3.4)."""

import functools
from typing import TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, UInt8

from samn_jax import varying
from samn_jax.geometry import crops
from samn_jax.memory.entry import cell_shares
from samn_jax.models import aggregation
from samn_jax.tracking import slot_loops
from samn_jax.tracking.config import STRIDE
from samn_jax.tracking.state import TrackerSpec

# Of each object in its own crop, and of all others in it at the resolution of cells.
Shares: TypeAlias = tuple[Float[Array, "N S S"], Float[Array, "N h w"]]


def join(
    spec: TrackerSpec,
    taken: Bool[Array, " N"],
    probs: Float[Array, "N S S"],
    places: crops.SquareCrop,
) -> Shares:
    """Returns each object's share of its own crop, and that of all others in it.

    An object's own probability stays as sharp as its crop; those of the others are
    taken from theirs. What lies outside their crops is not theirs. Their share is told
    of the crop's cells, in [0, 1].

    Args:
      spec: network and settings.
      taken: which slots hold an object.
      probs: each object's probability in its crop, found without regard to the others;
        0 outside the frame.
      places: the crops; every array has a leading axis N.
    """
    kind, rows = spec.config.aggregation, spec.config.crop_size // STRIDE

    def alone(probs: Float[Array, "N S S"]) -> Shares:
        join_one = functools.partial(aggregation.join_one, kind=kind)
        nobody = varying.like(jnp.zeros((len(taken), rows, rows)), (taken, probs))
        return slot_loops.map_slots(join_one, taken, probs), nobody

    def together(probs: Float[Array, "N S S"]) -> Shares:
        beside = _overlapping(places) & taken[:, None] & taken[None, :]

        def share(
            own: tuple[Float[Array, "S S"], crops.SquareCrop, Bool[Array, " N"]],
        ) -> tuple[Float[Array, "S S"], Float[Array, "h w"]]:
            prob, crop, its_neighbors = own
            others = _sum_up(its_neighbors, (probs, places), crop)
            ours, theirs = aggregation.shares_beside(prob, *others, kind=kind)
            return ours, cell_shares(theirs, rows)

        return slot_loops.map_slots(share, taken, (probs, places, beside), group=2)

    several = jnp.sum(taken.astype(jnp.int32)) > 1
    return jax.lax.cond(several, together, alone, probs)


def winners(
    masks: Float[Array, "N H W"], object_ids: Int[Array, " N"]
) -> UInt8[Array, "H W"]:
    """Returns the id of each pixel's most probable object.

    It is 0 where what the objects leave to the background is more probable.

    Args:
      masks: share of each object; they add up to at most about 1.
      object_ids: id of each object, in 0-255.
    """
    # Slot by slot, XLA makes one pass of it; its reductions over a leading axis of
    # frames take a CPU ten times longer.
    best = total = masks[0]
    winner = jnp.broadcast_to(object_ids[0], best.shape)
    for mask, object_id in zip(masks[1:], object_ids[1:], strict=True):
        winner = jnp.where(mask > best, object_id, winner)
        best, total = jnp.maximum(best, mask), total + mask
    return jnp.where(best > 1.0 - total, winner, 0).astype(jnp.uint8)


def _overlapping(places: crops.SquareCrop) -> Bool[Array, "N N"]:
    """Returns which of N crops have a part in common with which others."""
    centers, sides = places.center_xy, places.side
    distance = jnp.abs(centers[:, None] - centers[None, :])
    reach = (sides[:, None] + sides[None, :]) / 2.0
    common = jnp.all(distance < reach[..., None], axis=-1)
    return common & ~jnp.eye(len(sides), dtype=bool)


def _sum_up(
    others: Bool[Array, " N"],
    seen: tuple[Float[Array, "N S S"], crops.SquareCrop],
    crop: crops.SquareCrop,
) -> tuple[Float[Array, "S S"], Float[Array, "S S"]]:
    """Returns the others' summed odds in a crop, and the product of their 1 - p."""
    size = seen[0].shape[1]

    def add(
        so_far: tuple[Float[Array, "S S"], Float[Array, "S S"]], slot: Int[Array, ""]
    ) -> tuple[Float[Array, "S S"], Float[Array, "S S"]]:
        prob, its_crop = slot_loops.take(seen, slot)
        there = crops.recrop(prob, its_crop, crop, out_size=size)
        odds, none = so_far
        return odds + aggregation.odds(there), none * (1.0 - there)

    nobody = (jnp.zeros((size, size)), jnp.ones((size, size)))
    return slot_loops.visit(add, others, varying.like(nobody, seen))
