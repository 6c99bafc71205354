"""Loops under `jax.shard_map`: what they start from must vary as what they compute."""

from typing import TypeVar

import jax
import jax.numpy as jnp
from jaxtyping import PyTree

T = TypeVar("T")


def like(start: T, reference: PyTree) -> T:
    """Returns `start`, typed as differing from device to device where `reference` does.

    A `scan` or `while_loop` often starts from a constant, which is the same on every
    device, while its results are not: inside `jax.shard_map` that is a type error. In
    value nothing changes, and the compiler removes it.

    Args:
      start: any pytree of arrays.
      reference: what the loop's results are computed from, a pytree of arrays.

    Example:
      >>> import jax.numpy as jnp
      >>> like(jnp.zeros(2), {"image": jnp.ones((4, 4))})
      Array([0., 0.], dtype=float32)
    """
    never = [jnp.any(leaf != leaf) & False for leaf in jax.tree.leaves(reference)]
    chosen = jnp.any(jnp.stack(never))
    return jax.tree.map(lambda leaf: jnp.where(chosen, leaf, leaf), start)
