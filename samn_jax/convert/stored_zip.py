"""Zip archives of stored records, as `torch.save` writes them, read where they lie.

A compressed record, a name that comes twice or sizes that disagree are refused: no
checkpoint has them, and whoever trusts them can be made to take any memory.
"""

import struct
import zlib
from typing import NamedTuple

from samn_jax.convert import limits
from samn_jax.convert.limits import RefusedError

LOCAL_SIGNATURE = b"PK\x03\x04"
_ENTRY_SIGNATURE = b"PK\x01\x02"
_END_SIGNATURE = b"PK\x05\x06"
_END64_SIGNATURE = b"PK\x06\x06"
_LOCATOR_SIGNATURE = b"PK\x06\x07"
# Fields after the signatures (.ZIP file format specification, 4.3).
_LOCAL = struct.Struct("<4s22xHH")  # length of name and extra field
_ENTRY = struct.Struct("<4s4xHH4xLLLHHH8xL")
_END = struct.Struct("<4s4xHHLLH")  # records here, in all; size, start; comment
_END64 = struct.Struct("<4s20xQQQQ")  # records here, in all; size, start
_LOCATOR = struct.Struct("<4sLQL")
_LONGEST_COMMENT = 2**16 - 1
_LONGEST_NAME = 255
_LARGE = 2**32 - 1  # Says that the value stands in the entry's zip64 field.
_ZIP64_FIELD = 1
_RECORD_BYTES = 768  # counted for a record and its name


class Record(NamedTuple):
    """Where a record's bytes lie in the archive."""

    start: int
    stop: int
    crc: int

    def read(self, data: memoryview) -> memoryview:
        """Returns the record's bytes, a view.

        Raises:
          RefusedError: they are not those that were written.
        """
        content = data[self.start : self.stop]
        if zlib.crc32(content) != self.crc:
            raise RefusedError("a record's checksum is another")
        return content


def records(data: memoryview, allowance: limits.Allowance) -> dict[str, Record]:
    """Returns the records of an archive by name, without the folder all are in.

    Raises:
      RefusedError: it is damaged, or has what `torch.save` never writes.
    """
    try:
        position, stop, count = _directory(data)
        found: dict[str, Record] = {}
        for _ in range(count):
            allowance.spend(_RECORD_BYTES)
            name, record, position = _entry(data, position, stop)
            if name in found:
                raise RefusedError("its archive has two records of one name")
            found[name] = record
        if position != stop:
            raise RefusedError("its archive's directory is damaged")
    except struct.error as error:
        raise RefusedError("its archive is cut off") from error
    if sum(record.stop - record.start for record in found.values()) > len(data):
        raise RefusedError("its records are larger than the file")
    return found


def _directory(data: memoryview) -> tuple[int, int, int]:
    """Returns where the directory starts and ends, and its number of entries."""
    tail = bytes(data[-(_END.size + _LONGEST_COMMENT) :])
    found = tail.rfind(_END_SIGNATURE)
    if found < 0:
        raise RefusedError("its archive is cut off")
    end = len(data) - len(tail) + found
    _, here, count, size, start, comment = _END.unpack_from(data, end)
    if end + _END.size + comment != len(data):
        raise RefusedError("its archive is cut off")
    locator = end - _LOCATOR.size
    if locator >= 0 and data[locator : locator + 4] == _LOCATOR_SIGNATURE:
        _, _, end, _ = _LOCATOR.unpack_from(data, locator)
        if end > locator:
            raise RefusedError("its archive's directory lies elsewhere")
        signature, here, count, size, start = _END64.unpack_from(data, end)
        if signature != _END64_SIGNATURE:
            raise RefusedError("its archive's directory lies elsewhere")
    if here != count or start + size > end:
        raise RefusedError("its archive's directory lies elsewhere")
    return start, start + size, count


def _entry(data: memoryview, position: int, stop: int) -> tuple[str, Record, int]:
    """Returns an entry of the directory, and where the next one is."""
    signature, flags, method, crc, packed, size, *lengths, start = _ENTRY.unpack_from(
        data, position
    )
    name_at = position + _ENTRY.size
    extra_at = name_at + lengths[0]
    following = extra_at + lengths[1] + lengths[2]
    if signature != _ENTRY_SIGNATURE or following > stop:
        raise RefusedError("its archive's directory is damaged")
    if lengths[0] > _LONGEST_NAME:
        raise RefusedError("its archive has a record with a long name")
    if _LARGE in (size, packed, start):
        extra = bytes(data[extra_at : extra_at + lengths[1]])
        size, packed, start = _widened(extra, (size, packed, start))
    if method != 0 or packed != size or flags & 1:
        raise RefusedError("its archive is compressed, which torch.save never does")
    name = bytes(data[name_at:extra_at])
    content = _content_start(data, min(start, len(data)), name)
    if content + size > len(data):
        raise RefusedError("a record reaches past the file")
    record = Record(content, content + size, crc)
    return name.decode("latin1").partition("/")[2], record, following


def _widened(extra: bytes, values: tuple[int, int, int]) -> tuple[int, ...]:
    """Returns size, packed size and start with those that the zip64 field holds."""
    position = 0
    while position + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, position)
        position += 4
        if kind == _ZIP64_FIELD:
            taken = iter(struct.unpack_from(f"<{length // 8}Q", extra, position))
            return tuple(next(taken, x) if x == _LARGE else x for x in values)
        position += length
    return values


def _content_start(data: memoryview, start: int, name: bytes) -> int:
    """Returns where a record's bytes begin, after its local header."""
    signature, name_length, extra_length = _LOCAL.unpack_from(data, start)
    name_at = start + _LOCAL.size
    if signature != LOCAL_SIGNATURE or data[name_at : name_at + name_length] != name:
        raise RefusedError("a record is not what its archive's directory says")
    return name_at + name_length + extra_length
