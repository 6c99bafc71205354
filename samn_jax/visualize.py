"""Pictures of results: masks over frames, contact sheets."""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from jaxtyping import UInt8

from samn_jax.data.formats import palette

RGB = UInt8[np.ndarray, "H W 3"]
Sheet = UInt8[np.ndarray, "sheet_H sheet_W 3"]

_FILL_OPACITY = 0.45
# Of overlays for people: bright, far apart, and apart from skin, grass and sky.
_OBJECT_COLORS = np.array(
    [[255, 92, 40], [30, 160, 255], [140, 230, 30], [255, 70, 200], [255, 214, 10],
     [150, 110, 255], [20, 225, 190], [255, 140, 150]], np.uint8,
)  # fmt: skip
_OBJECT_OPACITY = 0.38
_DARK = (24, 24, 28)
_LABEL_PX = 18
_WHITE = (255, 255, 255)


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


def draw_objects(
    frame: RGB, ids: UInt8[np.ndarray, "H W"], labels: Mapping[int, str]
) -> RGB:
    """The frame with every object tinted, outlined and labeled, for people to look at.

    Args:
      frame: picture of the size of the ids.
      ids: object ids, 0 the background.
      labels: text of each object; that of one that is not seen stands at the top left.
    """
    picture = _tint(frame, ids)
    scale = max(0.4, min(1.6, min(frame.shape[:2]) / 480))
    thickness = max(1, round(2 * scale))
    unseen = 0
    for object_id, text in sorted(labels.items()):
        color = object_color(object_id)
        mask = (ids == object_id).astype(np.uint8)
        x, y, width, _ = cv2.boundingRect(mask)
        if not width:
            place = (0, unseen * round(26 * scale))
            unseen += 1
        else:
            _draw_outline(picture, mask > 0, [c // 3 for c in color], thickness + 2)
            _draw_outline(picture, mask > 0, list(color), thickness)
            place = (x, y - round(26 * scale))
        _draw_label(picture, text, place, color, scale)
    return picture


def object_color(object_id: int) -> tuple[int, int, int]:
    """RGB color of an object in overlays for people."""
    red, green, blue = _OBJECT_COLORS[(object_id - 1) % len(_OBJECT_COLORS)].tolist()
    return red, green, blue


def _tint(frame: RGB, ids: UInt8[np.ndarray, "H W"]) -> RGB:
    if not ids.any():
        return frame.copy()
    colors = _OBJECT_COLORS[(ids.astype(int) - 1) % len(_OBJECT_COLORS)]
    tinted = cv2.addWeighted(frame, 1 - _OBJECT_OPACITY, colors, _OBJECT_OPACITY, 0)
    return np.where((ids > 0)[..., None], tinted, frame)


def _draw_label(
    picture: RGB,
    text: str,
    place_xy: tuple[int, int],
    color: tuple[int, int, int],
    scale: float,
) -> None:
    """Draws a dark plate with a dot of the object's color and the text, inside."""
    font, size = cv2.FONT_HERSHEY_SIMPLEX, 0.5 * scale
    (width, _), _ = cv2.getTextSize(text, font, size, 1)
    height, dot = round(22 * scale), round(5 * scale)
    width += 4 * dot + round(10 * scale)
    margin = round(4 * scale)
    x = max(margin, min(place_xy[0], picture.shape[1] - width - margin))
    y = max(margin, min(place_xy[1], picture.shape[0] - height - margin))
    plate = picture[y : y + height, x : x + width]
    if not plate.size:  # A picture of a few pixels has no room for it.
        return
    plate[:] = cv2.addWeighted(plate, 0.3, np.full_like(plate, _DARK), 0.7, 0)
    middle = (x + 2 * dot, y + height // 2)
    cv2.circle(picture, middle, dot, color, -1, cv2.LINE_AA)
    at = (x + 4 * dot, y + height // 2 + round(5 * scale))
    cv2.putText(picture, text, at, font, size, _WHITE, 1, cv2.LINE_AA)


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
