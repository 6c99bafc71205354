"""Binary trajectories, packed here by the toolkit's layout."""

import struct

import numpy as np
import pytest

from samn_jax.data.formats import vot_binary, vot_regions


def _pack(*frames: bytes) -> bytes:
    return struct.pack("<hI", 1, len(frames)) + b"".join(frames)


CODE = struct.pack("<BI", 0, 1)
BOX = struct.pack("<B4f", 1, 1.5, 2, 3, 4)
POLYGON = struct.pack("<BH6f", 2, 3, 0, 0, 4, 0, 4, 4)
# A window of 3 x 2 at (-1, 5): two off, three on, one off.
MASK = struct.pack("<BhhHHH3H", 3, -1, 5, 3, 2, 3, 2, 3, 1)


def test_every_kind_of_region():
    code, box, polygon, mask = vot_binary.decode_regions(
        _pack(CODE, BOX, POLYGON, MASK)
    )
    assert vot_regions.is_code(code, vot_regions.INITIALIZED)
    np.testing.assert_array_equal(box, [1.5, 2, 3, 4])
    np.testing.assert_array_equal(polygon, [0, 0, 4, 0, 4, 4])
    assert (mask.left, mask.top) == (-1, 5)
    np.testing.assert_array_equal(mask.pixels, [[0, 0, 1], [1, 1, 0]])


def test_long_runs_are_joined_again():
    # The toolkit cuts runs after 65025 pixels by a run of none.
    frame = struct.pack("<BhhHHH5H", 3, 0, 0, 300, 300, 5, 65025, 0, 4975, 20000, 0)
    (mask,) = vot_binary.decode_regions(_pack(frame))
    flat = mask.pixels.ravel()
    assert not flat[:70000].any() and flat[70000:].all()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "cut short in frame 1"),
        (_pack(CODE, BOX)[:-1], "cut short in frame 2"),
        (struct.pack("<hI", 2, 0), "version 2"),
        (_pack(struct.pack("<B", 9)), "kind 9"),
        (_pack(struct.pack("<BhhHHH1H", 3, 0, 0, 2, 2, 1, 5)), "other pixels"),
    ],
)
def test_damaged_files_say_where(data, message):
    with pytest.raises(ValueError, match=message):
        vot_binary.decode_regions(data)
