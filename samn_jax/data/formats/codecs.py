"""Pixels from the bytes of a picture file, damage refused before it is seen.

JPEG files are decoded by libjpeg-turbo through simplejpeg, which counts its warnings as
errors: other decoders fill what is lost with gray and go on. All else is Pillow's, the
checksums of PNG verified.
"""

import io
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import simplejpeg
from jaxtyping import UInt8
from PIL import (
    BmpImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

# The largest picture that is decoded, in pixels; 8K video has a third of it.
MAX_PIXELS = 100_000_000

_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
# Their classes, as `Image.open` only warns of pictures that are too large.
_OPENERS: dict[bytes, Callable[..., ImageFile.ImageFile]] = {
    _PNG: PngImagePlugin.PngImageFile,
    b"BM": BmpImagePlugin.BmpImageFile,
    b"RIFF": WebPImagePlugin.WebPImageFile,
}
_DAMAGED = "is damaged or cut short"
_EXIF, _EXIF_WITHIN, _ORIENTATION = b"Exif\x00\x00", 4096, 0x0112
# How to lay down an image of each EXIF orientation; 1 is upright.
_UPRIGHT: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.swapaxes(0, 1),
    6: lambda image: image[::-1].swapaxes(0, 1),
    7: lambda image: image[::-1, ::-1].swapaxes(0, 1),
    8: lambda image: image[:, ::-1].swapaxes(0, 1),
}


class Stored(NamedTuple):
    """What a picture file stores.

    Attributes:
      pixels: gray levels or palette indices (H, W), or RGB (H, W, 3); alpha is left
        out.
      palette: RGB color of each index; None where pixels aren't indices.
      hides: whether transparency hides pixels that aren't black.
    """

    pixels: UInt8[np.ndarray, "H W *channels"]
    palette: UInt8[np.ndarray, "colors 3"] | None = None
    hides: bool = False


def decode_rgb(data: bytes) -> UInt8[np.ndarray, "H W 3"]:
    """Returns the RGB image of a JPEG, PNG, BMP or WebP file.

    An orientation in the EXIF part of a JPEG is followed; 16 bits are cut to 8.

    Raises:
      ValueError: what is wrong, such as "is damaged or cut short".
    """
    if data.startswith(_JPEG):
        return _decode_jpeg(data)
    picture = _decode(data)
    if picture.mode.startswith("I;16"):
        return np.repeat((np.asarray(picture) >> 8).astype(np.uint8)[..., None], 3, 2)
    if "transparency" in picture.info:
        picture = picture.convert("RGBA")
    return np.array(_converted(picture, "RGB"))


def decode_stored(data: bytes) -> Stored:
    """Returns the levels, indices or colors that a file stores.

    Raises:
      ValueError: what is wrong; more than 8 bits of gray are, too.
    """
    if data.startswith(_JPEG):
        return Stored(_decode_jpeg(data))
    picture = _decode(data)
    if picture.mode.startswith("I"):
        raise ValueError("has more than 8 bits a pixel")
    if picture.mode == "P":
        colors = np.array(picture.getpalette() or (), np.uint8).reshape(-1, 3)
        if not len(colors):
            raise ValueError("has indices but no palette")
        return Stored(np.array(picture), colors)
    wanted = "L" if picture.mode in ("1", "L", "LA", "La") else "RGB"
    pixels = np.array(_converted(picture, wanted))
    return Stored(pixels, hides=_hides(picture, pixels))


def _hides(picture: Image.Image, pixels: np.ndarray) -> bool:
    """Whether a picture's transparency hides pixels that aren't black."""
    if picture.mode not in ("LA", "La", "RGBA", "RGBa"):
        return False
    seen = np.asarray(picture.getchannel(picture.getbands()[-1])) == 255
    return bool(pixels[~seen].any())


def _decode_jpeg(data: bytes) -> UInt8[np.ndarray, "H W 3"]:
    try:
        height, width, *_ = simplejpeg.decode_jpeg_header(data)
    except ValueError as error:
        raise ValueError(_DAMAGED) from error
    _check_size(height, width)
    try:
        image = simplejpeg.decode_jpeg(data, "RGB")
    except ValueError as error:
        raise ValueError(_DAMAGED) from error
    if _EXIF not in data[:_EXIF_WITHIN]:
        return image
    upright = _UPRIGHT.get(_orientation(data))
    return np.ascontiguousarray(upright(image)) if upright else image


def _orientation(data: bytes) -> int:
    try:
        return JpegImagePlugin.JpegImageFile(io.BytesIO(data)).getexif()[_ORIENTATION]
    except Exception:  # None, or a damaged one: whatever a parser of it may raise.
        return 1


def _converted(picture: Image.Image, mode: str) -> Image.Image:
    return picture if picture.mode == mode else picture.convert(mode)


def _decode(data: bytes) -> Image.Image:
    """Returns the decoded picture of a file that isn't a JPEG."""
    opener = next((o for start, o in _OPENERS.items() if data.startswith(start)), None)
    if opener is None:
        raise ValueError("is not an image: JPEG, PNG, BMP or WebP")
    try:
        picture = opener(io.BytesIO(data))
        _check_size(picture.height, picture.width)
        if data.startswith(_PNG):
            picture.verify()  # of no use afterwards
            picture = opener(io.BytesIO(data))
        picture.load()
    except _TooLarge:
        raise
    except Exception as error:  # Pillow has no error that all of its parsers raise.
        raise ValueError(_DAMAGED) from error
    return picture


class _TooLarge(ValueError):
    pass


def _check_size(height: int, width: int) -> None:
    if height * width > MAX_PIXELS:
        raise _TooLarge(
            f"claims to be {height} pixels high and {width} wide, more than "
            f"{MAX_PIXELS // 10**6} million pixels"
        )
