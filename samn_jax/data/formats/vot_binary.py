"""Trajectories in the binary form that the Python VOT toolkit writes by default."""

import struct

import numpy as np

from samn_jax.data.formats import vot_regions

_VERSION = 1
_CODE, _BOX, _POLYGON, _MASK = 0, 1, 2, 3


class _Reader:
    """Takes little-endian values off the front of some bytes."""

    def __init__(self, data: bytes) -> None:
        self._data, self._offset = data, 0

    def take(self, layout: str) -> tuple[int | float, ...]:
        """The next values, as `struct` describes them."""
        layout = "<" + layout
        values = struct.unpack_from(layout, self._data, self._offset)
        self._offset += struct.calcsize(layout)
        return values


def decode_regions(data: bytes) -> tuple[vot_regions.Region, ...]:
    """The regions of a binary file, one a frame.

    Raises:
      ValueError: if the bytes are cut short or aren't such a file, saying where.
    """
    reader = _Reader(data)
    found: list[vot_regions.Region] = []
    pixels = 0
    try:
        version, length = reader.take("hI")
        if version != _VERSION:
            raise ValueError(f"version {version} is unknown")
        for _ in range(int(length)):
            found.append(_decode_region(reader))
            pixels = vot_regions.add_pixels(pixels, found[-1])
    except struct.error as error:
        raise ValueError(f"cut short in frame {len(found) + 1}") from error
    return tuple(found)


def _decode_region(reader: _Reader) -> vot_regions.Region:
    (kind,) = reader.take("B")
    if kind == _CODE:
        return np.array(reader.take("I"), np.float64)
    if kind == _BOX:
        return vot_regions.check_numbers(np.array(reader.take("4f"), np.float64))
    if kind == _POLYGON:
        (count,) = reader.take("H")
        if count < 3:
            raise ValueError(f"a polygon of {count} corners")
        corners = np.array(reader.take(f"{2 * count}f"), np.float64)
        return vot_regions.check_numbers(corners)
    if kind == _MASK:
        left, top, width, height, count = map(int, reader.take("hhHHH"))
        runs = np.array(reader.take(f"{count}H"), np.int64)
        pixels = vot_regions.fill_runs(runs, width, height)
        return vot_regions.MaskRegion(left, top, pixels)
    raise ValueError(f"a region of the unknown kind {kind}")
