"""Label maps of the correlation filter: a Gaussian bump where the target is."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def label_sigma(
    target_size_cells: Float[Array, "2"], *, sigma_factor: float
) -> Float[Array, ""]:
    """Standard deviation of the labels, in cells: a fraction of the target's size.

    Args:
        target_size_cells: (height, width) of the target in feature cells.
        sigma_factor: Fraction of the geometric mean of height and width (paper: ¼).
    """
    return sigma_factor * jnp.sqrt(jnp.prod(target_size_cells))


def _axis_label(
    center: Float[Array, ""], sigma: Float[Array, ""], size: int, kernel_size: int
) -> Float[Array, " size"]:
    # An even filter looks as far left as right of the *corner* of its output cell,
    # an odd one of the cell's center.
    position = jnp.arange(size, dtype=jnp.float32) + 0.5 * (kernel_size % 2)
    return jnp.exp(-0.5 * ((position - center) / sigma) ** 2)


def gaussian_label(
    center_cells: Float[Array, "2"],
    sigma: Float[Array, ""],
    *,
    size: tuple[int, ...],
    kernel_size: int,
) -> Float[Array, "h w"]:
    """Ideal filter response: 1 at the target, falling as a Gaussian around it.

    Args:
        center_cells: Target center (x, y) in cells from the crop's top-left corner,
            so the middle of a 16 × 16 crop is (8, 8). May lie outside the map.
        sigma: Standard deviation in cells, on both axes.
        size: (height, width) of the map in cells.
        kernel_size: Side of the square filter; an even one responds half a cell off.
    """
    rows = _axis_label(center_cells[1], sigma, size[0], kernel_size)
    columns = _axis_label(center_cells[0], sigma, size[1], kernel_size)
    return rows[:, None] * columns[None, :]
