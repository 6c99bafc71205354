"""Indexed PNG files: object ids as they are stored, without going through colors.

OpenCV decodes an indexed PNG to colors and can't write one. An indexed and a gray PNG
of the same bit depth differ in two things only, the color type in the header and the
palette chunk, so OpenCV does all the work on a file relabeled as gray.
"""

import functools
import struct
import zlib

import cv2
import numpy as np
from jaxtyping import UInt8

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GRAY, _INDEXED = 0, 3

Chunks = list[tuple[bytes, bytes]]


@functools.cache
def davis_palette() -> UInt8[np.ndarray, "256 3"]:
    """RGB color of every object id, as DAVIS and PASCAL VOC define them.

    Bits 0, 1 and 2 of the id set the top bit of red, green and blue, bits 3, 4 and 5
    the one below, and so on: ids near each other get colors far apart.
    """
    ids = np.arange(256, dtype=np.uint8)
    colors = np.zeros((256, 3), np.uint8)
    for level in range(3):
        for channel in range(3):
            bit = (ids >> (3 * level + channel)) & 1
            colors[:, channel] |= bit << (7 - level)
    colors.setflags(write=False)
    return colors


def split_chunks(png: bytes) -> Chunks:
    """The (type, content) pairs of a PNG file, checksums verified.

    Raises:
      ValueError: if the file isn't a PNG, is cut short or damaged.
    """
    if not png.startswith(SIGNATURE):
        raise ValueError("it is not a PNG file")
    chunks, at = [], len(SIGNATURE)
    while not chunks or chunks[-1][0] != b"IEND":
        if at + 12 > len(png):
            raise ValueError("it is cut short")
        (length,) = struct.unpack_from(">I", png, at)
        body = png[at + 4 : at + 8 + length]
        checksum = png[at + 8 + length : at + 12 + length]
        if len(checksum) < 4:
            raise ValueError("it is cut short")
        if zlib.crc32(body) != struct.unpack(">I", checksum)[0]:
            raise ValueError(f"its {body[:4]!r} part is damaged")
        chunks.append((body[:4], body[4:]))
        at += 12 + length
    return chunks


def is_indexed(chunks: Chunks) -> bool:
    """Whether the pixels are indices into a palette."""
    return chunks[0][1][9] == _INDEXED


def decode_indices(chunks: Chunks) -> UInt8[np.ndarray, "H W"]:
    """Palette index of every pixel of an indexed PNG, at any bit depth."""
    bit_depth = chunks[0][1][8]
    header = _with_color_type(chunks[0][1], _GRAY)
    kept = [(b"IHDR", header)]
    kept += [chunk for chunk in chunks[1:] if chunk[0] in (b"IDAT", b"IEND")]
    gray = _decode(_join(kept))
    return gray // np.uint8(255 // (2**bit_depth - 1))  # Gray is spread over 0-255.


def first_color(chunks: Chunks) -> tuple[int, ...]:
    """RGB color that the palette gives to index 0."""
    palette = next(content for kind, content in chunks if kind == b"PLTE")
    return tuple(palette[:3])


def encode_indices(ids: UInt8[np.ndarray, "H W"]) -> bytes:
    """An indexed PNG of the object ids with the DAVIS palette."""
    _, gray = cv2.imencode(".png", ids)
    chunks = split_chunks(gray.tobytes())
    header = _with_color_type(chunks[0][1], _INDEXED)
    palette = (b"PLTE", davis_palette().tobytes())
    return _join([(b"IHDR", header), palette, *chunks[1:]])


def _with_color_type(header: bytes, color_type: int) -> bytes:
    return header[:9] + bytes([color_type]) + header[10:]


def _join(chunks: Chunks) -> bytes:
    parts = [SIGNATURE]
    for kind, content in chunks:
        checksum = zlib.crc32(content, zlib.crc32(kind))
        parts += [struct.pack(">I", len(content)), kind, content]
        parts.append(struct.pack(">I", checksum))
    return b"".join(parts)


def _decode(png: bytes) -> np.ndarray:
    image = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise ValueError("its pixels can't be decoded")
    return image
