"""Soft aggregation: separate object probabilities joined into one distribution."""

import jax.numpy as jnp
from jaxtyping import Array, Float

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
