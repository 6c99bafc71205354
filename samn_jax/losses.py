"""Losses of the training (paper, 3.4): mean over the hardest pixels, soft IoU.

A new loss of masks is a function here and its row in `MASK_LOSSES`; the setting
`loss.others` takes it by that name.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

# Keeps the quotient of the soft IoU defined for two empty masks, which agree.
EPSILON = 1e-6


def hardest_mean(
    values: Float[Array, "B H W"],
    fraction: Float[Array, ""] | float,
    *,
    stride: int = 1,
) -> Float[Array, " B"]:
    """Returns each map's mean over its largest `fraction` of values.

    Values equal to the smallest of these share what is left of the fraction, in the
    mean as in the gradient, so that a map of mostly zeros is not averaged over them.

    Args:
      values: for example cross entropies.
      fraction: share of values that count, in (0, 1]; it may be traced, so that a
        schedule changes it without recompilation.
      stride: the threshold is found on every `stride`-th row and column; above 1 the
        share is met approximately, and the sort costs stride² less.

    >>> hardest_mean(jnp.array([[[4.0, 2.0], [1.0, 0.0]]]), 0.5).tolist()
    [3.0]
    """
    sample = values[:, ::stride, ::stride].reshape(values.shape[0], -1)
    ordered = jnp.sort(jax.lax.stop_gradient(sample), axis=1)
    size = ordered.shape[1]
    count = jnp.clip(jnp.floor(jnp.float32(fraction) * size), 1.0, size)
    index = (size - count).astype(jnp.int32)
    threshold = jax.lax.dynamic_index_in_dim(ordered, index, axis=1)
    above = (values > threshold[:, :, None]).astype(values.dtype)
    equal = (values == threshold[:, :, None]).astype(values.dtype)
    num_above, num_equal = (jnp.sum(x, axis=(1, 2)) for x in (above, equal))
    room = jnp.maximum(count * (values[0].size / size) - num_above, 0.0)
    share = jnp.minimum(room / num_equal, 1.0)
    weights = above + equal * share[:, None, None]
    return jnp.sum(values * weights, axis=(1, 2)) / jnp.sum(weights, axis=(1, 2))


def soft_iou_loss(
    prob: Float[Array, "B H W"], target: Float[Array, "B H W"]
) -> Float[Array, " B"]:
    """Returns 1 − Σ min(p, t) / Σ max(p, t) for each mask; 0 where both are empty.

    >>> left, right = jnp.array([[[1.0, 1.0]]]), jnp.array([[[1.0, 0.0]]])
    >>> round(float(soft_iou_loss(left, right)[0]), 3)
    0.5
    """
    inside = jnp.sum(jnp.minimum(prob, target), axis=(1, 2))
    union = jnp.sum(jnp.maximum(prob, target), axis=(1, 2))
    return 1.0 - (inside + EPSILON) / (union + EPSILON)


def soft_dice_loss(
    prob: Float[Array, "B H W"], target: Float[Array, "B H W"]
) -> Float[Array, " B"]:
    """Returns 1 − 2 Σ p·t / (Σ p² + Σ t²) for each mask; 0 where both are empty.

    Milletari, Navab and Ahmadi, V-Net (3DV 2016), section 3.

    >>> left, right = jnp.array([[[1.0, 1.0]]]), jnp.array([[[1.0, 0.0]]])
    >>> round(float(soft_dice_loss(left, right)[0]), 3)
    0.333
    """
    both = jnp.sum(prob * target, axis=(1, 2))
    squares = jnp.sum(prob**2 + target**2, axis=(1, 2))
    return 1.0 - (2.0 * both + EPSILON) / (squares + EPSILON)


MaskLoss = Callable[[Float[Array, "B H W"], Float[Array, "B H W"]], Float[Array, " B"]]

MASK_LOSSES: dict[str, MaskLoss] = {
    "soft_iou": soft_iou_loss,
    "soft_dice": soft_dice_loss,
}


def weighted_sum(
    others: tuple[tuple[str, float], ...],
    prob: Float[Array, "B H W"],
    target: Float[Array, "B H W"],
) -> Float[Array, " B"]:
    """Returns the sum of the named losses of masks, each times its weight."""
    losses = [weight * MASK_LOSSES[name](prob, target) for name, weight in others]
    return sum(losses, start=jnp.zeros(prob.shape[0], prob.dtype))
