"""Pickles put together opcode by opcode, as no pickler would."""

import io
import pickle
import struct
import zipfile
from pathlib import Path


def text(value: str) -> bytes:
    data = value.encode()
    return pickle.BINUNICODE + struct.pack("<I", len(data)) + data


def name(module: str, function: str) -> bytes:
    return pickle.GLOBAL + f"{module}\n{function}\n".encode()


def integer(value: int) -> bytes:
    if -(2**31) <= value < 2**31:
        return pickle.BININT + struct.pack("<i", value)
    data = pickle.encode_long(value)
    return pickle.LONG1 + bytes([len(data)]) + data


def group(*parts: bytes) -> bytes:
    return pickle.MARK + b"".join(parts) + pickle.TUPLE


def numbers(*values: int) -> bytes:
    return group(*map(integer, values))


def storage(size: int, key: str = "0", kind: str = "FloatStorage") -> bytes:
    kinds = name("torch", kind)
    parts = (text("storage"), kinds, text(key), text("cpu"), integer(size))
    return group(*parts) + pickle.BINPERSID


def tensor(
    stored: bytes, shape: tuple, strides: tuple | None = None, offset: int = 0
) -> bytes:
    if strides is None:
        strides = tuple([1] * len(shape))
    view = (integer(offset), numbers(*shape), numbers(*strides), pickle.NEWFALSE)
    hooks = name("collections", "OrderedDict") + pickle.EMPTY_TUPLE + pickle.REDUCE
    arguments = group(stored, *view, hooks)
    return name("torch._utils", "_rebuild_tensor_v2") + arguments + pickle.REDUCE


def build(target: bytes, **attributes: bytes) -> bytes:
    """An object whose attributes are then set, as Python's unpickler does it."""
    items = b"".join(text(k) + v for k, v in attributes.items())
    state = pickle.EMPTY_DICT + pickle.MARK + items + pickle.SETITEMS
    return target + state + pickle.BUILD


def state_dict(**items: bytes) -> bytes:
    """A whole pickle of a dict."""
    filled = b"".join(text(k) + v for k, v in items.items())
    filled = pickle.MARK + filled + pickle.SETITEMS
    return b"\x80\x02" + pickle.EMPTY_DICT + filled + pickle.STOP


def archive(
    pickled: bytes,
    storages: dict[str, bytes] | None = None,
    *,
    compression: int = zipfile.ZIP_STORED,
) -> bytes:
    """The zip archive of a checkpoint."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as file:
        file.writestr("archive/data.pkl", pickled)
        for key, data in (storages or {}).items():
            file.writestr(f"archive/data/{key}", data)
    return packed.getvalue()


def save(path: Path, pickled: bytes, storages: dict[str, bytes] | None = None) -> Path:
    path.write_bytes(archive(pickled, storages))
    return path
