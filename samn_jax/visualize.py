"""Pictures of results: masks over frames, contact sheets, maps as heat."""

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from samn_jax.data.formats import palette

RGB = UInt8[np.ndarray, "H W 3"]
Sheet = UInt8[np.ndarray, "sheet_H sheet_W 3"]

_FILL_OPACITY = 0.45
_LABEL_PX = 18
_WHITE = (255, 255, 255)
# Dark violet, blue, green, yellow, red: brighter, then hotter.
_HEAT_STOPS = np.array(
    [[0.19, 0.07, 0.23], [0.16, 0.55, 0.95], [0.3, 0.9, 0.4], [0.98, 0.75, 0.2],
     [0.75, 0.1, 0.05]], np.float32,
)  # fmt: skip


def overlay_mask(
    frame: RGB,
    ids: UInt8[np.ndarray, "H W"],
    truth: UInt8[np.ndarray, "H W"] | None = None,
) -> RGB:
    """The frame with every object tinted and outlined in its palette color.

    Args:
      frame: picture of the size of the masks.
      ids: object ids; 0 is left as it is.
      truth: true ids, whose outline is added as a thin white line.
    """
    colors = palette.davis_palette()[ids].astype(np.float32)
    tinted = frame * (1 - _FILL_OPACITY) + colors * _FILL_OPACITY
    picture = np.where((ids > 0)[..., None], tinted, frame).astype(np.uint8)
    for object_id in np.unique(ids[ids > 0]):
        # Palette colors are dark: the outline is twice as bright.
        color = (2 * palette.davis_palette()[object_id].astype(int)).clip(max=255)
        _draw_outline(picture, ids == object_id, color.tolist(), 2)
    if truth is not None:
        for object_id in np.unique(truth[truth > 0]):
            _draw_outline(picture, truth == object_id, list(_WHITE), 1)
    return picture


def overlay_heat(
    frame: RGB,
    heat: Float[np.ndarray, "h w"],
    limits: tuple[float, float] | None = None,
    opacity: float = 0.6,
) -> RGB:
    """The frame under a map of any size, low values blue and high ones red.

    Args:
      frame: picture that the map covers wholly.
      heat: a score map, or weights of memory cells.
      limits: values of the first and last color; the map's extremes if left out.
      opacity: of the map, 0-1.
    """
    low, high = (heat.min(), heat.max()) if limits is None else limits
    span = max(high - low, np.finfo(np.float32).tiny)
    level = np.clip((heat.astype(np.float32) - low) / span, 0, 1)
    size = frame.shape[1::-1]
    level = cv2.resize(level, size, interpolation=cv2.INTER_LINEAR)
    stops = np.linspace(0, 1, len(_HEAT_STOPS))
    colors = [np.interp(level, stops, channel) for channel in _HEAT_STOPS.T]
    mixed = frame * (1 - opacity) + 255 * opacity * np.stack(colors, axis=-1)
    return np.round(mixed).astype(np.uint8)


def contact_sheet(
    pictures: Sequence[RGB], labels: Sequence[str], num_columns: int = 4
) -> Sheet:
    """Pictures of one size in a grid, row by row, each with its label on top."""
    tiles = [_label(*pair) for pair in zip(pictures, labels, strict=True)]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % num_columns)
    starts = range(0, len(tiles), num_columns)
    return np.vstack([np.hstack(tiles[at : at + num_columns]) for at in starts])


def shrink(
    picture: UInt8[np.ndarray, "H W *channels"], width: int
) -> UInt8[np.ndarray, "h w *channels"]:
    """A picture or object ids at that width if wider, with the same proportions."""
    if picture.shape[1] <= width:
        return picture
    height = round(picture.shape[0] * width / picture.shape[1])
    averaged = picture.ndim == 3  # Between two ids lies no third one.
    method = cv2.INTER_AREA if averaged else cv2.INTER_NEAREST
    return cv2.resize(picture, (width, height), interpolation=method)


def encode(picture: RGB, suffix: str = ".png") -> bytes:
    """The picture as the content of a file of that kind."""
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    return cv2.imencode(suffix, bgr)[1].tobytes()


def _draw_outline(
    picture: RGB, mask: np.ndarray, color: list[int], thickness: int
) -> None:
    outlines, _ = cv2.findContours(
        mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE
    )
    cv2.drawContours(picture, outlines, -1, color, thickness)


def _label(picture: RGB, text: str) -> Sheet:
    strip = np.zeros((_LABEL_PX, picture.shape[1], 3), np.uint8)
    place = (4, _LABEL_PX - 5)
    cv2.putText(strip, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, _WHITE, 1)
    return np.vstack([strip, picture])
