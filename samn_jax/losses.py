"""Losses of the training (paper, 3.4): bootstrapped cross entropy and soft IoU."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

# Keeps the quotient of the soft IoU defined for two empty masks, which agree.
EPSILON = 1e-6


def hardest_mean(
    values: Float[Array, "*batch"], fraction: Float[Array, ""] | float
) -> Float[Array, ""]:
    """Returns the mean of the largest `fraction` (0, 1] of all values.

    `fraction` may be traced: a schedule changes it without recompilation.
    """
    flat = jnp.sort(values.ravel())[::-1]
    count = jnp.maximum(jnp.floor(fraction * flat.size), 1.0)
    chosen = jnp.arange(flat.size, dtype=jnp.float32) < count
    return jnp.sum(jnp.where(chosen, flat, 0.0)) / count


def pixel_cross_entropy(
    log_odds: Float[Array, "*pixels"], target: Float[Array, "*pixels"]
) -> Float[Array, "*pixels"]:
    """Returns each pixel's binary cross entropy in nats; targets in [0, 1]."""
    return jax.nn.softplus(log_odds) - target * log_odds


def soft_iou_loss(
    prob: Float[Array, "B H W"], target: Float[Array, "B H W"]
) -> Float[Array, " B"]:
    """Returns 1 − Σ min(p, t) / Σ max(p, t) for each mask; 0 where both are empty."""
    inside = jnp.sum(jnp.minimum(prob, target), axis=(1, 2))
    union = jnp.sum(jnp.maximum(prob, target), axis=(1, 2))
    return 1.0 - (inside + EPSILON) / (union + EPSILON)
