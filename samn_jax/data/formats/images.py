"""Frames and masks from files; whatever is wrong with one is said in a line."""

from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from samn_jax import errors, files
from samn_jax.data.formats import codecs, object_ids, palette


def read_frame(path: Path) -> UInt8[np.ndarray, "H W 3"]:
    """Returns the RGB image of a JPEG, PNG, BMP or WebP file.

    Raises:
      InputError: the file is missing, damaged or no image.
    """
    return decode_frame(files.read_bytes(path, "frame"), path)


def decode_frame(data: bytes, where: Path | str) -> UInt8[np.ndarray, "H W 3"]:
    """Returns the RGB image of the bytes of such a file.

    Args:
      data: content of the file.
      where: what the message calls it.

    Raises:
      InputError: they are damaged or no image.
    """
    try:
        return codecs.decode_rgb(data)
    except ValueError as error:
        raise errors.InputError(
            f"frame {files.shown(where)} {error}: copy it again"
        ) from error


def read_mask(path: Path) -> UInt8[np.ndarray, "H W"]:
    """Returns the object ids of a mask file, 0 the background, as `object_ids` says.

    Raises:
      InputError: the file is missing or damaged, or its pixels aren't object ids.
    """
    return decode_mask(files.read_bytes(path, "mask"), path)


def decode_mask(data: bytes, where: Path | str) -> UInt8[np.ndarray, "H W"]:
    """Returns the object ids of the bytes of a mask file.

    Args:
      data: content of the file.
      where: what the message calls it.

    Raises:
      InputError: they are damaged, or the pixels aren't object ids.
    """
    try:
        stored = codecs.decode_stored(data)
    except ValueError as error:
        raise errors.InputError(
            f"mask {files.shown(where)} {error}: copy it again, or save it as PNG"
        ) from error
    try:
        return object_ids.from_stored(stored)
    except ValueError as error:
        raise errors.InputError(
            f"mask {files.shown(where)} {error}: save it as an indexed PNG of object "
            "ids, or as a gray one of 0 and 255"
        ) from error


def write_mask(path: Path, ids: UInt8[np.ndarray, "H W"]) -> None:
    """Writes object ids as an indexed PNG with the DAVIS palette, in one step.

    Raises:
      InputError: it can't be written.
    """
    files.write_bytes(path, palette.encode_indices(ids))
