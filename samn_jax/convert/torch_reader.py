"""Reads torch checkpoints without torch, and without running anything in them.

A checkpoint is a pickle, which may call any function it can name. This reader gives
names a meaning from a closed list, imports nothing, and refuses every other name. It
knows both layouts of `torch.save`: the zip archive, and the stream of pickles before.
"""

import collections
import dataclasses
import math
import pickle
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import ml_dtypes
import numpy as np

from samn_jax.errors import InputError

# The first pickle of the layout before the zip archive.
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
# Where trainers put the weights inside what they save.
NESTED_IN = ("state_dict", "model_state_dict", "model", "net")
PARALLEL_PREFIX = "module."
# Elements of a tensor that has more of them than its storage.
MOST_REPEATED = 2**24

STORAGE_DTYPES = {
    "FloatStorage": np.float32,
    "DoubleStorage": np.float64,
    "HalfStorage": np.float16,
    "BFloat16Storage": ml_dtypes.bfloat16,
    "LongStorage": np.int64,
    "IntStorage": np.int32,
    "ShortStorage": np.int16,
    "CharStorage": np.int8,
    "ByteStorage": np.uint8,
    "BoolStorage": np.bool_,
}


@dataclasses.dataclass(frozen=True)
class StorageType:
    """Stands for a class such as torch.FloatStorage."""

    dtype: np.dtype


class Storage:
    """The flat array that tensors are views of; `array` may be filled in later."""

    def __init__(self, dtype: np.dtype, size: int) -> None:
        self.dtype = dtype
        self.size = size
        self.array: np.ndarray | None = None


class Opaque:
    """Stands for an object that is no weight: it takes everything and keeps nothing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        del args, kwargs

    def __setstate__(self, state: Any) -> None:
        del state


class Tensor:
    """A view of a storage, by offset, shape and strides in elements."""

    def __init__(
        self, storage: Storage, offset: int, shape: tuple, strides: tuple, *_: Any
    ) -> None:
        fits = isinstance(storage, Storage) and len(shape) == len(strides)
        if not fits or not all(type(n) is int and n >= 0 for n in (*shape, *strides)):
            raise pickle.UnpicklingError("a tensor's description makes no sense")
        steps = sum((n - 1) * s for n, s in zip(shape, strides, strict=True))
        last = offset + steps if 0 not in shape else -1
        # Strides of 0 repeat elements: without a limit few bytes could fill the memory.
        most = max(storage.size, MOST_REPEATED)
        if offset < 0 or last >= storage.size or math.prod(shape) > most:
            raise pickle.UnpicklingError("a tensor reaches past its storage")
        self.storage, self.offset = storage, offset
        self.shape, self.strides = shape, strides

    def __setstate__(self, state: Any) -> None:
        del state

    def numpy(self) -> np.ndarray:
        """Returns the tensor's values as a contiguous array."""
        flat = self.storage.array
        if flat is None:
            raise pickle.UnpicklingError("a tensor's storage is missing")
        strides = tuple(s * flat.itemsize for s in self.strides)
        view = np.lib.stride_tricks.as_strided(
            flat[self.offset :], self.shape, strides, writeable=False
        )
        return np.ascontiguousarray(view).reshape(self.shape)


def _parameter(data: Tensor, *_: Any) -> Tensor:
    """Returns the tensor that a torch.nn.Parameter wraps."""
    return data


def _size(*args: Any) -> tuple:
    """Returns a torch.Size as the tuple it is."""
    return tuple(*args)


NAMES: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("torch", "Size"): _size,
    ("torch._utils", "_rebuild_tensor"): Tensor,
    ("torch._utils", "_rebuild_tensor_v2"): Tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    # What trainers save beside the weights.
    ("argparse", "Namespace"): Opaque,
    ("_codecs", "encode"): Opaque,
    ("numpy", "dtype"): Opaque,
    ("numpy.core.multiarray", "scalar"): Opaque,
    ("numpy._core.multiarray", "scalar"): Opaque,
    ("torch", "device"): Opaque,
}
NAMES |= {
    ("torch", name): StorageType(np.dtype(dtype))
    for name, dtype in STORAGE_DTYPES.items()
}


