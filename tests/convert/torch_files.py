"""Files laid out as `torch.save` writes them, made without torch."""

import collections
import dataclasses
import io
import pickle
import sys
import types
import zipfile
from collections.abc import Callable
from pathlib import Path

import ml_dtypes
import numpy as np

STORAGES = {
    np.dtype(np.float32): "FloatStorage",
    np.dtype(np.float16): "HalfStorage",
    np.dtype(ml_dtypes.bfloat16): "BFloat16Storage",
    np.dtype(np.int64): "LongStorage",
}


def fake_torch() -> dict[str, types.ModuleType]:
    """Returns modules with the names that a pickled tensor refers to."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for name in STORAGES.values():
        setattr(torch, name, type(name, (), {"__module__": "torch"}))

    def _rebuild_tensor_v2(*_):
        raise AssertionError("a pickle is only written here")

    _rebuild_tensor_v2.__module__ = "torch._utils"
    _rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2
    return {"torch": torch, "torch._utils": utils}


@dataclasses.dataclass
class Stored:
    """A storage of the file."""

    key: str
    array: np.ndarray


@dataclasses.dataclass
class View:
    """A tensor: a view of a storage, in elements."""

    storage: Stored
    offset: int
    shape: tuple
    strides: tuple

    def __reduce__(self):
        rebuild = sys.modules["torch._utils"]._rebuild_tensor_v2
        hooks = collections.OrderedDict()
        args = (self.storage, self.offset, self.shape, self.strides, False, hooks)
        return rebuild, args


def tensor(array: np.ndarray, key: str) -> View:
    strides = tuple(s // array.itemsize for s in array.strides)
    return View(Stored(key, array.ravel()), 0, array.shape, strides)


def tensors(arrays: dict[str, np.ndarray]) -> collections.OrderedDict:
    items = enumerate(arrays.items())
    return collections.OrderedDict((n, tensor(a, str(i))) for i, (n, a) in items)


class Pickler(pickle.Pickler):
    """Writes storages as persistent ids and remembers them."""

    def __init__(self, file, legacy: bool) -> None:
        super().__init__(file, protocol=2)
        self.legacy = legacy
        self.stored: dict[str, np.ndarray] = {}

    def persistent_id(self, obj):
        if not isinstance(obj, Stored):
            return None
        self.stored[obj.key] = obj.array
        kind = getattr(sys.modules["torch"], STORAGES[obj.array.dtype])
        pid = ("storage", kind, obj.key, "cpu", obj.array.size)
        return (*pid, None) if self.legacy else pid


def save_zip(path: Path, content: object) -> None:
    data = io.BytesIO()
    pickler = Pickler(data, legacy=False)
    pickler.dump(content)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", data.getvalue())
        archive.writestr("archive/byteorder", "little")
        for key, array in pickler.stored.items():
            archive.writestr(f"archive/data/{key}", array.tobytes())
        archive.writestr("archive/version", "3\n")


def save_legacy(path: Path, content: object) -> None:
    with path.open("wb") as file:
        system = {"protocol_version": 1001, "little_endian": True}
        for part in (0x1950A86A20F9469CFC6C, 1001, system):
            pickle.dump(part, file, protocol=2)
        pickler = Pickler(file, legacy=True)
        pickler.dump(content)
        pickle.dump(sorted(pickler.stored), file, protocol=2)
        for key in sorted(pickler.stored):
            array = pickler.stored[key]
            file.write(array.size.to_bytes(8, "little") + array.tobytes())


SAVERS: dict[str, Callable] = {"zip": save_zip, "legacy": save_legacy}
