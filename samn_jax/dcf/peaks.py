"""Where the target is, from the filter's scores: upsampling, window, maxima."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int


class Peak(NamedTuple):
    """The strongest place of a score map."""

    offset_xy: Float[Array, "2"]  # crop pixels from the crop's center
    maximum: Float[Array, ""]
    hard_negative: Bool[Array, ""]  # a distractor scores nearly as high


def _upsampling_matrix(num_cells: int, stride: int, kernel_size: int) -> np.ndarray:
    """Fourier interpolation [num_cells·stride, num_cells] of scores to pixel borders.

    Output m is the periodic trigonometric interpolant m pixels from the crop's border.
    As in the authors' release the highest frequency of an even number of cells counts
    at both its signs, so the interpolant exceeds the scores there slightly.
    """
    # Position of output m in units of score indices: an even filter's score i belongs
    # to the border i·stride, an odd one's to the cell's center (i + ½)·stride.
    position = np.arange(num_cells * stride) / stride - 0.5 * (kernel_size % 2)
    distance = position[:, None] - np.arange(num_cells)[None, :]
    frequencies = np.arange(1, num_cells // 2 + 1)
    waves = np.cos(2 * np.pi * frequencies * distance[:, :, None] / num_cells)
    return ((1 + 2 * waves.sum(axis=-1)) / num_cells).astype(np.float32)


def upsample_scores(
    scores: Float[Array, "h w"], *, stride: int, kernel_size: int
) -> Float[Array, "H W"]:
    """Scores at every crop pixel: entry (i, j) belongs to the border point (j, i).

    So the crop's center is entry (H/2, W/2) exactly, without half a pixel.

    Args:
        scores: Filter response per cell.
        stride: Crop pixels per cell; H = h·stride.
        kernel_size: Side of the filter, whose parity decides where a score belongs.
    """
    rows = _upsampling_matrix(scores.shape[0], stride, kernel_size)
    columns = _upsampling_matrix(scores.shape[1], stride, kernel_size)
    return jnp.linalg.multi_dot(
        (rows, scores, columns.T), precision=jax.lax.Precision.HIGHEST
    )


def hann_window(size: tuple[int, ...]) -> np.ndarray:
    """Cosine window [H W]: 1 at the entry (H//2, W//2), nearly 0 at the border."""

    def axis_window(length: int) -> np.ndarray:
        distance = np.arange(length) - length // 2
        return 0.5 + 0.5 * np.cos(2 * np.pi * distance / (length + 2))

    return np.outer(axis_window(size[0]), axis_window(size[1])).astype(np.float32)


def _argmax_2d(score_map: Float[Array, "H W"]) -> Int[Array, "2"]:
    """(row, column) of the maximum; two short searches are faster than a flat one."""
    row = jnp.argmax(jnp.max(score_map, axis=1))
    return jnp.stack([row, jnp.argmax(score_map[row])])


def _outside(
    length: int, center: Int[Array, ""], extent: Float[Array, ""]
) -> Bool[Array, " length"]:
    """True for the entries of an axis farther from `center` than half of `extent`."""
    center = center.astype(jnp.float32)
    first = jnp.round(center - extent / 2)
    stop = jnp.round(center + extent / 2 + 1)
    index = jnp.arange(length, dtype=jnp.float32)
    return (index < first) | (index >= stop)


def find_peak(
    score_map: Float[Array, "H W"],
    target_size_px: Float[Array, "2"],
    *,
    neighborhood_scale: float,
    hard_negative_ratio: float,
) -> Peak:
    """The maximum of a windowed score map, and whether a distractor rivals it.

    Args:
        score_map: Windowed scores as from `upsample_scores`.
        target_size_px: Target's (height, width) in crop pixels.
        neighborhood_scale: A second maximum counts outside a box of this many target
            sizes around the first.
        hard_negative_ratio: The second maximum makes a hard negative above this
            fraction of the first. A first maximum of 0 or less never does.
    """
    height, width = score_map.shape
    row, column = _argmax_2d(score_map)
    maximum = score_map[row, column]
    far = (
        _outside(height, row, neighborhood_scale * target_size_px[0])[:, None]
        | _outside(width, column, neighborhood_scale * target_size_px[1])[None, :]
    )
    second = jnp.max(jnp.where(far, score_map, 0.0))
    offset = jnp.stack([column - width // 2, row - height // 2]).astype(jnp.float32)
    hard_negative = (maximum > 0) & (second > hard_negative_ratio * maximum)
    return Peak(offset, maximum, hard_negative)
