"""Bilinear enlargement by two with half-pixel centers, as torch and OpenCV do it."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def _double(x: Array, axis: int) -> Array:
    """Returns `x` twice as long along `axis`: weights ¾ and ¼, edges repeated.

    Shifts are slices, not gathers, whose gradient would be a slow scatter.
    """
    size = x.shape[axis]
    part = lambda start, stop: jax.lax.slice_in_dim(  # noqa: E731
        x, start, stop, axis=axis
    )
    before = jnp.concatenate((part(0, 1), part(0, size - 1)), axis)
    after = jnp.concatenate((part(1, size), part(size - 1, size)), axis)
    pair = jnp.stack((0.25 * before + 0.75 * x, 0.75 * x + 0.25 * after), axis + 1)
    return pair.reshape(*x.shape[:axis], 2 * size, *x.shape[axis + 1 :])


def upsample2(x: Float[Array, "B H W C"]) -> Float[Array, "B 2*H 2*W C"]:
    """Returns `x` at twice the height and width."""
    return _double(_double(x, 1), 2)
