"""Axis-aligned boxes: their formats, and the box of a mask.

Formats: xywh is (left, top, width, height), xyxy (left, top, right, bottom), both in
pixels with corner-based coordinates, so that a box that covers one pixel has width and
height 1.
"""

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float


def xyxy_to_xywh(box_xyxy: Float[Array, "*N 4"]) -> Float[Array, "*N 4"]:
    """Returns the boxes as top-left corner and size.

    >>> xyxy_to_xywh(jnp.array([10.0, 20.0, 40.0, 60.0])).tolist()
    [10.0, 20.0, 30.0, 40.0]
    """
    top_left, bottom_right = box_xyxy[..., :2], box_xyxy[..., 2:]
    return jnp.concatenate([top_left, bottom_right - top_left], axis=-1)


def mask_to_xyxy(mask: Bool[Array, "H W"]) -> Float[Array, " 4"]:
    """Returns the smallest box around all pixels of the mask; zeros if it is empty.

    >>> mask = jnp.zeros((4, 6), bool).at[1:3, 2:5].set(True)
    >>> mask_to_xyxy(mask).tolist()
    [2.0, 1.0, 5.0, 3.0]
    """
    top, bottom = _span(jnp.any(mask, axis=1))
    left, right = _span(jnp.any(mask, axis=0))
    return jnp.stack([left, top, right, bottom])


def _span(occupied: Bool[Array, " n"]) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Returns where the occupied cells of an axis begin and end; zeros if none is."""
    first = jnp.argmax(occupied)
    end = occupied.size - jnp.argmax(occupied[::-1])
    end = jnp.where(jnp.any(occupied), end, 0)
    return first.astype(jnp.float32), end.astype(jnp.float32)
