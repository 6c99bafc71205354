"""Which object each pixel of a stored mask belongs to, or why that can't be told.

- Levels or indices up to 32 are object ids, 0 the background.
- 0 and one level above 32, such as 255, are one object, id 1; so is a single level.
- Indices may hold 255 beside ids ("void"), which is background.
- Gray masks of more levels are a smoothed mask of one object, 128 and more, if black
  and white alone fill areas and the others are edges between them. Else they could be
  several objects, and are refused with the levels named.
- Colors must be those of the DAVIS palette.
- What is transparent must be black: a cut-out's object can't be told from its colors.
"""

import cv2
import numpy as np
from jaxtyping import Int, UInt8

from samn_jax.data.formats import codecs, palette

# Above this a value can't be an object id: it is a gray level of a soft or 0/255 mask.
MAX_OBJECTS = 32
_VOID, _OBJECT_LEVEL = 255, 128
_NEARLY = 8  # how far from black and white a mask saved as JPEG may be
_NAMED_LEVELS = 8  # at most, in a message

Ids = UInt8[np.ndarray, "H W"]


def from_stored(stored: codecs.Stored) -> Ids:
    """Returns the object ids of a mask's pixels, 0 the background.

    Raises:
      ValueError: what keeps them from being told.
    """
    if stored.hides:
        raise ValueError("has transparent pixels that aren't black")
    if stored.palette is not None:
        return _from_indices(stored)
    levels = gray_of(stored)
    return _from_colors(stored.pixels) if levels is None else _from_levels(levels)


def gray_of(stored: codecs.Stored) -> UInt8[np.ndarray, "H W"] | None:
    """Returns the gray levels; None where there are colors or indices."""
    if stored.palette is not None:
        return None
    if stored.pixels.ndim == 2:
        return stored.pixels
    red, green, blue = cv2.split(stored.pixels)
    is_gray = np.array_equal(red, green) and np.array_equal(red, blue)
    return red if is_gray else None


def levels_of(pixels: UInt8[np.ndarray, "H W"]) -> Int[np.ndarray, " levels"]:
    """Returns the values that occur, in order (faster than np.unique)."""
    return np.flatnonzero(cv2.calcHist([pixels], [0], None, [256], [0, 256]))


def _from_levels(gray: UInt8[np.ndarray, "H W"]) -> Ids:
    if (ids := _plain_ids(gray)) is not None:
        return ids
    levels = levels_of(gray)
    if not (has_edges(levels) and not len(areas_between(gray))):
        named = levels if len(levels) <= _NAMED_LEVELS else areas_between(gray)
        raise ValueError(
            f"has gray levels {_named(named)}, which are neither ids up to "
            f"{MAX_OBJECTS} nor one object in 0 and 255"
        )
    return (gray >= _OBJECT_LEVEL).astype(np.uint8)


def has_edges(levels: Int[np.ndarray, " levels"]) -> bool:
    """Whether there are levels besides black, those of ids, and white."""
    return bool(np.any((levels > MAX_OBJECTS) & (levels < 255)))


def areas_between(gray: UInt8[np.ndarray, "H W"]) -> Int[np.ndarray, " levels"]:
    """Returns the levels between black and white that fill 3 × 3 pixels somewhere.

    A smoothed edge has none: its levels change from pixel to pixel.
    """
    square = np.ones((3, 3), np.uint8)
    is_flat = cv2.erode(gray, square) == cv2.dilate(gray, square)
    levels = np.unique(gray[is_flat]).astype(int)
    return levels[(levels > _NEARLY) & (levels < 255 - _NEARLY)]


def _from_indices(stored: codecs.Stored) -> Ids:
    indices, colors = stored.pixels, stored.palette
    if colors is not None and colors[0].any():
        raise ValueError("has a palette whose index 0 isn't black, the background")
    if (ids := _plain_ids(indices)) is not None:
        return ids
    levels = levels_of(indices)
    beyond = levels[(levels > MAX_OBJECTS) & (levels != _VOID)]
    if len(beyond):
        raise ValueError(f"has indices {_named(beyond)}, beyond {MAX_OBJECTS} objects")
    return np.where(indices == _VOID, np.uint8(0), indices)


def _plain_ids(values: UInt8[np.ndarray, "H W"]) -> Ids | None:
    """Returns ids as they are, or 1 where there is one object; None for anything else.

    Most masks are such, and it takes a third of the time that listing levels takes.
    """
    highest = values.max()
    if highest <= MAX_OBJECTS:
        return values
    is_object = values == highest
    is_alone = np.count_nonzero(is_object) == np.count_nonzero(values)
    return is_object.view(np.uint8) if is_alone else None


def _from_colors(image: UInt8[np.ndarray, "H W 3"]) -> Ids:
    codes = _color_code(image)
    known = _color_code(palette.davis_palette()[: MAX_OBJECTS + 1])
    order = np.argsort(known)
    at = np.searchsorted(known[order], codes).clip(max=len(known) - 1)
    ids = order[at].astype(np.uint8)
    if not np.array_equal(known[ids], codes):
        raise ValueError("has colors that aren't those of the DAVIS palette")
    return ids


def _color_code(rgb: np.ndarray) -> np.ndarray:
    return rgb.astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])


def _named(levels: Int[np.ndarray, " levels"]) -> str:
    named = ", ".join(str(level) for level in levels[:_NAMED_LEVELS].tolist())
    return named if len(levels) <= _NAMED_LEVELS else f"{named}, ..."
