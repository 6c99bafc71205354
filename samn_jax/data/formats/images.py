"""Frames and masks from files, with the usual traps of mask files caught on reading."""

import os
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Int, UInt8

from samn_jax import errors
from samn_jax.data.formats import palette

# Above this a value can't be an object id: it is a gray level of a soft or 0/255 mask.
MAX_OBJECTS = 32
_OBJECT_LEVEL = 128
_JPEG_START, _JPEG_END = b"\xff\xd8", b"\xff\xd9"
_JPEG_TAIL_BYTES = 1024


def read_frame(path: Path) -> UInt8[np.ndarray, "H W 3"]:
    """RGB image of a JPEG or PNG file.

    Raises:
      InputError: if the file is missing, cut short or not an image.
    """
    return decode_frame(_read_bytes(path, "frame"), path)


def decode_frame(data: bytes, where: Path | str) -> UInt8[np.ndarray, "H W 3"]:
    """RGB image of the bytes of a JPEG or PNG file.

    Raises:
      InputError: if they are cut short or not an image; it says `where` they are from.
    """
    # OpenCV fills the missing part of a cut file with gray and goes on.
    cut = data.startswith(_JPEG_START) and _JPEG_END not in data[-_JPEG_TAIL_BYTES:]
    image = None
    if data and not cut:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise errors.InputError(
            f"frame {where} is damaged or not an image: copy it again"
        )
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def read_mask(path: Path) -> UInt8[np.ndarray, "H W"]:
    """Object ids of a mask file, 0 the background.

    Indexed files give their indices, files in the colors of the DAVIS palette the ids
    of these colors, gray files up to 32 their values. Gray files beyond have a single
    object, id 1: the level that isn't 0 where there are two levels, 128 and more where
    there are more. Where indices hold ids and 255, the latter ("void") is background.

    Raises:
      InputError: if the file is missing, damaged, or its colors aren't object ids.
    """
    return decode_mask(_read_bytes(path, "mask"), path)


def decode_mask(data: bytes, where: Path | str) -> UInt8[np.ndarray, "H W"]:
    """Object ids of the bytes of a mask file, as `read_mask` reads them.

    Raises:
      InputError: if they are damaged, or the colors aren't object ids; it says `where`
        they are from.
    """
    try:
        if not data.startswith(palette.SIGNATURE):
            return _ids_of_pixels(_decode_plain(data))
        chunks = palette.split_chunks(data)
        if not palette.is_indexed(chunks):
            return _ids_of_pixels(_decode_plain(data))
        return _ids_of_indices(palette.decode_indices(chunks), chunks)
    except ValueError as error:
        raise errors.InputError(
            f"mask {where} can't be used, {error}: save it again as an indexed or gray "
            "PNG"
        ) from error


def write_mask(path: Path, ids: UInt8[np.ndarray, "H W"]) -> None:
    """Write object ids as an indexed PNG with the DAVIS palette, in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_bytes(palette.encode_indices(ids))
    os.replace(partial, path)


def _read_bytes(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise errors.InputError(
            f"{what} {path} is missing: complete the folder"
        ) from error
    except OSError as error:
        raise errors.InputError(
            f"{what} {path} can't be read ({error.strerror}): check its permissions"
        ) from error


def _decode_plain(data: bytes) -> np.ndarray:
    """Gray (H, W) or RGB (H, W, 3) pixels; alpha is left out."""
    pixels = np.frombuffer(data, np.uint8)
    image = cv2.imdecode(pixels, cv2.IMREAD_UNCHANGED) if data else None
    if image is None:
        raise ValueError("it is not an image")
    if image.dtype != np.uint8:
        raise ValueError("it has more than 8 bits a channel")
    if image.ndim == 2:
        return image
    return cv2.cvtColor(image[..., :3], cv2.COLOR_BGR2RGB)


def _ids_of_pixels(image: np.ndarray) -> UInt8[np.ndarray, "H W"]:
    if image.ndim == 2:
        return _ids_of_levels(image)
    red, green, blue = cv2.split(image)
    if np.array_equal(red, green) and np.array_equal(red, blue):
        return _ids_of_levels(red)
    return _ids_of_colors(image)


def _ids_of_levels(gray: UInt8[np.ndarray, "H W"]) -> UInt8[np.ndarray, "H W"]:
    levels = _levels(gray)
    if levels[-1] <= MAX_OBJECTS:
        return gray
    if len(levels) <= 2:
        return (gray == levels[-1]).astype(np.uint8)
    return (gray >= _OBJECT_LEVEL).astype(np.uint8)


def _levels(gray: UInt8[np.ndarray, "H W"]) -> Int[np.ndarray, " levels"]:
    """The values that occur, in order (a histogram is faster than np.unique)."""
    return np.flatnonzero(cv2.calcHist([gray], [0], None, [256], [0, 256]))


def _ids_of_indices(
    indices: UInt8[np.ndarray, "H W"], chunks: palette.Chunks
) -> UInt8[np.ndarray, "H W"]:
    if palette.first_color(chunks) != (0, 0, 0):
        raise ValueError("index 0 of its palette isn't black (the background)")
    levels = _levels(indices)
    if len(levels) <= 2 and levels[-1] > MAX_OBJECTS:
        return _ids_of_levels(indices)
    ids = np.where(indices == 255, np.uint8(0), indices)
    if ids.max() > MAX_OBJECTS:
        raise ValueError(f"its indices go beyond {MAX_OBJECTS} objects")
    return ids


def _ids_of_colors(image: UInt8[np.ndarray, "H W 3"]) -> UInt8[np.ndarray, "H W"]:
    codes = _color_code(image)
    known = _color_code(palette.davis_palette()[: MAX_OBJECTS + 1])
    order = np.argsort(known)
    at = np.searchsorted(known[order], codes).clip(max=len(known) - 1)
    ids = order[at].astype(np.uint8)
    if not np.array_equal(known[ids], codes):
        raise ValueError("its colors aren't those of the DAVIS palette")
    return ids


def _color_code(rgb: np.ndarray) -> np.ndarray:
    return rgb.astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
