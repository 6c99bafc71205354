"""Training clips and their objects: true masks, and how objects are joined."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int32, UInt8, UInt32

from samn_jax.models import aggregation

AGGREGATIONS = ("odds", "soft")
# Log-odds of an object that a clip lacks: finite, as 0 · inf is not a number.
ABSENT = -1e4


class Batch(NamedTuple):
    """Training clips."""

    frames: UInt8[Array, "B F H W 3"]
    masks: UInt8[Array, "B F H W"]  # object ids 1..N, 0 the background
    centers: Float[Array, "B F 2"]  # about where the object is, crop pixels (x, y)
    seeds: UInt32[Array, " B"] | None = None  # of what is random; None: nothing is
    times: Int32[Array, "B F"] | None = None  # frames since the first; None: all frames
    others: UInt8[Array, "B F H W"] | None = None  # 1 where something was pasted in


def split_objects(
    masks: UInt8[Array, "*dims H W"], count: int
) -> Float[Array, "*dims N H W"]:
    """Returns one mask of 0 and 1 for each id from 1 to `count`."""
    ids = jnp.arange(1, count + 1, dtype=masks.dtype)
    ids = ids.reshape(*(1,) * (masks.ndim - 2), count, 1, 1)
    return (masks[..., None, :, :] == ids).astype(jnp.float32)


def true_masks(
    masks: UInt8[Array, "B F H W"], count: int
) -> tuple[Float[Array, "F B N H W"], Bool[Array, "B N"]]:
    """Returns the objects' masks frame by frame, and which a clip has.

    A clip has those objects that its first frame shows; others are background.
    """
    truth = split_objects(jnp.swapaxes(masks, 0, 1), count)
    present = jnp.any(truth[0] > 0, axis=(2, 3))
    return truth * present[None, :, :, None, None].astype(truth.dtype), present


def join_objects(
    log_odds: Float[Array, "N H W"], present: Bool[Array, " N"], *, kind: str
) -> Float[Array, "N+1 H W"]:
    """Returns logits of background and objects; those not present have none."""
    if kind == "odds":
        shut = jnp.where(present, 0.0, ABSENT).astype(log_odds.dtype)
        background = jnp.zeros_like(log_odds[:1])
        return jnp.concatenate((background, log_odds + shut[:, None, None]))
    prob = jax.nn.sigmoid(log_odds) * present.astype(log_odds.dtype)[:, None, None]
    return aggregation.soft_aggregate(prob)


def others_of(masks: Float[Array, "*dims N H W"]) -> Float[Array, "*dims N H W"]:
    """Returns for each object what all others of its clip cover together."""
    others = jnp.sum(masks, axis=-3, keepdims=True) - masks
    return jnp.clip(others, 0.0, 1.0)


def mean_over_present(
    values: Float[Array, "*dims N"], present: Bool[Array, "*dims N"]
) -> Float[Array, "*dims"]:
    """Returns the mean over a clip's objects, leaving out those it does not have."""
    count = jnp.maximum(jnp.sum(present, axis=-1), 1).astype(values.dtype)
    return jnp.sum(jnp.where(present, values, 0.0), axis=-1) / count


def object_probability(logits: Float[Array, "B K H W"]) -> Float[Array, "B N H W"]:
    """Returns the objects' part of the softmax over background and objects."""
    return jax.nn.softmax(logits, axis=1)[:, 1:]
