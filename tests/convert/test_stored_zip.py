"""The archive reader against Python's zipfile, and what it refuses."""

import io
import struct
import zipfile

import pytest

from samn_jax.convert import limits, stored_zip
from samn_jax.convert.limits import RefusedError

FILES = {"data.pkl": b"pickle", "data/0": bytes(range(256)), "version": b"3\n"}


def pack(files=FILES, *, zip64=False, comment=b"", compression=zipfile.ZIP_STORED):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as archive:
        archive.comment = comment
        for name, content in files.items():
            with archive.open("archive/" + name, "w", force_zip64=zip64) as file:
                file.write(content)
    return bytearray(made.getvalue())


def widened():
    """An archive whose sizes and places stand in zip64 fields, as torch writes them."""
    data = pack({"a": b"content"})
    entry = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    size = len(b"content")
    name = data[entry + 46 : end]
    field = struct.pack("<HHQQQ", 1, 24, size, size, 0)
    head = bytearray(data[entry : entry + 46])
    head[20:28] = b"\xff" * 8
    head[42:46] = b"\xff" * 4
    head[30:32] = struct.pack("<H", len(field))
    directory = bytes(head) + name + field
    wide = struct.pack(
        "<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, len(directory), entry
    )
    place = entry + len(directory)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, place, 1)
    last = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 1, 1, 2**32 - 1, 2**32 - 1, 0)
    return data[:entry] + directory + wide + locator + last


def read(data):
    view = memoryview(bytes(data))
    found = stored_zip.records(view, limits.Allowance())
    return {name: bytes(record.read(view)) for name, record in found.items()}


@pytest.mark.parametrize("zip64", [False, True])
@pytest.mark.parametrize("comment", [b"", b"a comment", b"x" * 65535])
def test_records_come_back(zip64, comment):
    assert read(pack(zip64=zip64, comment=comment)) == FILES


def test_sizes_in_zip64_fields_come_back():
    data = widened()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.read("archive/a") == b"content"
    assert read(data) == {"a": b"content"}


@pytest.mark.parametrize("length", range(0, len(pack()), 7))
def test_every_cut_is_refused(length):
    with pytest.raises(RefusedError):
        read(pack()[:length])


def test_two_records_of_one_name_are_refused():
    data = pack({"a": b"1", "b": b"2"})
    with pytest.raises(RefusedError, match="two records of one name"):
        read(data.replace(b"archive/b", b"archive/a"))


def test_compressed_and_encrypted_records_are_refused():
    with pytest.raises(RefusedError, match="compressed"):
        read(pack(compression=zipfile.ZIP_DEFLATED))
    data = pack()
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(RefusedError, match="compressed"):
        read(data)


def test_changed_content_is_refused():
    data = pack()
    data[data.index(b"pickle")] ^= 1
    with pytest.raises(RefusedError, match="checksum"):
        read(data)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (slice(20, 28), struct.pack("<LL", 2**30, 2**30)),  # sizes
        (slice(24, 28), struct.pack("<L", 5)),  # one size
        (slice(28, 30), struct.pack("<H", 60000)),  # length of the name
        (slice(30, 32), struct.pack("<H", 60000)),  # length of the extra field
        (slice(42, 46), struct.pack("<L", 2**31)),  # place
        (slice(42, 46), struct.pack("<L", 3)),  # place
        (slice(42, 46), b"\xff" * 4),  # place in a zip64 field that is not there
        (slice(46, 47), b"X"),  # name
    ],
)
def test_entries_that_lie_are_refused(field, value):
    data = pack()
    start = data.index(b"PK\x01\x02")
    data[start + field.start : start + field.stop] = value
    with pytest.raises(RefusedError):
        read(data)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (slice(8, 12), struct.pack("<HH", 2, 2)),  # fewer records than there are
        (slice(8, 12), struct.pack("<HH", 9, 9)),  # more
        (slice(10, 12), struct.pack("<H", 9)),
        (slice(12, 16), struct.pack("<L", 2**31)),  # size of the directory
        (slice(16, 20), struct.pack("<L", 2**31)),  # place of the directory
        (slice(16, 20), struct.pack("<L", 0)),
        (slice(20, 22), struct.pack("<H", 9)),  # length of the comment
    ],
)
def test_directories_that_lie_are_refused(field, value):
    data = pack()
    start = data.index(b"PK\x05\x06")
    data[start + field.start : start + field.stop] = value
    with pytest.raises(RefusedError):
        read(data)


def test_records_may_not_share_their_bytes():
    # Both entries lead to the first record, which is most of the file.
    data = pack({"a": bytes(1000), "b": b""})
    first = data.index(b"PK\x01\x02")
    second = data.index(b"PK\x01\x02", first + 4)
    data[second:] = data[first:second] + data[data.index(b"PK\x05\x06") :]
    data = data.replace(b"archive/a", b"archive/b").replace(
        b"archive/b", b"archive/a", 2
    )
    with pytest.raises(RefusedError):
        read(data)
