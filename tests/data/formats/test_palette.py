import struct
import zlib

import cv2
import numpy as np
import pytest

from samn_jax.data.formats import palette

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def _chunk(kind: bytes, content: bytes) -> bytes:
    size, crc = struct.pack(">I", len(content)), zlib.crc32(kind + content)
    return size + kind + content + struct.pack(">I", crc)


def indexed_png(
    indices: np.ndarray, bit_depth: int = 8, colors: bytes = b"\0\0\0\x80\0\0"
) -> bytes:
    """An indexed PNG built from the format's definition, without OpenCV."""
    height, width = indices.shape
    bits = (indices[..., None] >> np.arange(bit_depth)[::-1]) & 1
    rows = np.packbits(bits.reshape(height, -1).astype(np.uint8), axis=1)
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", width, height, bit_depth, 3, 0, 0, 0)
    return (
        _SIGNATURE
        + _chunk(b"IHDR", header)
        + _chunk(b"PLTE", colors)
        + _chunk(b"IDAT", zlib.compress(raw))
        + _chunk(b"IEND", b"")
    )


def test_palette_begins_as_davis_does():
    expected = [[0, 0, 0], [128, 0, 0], [0, 128, 0], [128, 128, 0], [0, 0, 128]]
    np.testing.assert_array_equal(palette.davis_palette()[:5], expected)
    np.testing.assert_array_equal(palette.davis_palette()[8], [64, 0, 0])
    np.testing.assert_array_equal(palette.davis_palette()[255], [224, 224, 192])


@pytest.mark.parametrize("bit_depth", [1, 2, 4, 8])
def test_indices_survive_at_every_bit_depth(bit_depth):
    rng = np.random.default_rng(bit_depth)
    indices = rng.integers(0, 2**bit_depth, (7, 13), np.uint8)
    png = indexed_png(indices, bit_depth)
    np.testing.assert_array_equal(palette.decode_indices(png), indices)


def test_encoded_file_comes_back_with_its_colors():
    ids = np.random.default_rng(0).integers(0, 256, (20, 31), np.uint8)
    png = palette.encode_indices(ids)
    np.testing.assert_array_equal(palette.decode_indices(png), ids)
    rgb = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR_RGB)
    np.testing.assert_array_equal(rgb, palette.davis_palette()[ids])


def test_other_files_are_refused():
    gray = cv2.imencode(".png", np.eye(9, dtype=np.uint8))[1].tobytes()
    with pytest.raises(ValueError, match="isn't an indexed PNG"):
        palette.decode_indices(gray)
    with pytest.raises(ValueError, match="cut short"):
        palette.decode_indices(palette.encode_indices(np.eye(40, dtype=np.uint8))[:60])