class Unpickler(pickle.Unpickler):
    """A pickle.Unpickler that knows the names of `NAMES` and no others."""

    def __init__(self, file: BinaryIO, storage: Callable[..., Storage]) -> None:
        super().__init__(file, encoding="latin1")
        self._storage = storage

    def find_class(self, module: str, name: str) -> Any:
        """Returns the stand-in of a name; nothing is imported."""
        if (module, name) not in NAMES:
            raise pickle.UnpicklingError(
                f"it names {module}.{name}, no part of weights"
            )
        return NAMES[module, name]

    def persistent_load(self, pid: Any) -> Storage:
        """Returns the storage that a persistent id describes."""
        kind, storage_type, key, _, size, *view = pid
        if kind != "storage" or not isinstance(storage_type, StorageType):
            raise pickle.UnpicklingError(f"it refers to a {kind!r}")
        if view and view[0] is not None:
            raise pickle.UnpicklingError("it has views of storages (torch before 0.4)")
        if type(size) is not int or size < 0:
            raise pickle.UnpicklingError("a storage's size makes no sense")
        return self._storage(str(key), storage_type.dtype, size)


def _no_storage(*_: Any) -> Storage:
    raise pickle.UnpicklingError("a storage where there can be none")


def _read_zip(path: Path) -> Any:
    """Returns the object in a zip archive: data.pkl and one record per storage."""
    with zipfile.ZipFile(path) as archive:
        records = {name.partition("/")[2]: name for name in archive.namelist()}
        if "data.pkl" not in records:
            raise pickle.UnpicklingError("a zip archive without data.pkl")
        order = "little"
        if "byteorder" in records:
            order = archive.read(records["byteorder"]).decode("ascii")
        storages: dict[str, Storage] = {}

        def storage(key: str, dtype: np.dtype, size: int) -> Storage:
            if key not in storages:
                storages[key] = found = Storage(dtype, size)
                info = archive.getinfo(records[f"data/{key}"])
                if info.file_size != size * dtype.itemsize:
                    raise pickle.UnpicklingError(f"storage {key} has another size")
                found.array = _as_array(archive.read(info), dtype, order)
            return storages[key]

        with archive.open(records["data.pkl"]) as file:
            return Unpickler(file, storage).load()


def _read_legacy(file: BinaryIO) -> Any:
    """Returns the object in a stream of pickles, which the raw storages follow."""
    storages: dict[str, Storage] = {}

    def storage(key: str, dtype: np.dtype, size: int) -> Storage:
        return storages.setdefault(key, Storage(dtype, size))

    def load() -> Any:
        return Unpickler(file, _no_storage).load()

    magic, _, system = load(), load(), load()
    if magic != LEGACY_MAGIC or not isinstance(system, dict):
        raise pickle.UnpicklingError("another kind of pickle")
    order = "little" if system.get("little_endian", True) else "big"
    result = Unpickler(file, storage).load()
    for key in map(str, load()):
        size = int.from_bytes(file.read(8), "little")
        found = storages.get(key)
        if found is None or found.size != size:
            raise pickle.UnpicklingError(f"storage {key} has another size")
        data = file.read(size * found.dtype.itemsize)
        if len(data) != size * found.dtype.itemsize:
            raise EOFError(f"storage {key} ends early")
        found.array = _as_array(data, found.dtype, order)
    return result


def _as_array(data: bytes, dtype: np.dtype, order: str) -> np.ndarray:
    """Returns raw bytes of the given byte order as a flat array."""
    array = np.frombuffer(data, dtype)
    return array if order == sys.byteorder else array.byteswap()


def read_object(path: str | Path) -> Any:
    """Returns what `torch.save` wrote, tensors as `Tensor`.

    Raises:
      InputError: the file is missing, cut off, no checkpoint, or holds anything but
        plain containers, numbers and tensors.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path} does not exist: give a torch checkpoint (.pth, .tar)")
    try:
        if zipfile.is_zipfile(path):
            return _read_zip(path)
        with path.open("rb") as file:
            return _read_legacy(file)
    except Exception as error:  # a damaged pickle can raise nearly anything
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"{path} cannot be read as a torch checkpoint ({reason}): it may be cut "
            "off, or hold more than weights; save model.state_dict() and try that"
        ) from error


def read_state(path: str | Path) -> dict[str, np.ndarray]:
    """Returns the weights of a checkpoint by torch name, without a `module.` prefix.

    Raises:
      InputError: as `read_object`; or there are no named tensors.
    """
    state = read_object(path)
    for name in NESTED_IN:
        if isinstance(state, dict) and isinstance(state.get(name), dict):
            state = state[name]
            break
    tensors = state.items() if isinstance(state, dict) else ()
    try:
        arrays = {
            name.removeprefix(PARALLEL_PREFIX): value.numpy()
            for name, value in tensors
            if isinstance(name, str) and isinstance(value, Tensor)
        }
    except pickle.UnpicklingError as error:
        raise InputError(f"{path} is incomplete ({error}): fetch it again") from error
    if not arrays:
        raise InputError(f"{path} holds no named tensors: save model.state_dict()")
    return arrays
