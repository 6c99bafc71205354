"""Soft aggregation: separate object probabilities joined into one distribution."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

AGGREGATIONS = ("soft", "odds")

# Keeps log-odds finite; float32 has no number between 1 - 1e-8 and 1.
PROB_MARGIN = 1e-7


def soft_aggregate(prob: Float[Array, "N H W"]) -> Float[Array, "N+1 H W"]:
    """Returns logits of the background and each object, to be joined by a softmax.

    The background is where no object is, Π (1 - p); each logit is the log-odds of its
    probability, clamped to [1e-7, 1 - 1e-7] (STM, ICCV 2019, section 3.4).

    Args:
      prob: probability of each object, found without regard to the others.
    """
    background = jnp.prod(1.0 - prob, axis=0, keepdims=True)
    joined = jnp.concatenate([background, prob])
    joined = jnp.clip(joined, PROB_MARGIN, 1.0 - PROB_MARGIN)
    return jnp.log(joined) - jnp.log1p(-joined)


def join_objects(
    prob: Float[Array, "N H W"], *, kind: str = "soft"
) -> Float[Array, "N+1 H W"]:
    """Returns the share of the background and of each object, which add up to 1.

    `soft` is the softmax of `soft_aggregate`; it sharpens even a single object, to
    p² / (p² + (1 - p)²). `odds` gives the background even odds instead, which leaves a
    single object as it is: for networks trained on one object without aggregation.

    >>> prob = jnp.array([[[0.5]], [[0.5]]])
    >>> [round(float(x), 2) for x in join_objects(prob, kind="odds")[:, 0, 0]]
    [0.33, 0.33, 0.33]

    Args:
      prob: probability of each object, found without regard to the others.
      kind: one of `AGGREGATIONS`.
    """
    if kind == "soft":
        return jax.nn.softmax(soft_aggregate(prob), axis=0)
    if kind == "odds":
        clamped = jnp.clip(prob, PROB_MARGIN, 1.0 - PROB_MARGIN)
        log_odds = jnp.log(clamped) - jnp.log1p(-clamped)
        return jax.nn.softmax(jnp.pad(log_odds, ((1, 0), (0, 0), (0, 0))), axis=0)
    raise ValueError(f"aggregation {kind!r} is unknown: choose from {AGGREGATIONS}")


def odds(prob: Float[Array, "H W"]) -> Float[Array, "H W"]:
    """Returns p / (1 - p) of probabilities clamped to [1e-7, 1 - 1e-7]."""
    clamped = jnp.clip(prob, PROB_MARGIN, 1.0 - PROB_MARGIN)
    return clamped / (1.0 - clamped)


def shares_beside(
    prob: Float[Array, "H W"],
    odds_of_others: Float[Array, "H W"],
    none_of_others: Float[Array, "H W"],
    *,
    kind: str = "soft",
) -> tuple[Float[Array, "H W"], Float[Array, "H W"]]:
    """Returns the shares of one object and of all others; see `join_objects`.

    What both leave is the background's. The others may be added up one by one, and need
    not be held all at once.

    Args:
      prob: probability of the object, found without regard to the others.
      odds_of_others: sum of the others' `odds`.
      none_of_others: product of the others' 1 - p.
      kind: one of `AGGREGATIONS`.
    """
    own = odds(prob)
    background = odds(none_of_others * (1.0 - prob)) if kind == "soft" else 1.0
    total = own + odds_of_others + background
    return own / total, odds_of_others / total


def join_one(prob: Float[Array, "H W"], *, kind: str = "soft") -> Float[Array, "H W"]:
    """Returns the share of an object that is alone; see `join_objects`."""
    return prob if kind == "odds" else join_objects(prob[None], kind=kind)[1]
