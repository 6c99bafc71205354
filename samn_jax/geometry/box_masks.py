"""Boxes as masks, on the host."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool


def fill_box(
    box_xywh: Sequence[float] | np.ndarray, size_hw: tuple[int, int]
) -> Bool[np.ndarray, "H W"]:
    """Returns the pixels whose centers lie in the box; its right and lower edge is out.

    >>> fill_box((1.0, 0.0, 2.0, 1.0), (2, 4)).astype(int).tolist()
    [[0, 1, 1, 0], [0, 0, 0, 0]]

    Args:
      box_xywh: left, top, width and height in pixels; it may reach past the image.
      size_hw: height and width of the image.
    """
    left, top, width, height = box_xywh
    rows, columns = np.arange(size_hw[0]) + 0.5, np.arange(size_hw[1]) + 0.5
    inside_y = (rows >= top) & (rows < top + height)
    inside_x = (columns >= left) & (columns < left + width)
    return inside_y[:, None] & inside_x[None, :]
