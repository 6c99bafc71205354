"""Damage that only files of one format can have, with sums and lengths made right."""

import contextlib
import io
import json
import pickle
import pickletools
import random
import struct
import warnings
import zipfile
from collections.abc import Callable

from hypothesis import strategies as st

from tests.faults import mutations

_SEEDS = st.integers(0, 2**32 - 1)
_NUMBERS = (0, 1, 2, 255, 2**15, 2**31 - 1, 2**31, 2**32 - 1, 2**62, 2**63, 2**64 - 1)
_NAMES = (
    *(b"torch\nFloatStorage\n", b"torch\nLongStorage\n", b"torch\nSize\n"),
    *(b"torch._utils\n_rebuild_tensor_v2\n", b"torch._utils\n_rebuild_parameter\n"),
    *(b"collections\nOrderedDict\n", b"argparse\nNamespace\n", b"os\nsystem\n"),
    *(b"builtins\ngetattr\n", b"numpy\ndtype\n", b"numpy.core.multiarray\nscalar\n"),
)
# Opcodes without an argument in the pickle.
_PLAIN = tuple(
    opcode.code.encode("latin1") for opcode in pickletools.opcodes if opcode.arg is None
)


def damaged_pickle(data: bytes, rng: random.Random) -> bytes:
    """Returns a pickle with opcodes removed, doubled, moved, replaced or invented."""
    parts = _opcodes(data) or [data]
    for _ in range(rng.randint(1, 4)):
        at, other = rng.randrange(len(parts)), rng.choice(parts)
        part = parts[at]
        copies = (
            [],
            [part] * rng.choice((2, 2, 300)),
            [other],
            [part, other],
            [part, rng.choice(_PLAIN)],
            [part, _attributes(rng)],
            [_extreme(part, rng)],
            [_invented(rng), part],
        )
        parts[at : at + 1] = rng.choice(copies) or [b""]
    return b"".join(parts)


def _opcodes(data: bytes) -> list[bytes]:
    """Returns the opcodes with their arguments; what can't be told apart is one."""
    starts = []
    with contextlib.suppress(ValueError):
        starts.extend(position for _, _, position in pickletools.genops(data))
    return [data[a:b] for a, b in zip(starts, [*starts[1:], len(data)], strict=True)]


def _extreme(part: bytes, rng: random.Random) -> bytes:
    """Returns an opcode with another number in the place of its argument."""
    number = rng.choice(_NUMBERS)
    if len(part) < 2:
        return part
    size = min(len(part) - 1, 8)
    number &= 256**size - 1
    return part[:1] + number.to_bytes(size, "little") + part[1 + size :]


def _attributes(rng: random.Random) -> bytes:
    """Returns opcodes that set an attribute of the object on top of the stack."""
    name = rng.choice((b"size", b"shape", b"array", b"dtype", b"__class__", b"offset"))
    value = _invented(rng)
    key = pickle.SHORT_BINUNICODE + bytes([len(name)]) + name
    return pickle.EMPTY_DICT + key + value + pickle.SETITEM + pickle.BUILD


def _invented(rng: random.Random) -> bytes:
    """Returns an opcode with an argument of its own."""
    number = rng.choice(_NUMBERS)
    return rng.choice(
        (
            pickle.GLOBAL + rng.choice(_NAMES),
            pickle.BININT + struct.pack("<I", number & 0xFFFFFFFF),
            pickle.LONG1 + b"\x09" + number.to_bytes(9, "little"),
            pickle.LONG4 + struct.pack("<I", number & 0xFFFFFFFF),
            pickle.BINUNICODE + struct.pack("<I", number & 0xFFFFFFFF),
            pickle.BINUNICODE8 + struct.pack("<Q", number),
            pickle.FRAME + struct.pack("<Q", number),
            pickle.LONG_BINPUT + struct.pack("<I", number & 0xFFFFFFFF),
            pickle.LONG_BINGET + struct.pack("<I", number & 0xFFFFFFFF),
            pickle.BINFLOAT + struct.pack(">d", float("nan")),
            pickle.PROTO + bytes([rng.randrange(256)]),
        )
    )


def damaged_members(
    data: bytes, damage: Callable[[str, bytes, random.Random], bytes]
) -> st.SearchStrategy[bytes]:
    """Returns zip archives, sums right, of which one or two members are damaged.

    Now and then one is doubled, renamed, removed or compressed.

    Args:
      data: the archive.
      damage: gives the damaged content of a member by its name and content.
    """
    return st.builds(lambda seed: _packed(random.Random(seed), data, damage), _SEEDS)


def _packed(rng: random.Random, data: bytes, damage: Callable) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(entry, archive.read(entry)) for entry in archive.infolist()]
    members = [
        (entry.filename, content, entry.compress_type) for entry, content in members
    ]
    for _ in range(rng.randint(1, 2)):
        at = rng.randrange(len(members))
        name, content, packing = members[at]
        way = rng.random()
        if way < 0.85:
            members[at] = (name, damage(name, content, rng), packing)
        elif way < 0.9:
            members.append((rng.choice(members)[0], content, packing))
        elif way < 0.95:
            members[at] = (name + rng.choice(("x", "/", "\x00")), content, packing)
        else:
            members[at] = (name, content, zipfile.ZIP_DEFLATED)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Of names that come twice.
        for name, content, packing in members:
            archive.writestr(_entry(name), content, packing)
    return made.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))


def damaged_stream(data: bytes, lengths: tuple[int, ...]) -> st.SearchStrategy[bytes]:
    """Returns streams of pickles, of which one or two are damaged.

    Args:
      data: the stream.
      lengths: of the pickles at its start.
    """

    def build(seed: int) -> bytes:
        rng, position, parts = random.Random(seed), 0, []
        chosen = {rng.randrange(len(lengths)), len(lengths) - 2}
        for index, length in enumerate(lengths):
            part = data[position : position + length]
            parts.append(damaged_pickle(part, rng) if index in chosen else part)
            position += length
        return b"".join(parts) + data[position:]

    return st.builds(build, _SEEDS)


def damaged_tensor_file(data: bytes) -> st.SearchStrategy[bytes]:
    """Returns safetensors files with values of the header, config or notes replaced."""

    def build(seed: int) -> bytes:
        rng = random.Random(seed)
        length = int.from_bytes(data[:8], "little")
        header, content = json.loads(data[8 : 8 + length]), data[8 + length :]
        text = header["__metadata__"]
        if rng.random() < 0.5:
            name = rng.choice(("config", "notes"))
            text[name] = mutations.changed_json(rng, json.loads(text[name])).decode()
            changed = json.dumps(header).encode()
        else:
            changed = mutations.changed_json(rng, header)
        return len(changed).to_bytes(8, "little") + changed + content

    return st.builds(build, _SEEDS)
