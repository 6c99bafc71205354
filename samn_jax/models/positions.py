"""Positional encoding of the decoder: how far each cell is from the target's place."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from samn_jax.errors import InputError

MODES = ("none", "sum", "cat")


def check_mode(mode: str) -> None:
    """Raises InputError unless `mode` is a known positional encoding."""
    if mode not in MODES:
        raise InputError(f"positions {mode!r} is unknown: choose from {MODES}")


def distance_map(
    center_xy: Float[Array, "B 2"], height: int, width: int, *, cell_px: int
) -> Float[Array, "B h w 1"]:
    """Returns each cell's distance to `center_xy` as a share of the crop's larger side.

    The authors count a crop's pixels from 1, measure from pixel to center and take the
    map at stride `cell_px` by nearest neighbor, which picks a cell's first pixel:
    cell i lies at i·`cell_px` + 1.

    Args:
      center_xy: point in crop pixels; in the middle of the crop it is side / 2.
      height: rows of cells.
      width: columns of cells.
      cell_px: pixels per cell.
    """
    xs = jnp.arange(width, dtype=jnp.float32) * cell_px + 1.0
    ys = jnp.arange(height, dtype=jnp.float32) * cell_px + 1.0
    dx = xs[None, None, :] - center_xy[:, 0, None, None]
    dy = ys[None, :, None] - center_xy[:, 1, None, None]
    distance = jnp.sqrt(dx**2 + dy**2) / (cell_px * max(height, width))
    return distance[..., None]
