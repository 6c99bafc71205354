"""What the names in a torch checkpoint mean: storages, and tensors as views of them."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np

from samn_jax import files
from samn_jax.convert import limits, pickle_reader
from samn_jax.convert.limits import RefusedError
from samn_jax.convert.pickle_reader import Name

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
_MOST_AXES = 16
_LARGEST = 2**40  # elements along an axis, or between two of them
_RECORD_BYTES = 512  # counted for a storage or a tensor with its numbers


@dataclasses.dataclass(frozen=True, slots=True)
class Storage:
    """A flat array of the file, which tensors are views of."""

    key: str
    dtype: np.dtype
    size: int  # elements


@dataclasses.dataclass(frozen=True, slots=True)
class Tensor:
    """A view of a storage; offset and strides are in elements, all within it."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def size(self) -> int:
        """Returns the number of elements."""
        return math.prod(self.shape)


def _tensor(args: tuple, allowance: limits.Allowance) -> Tensor:
    """Returns the view that the arguments of torch's `_rebuild_tensor` describe.

    Raises:
      RefusedError: they are of other kinds, or reach past the storage.
    """
    allowance.spend(_RECORD_BYTES)
    storage, offset, shape, strides = args[:4] if len(args) >= 4 else (None,) * 4
    if not (
        isinstance(storage, Storage)
        and _is_size(offset)
        and _are_sizes(shape)
        and _are_sizes(strides)
        and len(shape) == len(strides)
    ):
        raise RefusedError("a tensor's description makes no sense")
    # Strides along axes of one element say nothing.
    strides = tuple(s if n > 1 else 0 for n, s in zip(shape, strides, strict=True))
    last = offset + sum((n - 1) * s for n, s in zip(shape, strides, strict=True))
    if 0 not in shape and last >= storage.size:
        raise RefusedError("a tensor reaches past its storage")
    return Tensor(storage, offset, shape, strides)


def _is_size(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _LARGEST


def _are_sizes(values: Any) -> bool:
    short = isinstance(values, tuple) and len(values) <= _MOST_AXES
    return short and all(map(_is_size, values))


def _parameter(args: tuple, allowance: limits.Allowance) -> Tensor:
    """Returns the tensor that a torch.nn.Parameter wraps."""
    del allowance
    if not args or not isinstance(args[0], Tensor):
        raise RefusedError("a parameter that is no tensor")
    return args[0]


def _shape(args: tuple, allowance: limits.Allowance) -> tuple:
    """Returns a torch.Size as the tuple it is."""
    del allowance
    if len(args) != 1 or not _are_sizes(args[0]):
        raise RefusedError("a tensor's shape makes no sense")
    return args[0]


def _ordered_dict(args: tuple, allowance: limits.Allowance) -> dict:
    """Returns a collections.OrderedDict, empty or of pairs, as a dict."""
    pairs = args[0] if args else []
    if len(args) > 1 or not isinstance(pairs, list):
        raise RefusedError("a dict that is made in another way")
    if not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs):
        raise RefusedError("a dict that is made in another way")
    made: dict = {}
    pickle_reader.fill(made, pairs, allowance)
    return made


def _opaque(args: tuple, allowance: limits.Allowance) -> Any:
    del args, allowance
    return pickle_reader.OPAQUE


_CALLS: dict[Name, Callable[[tuple, limits.Allowance], Any]] = {
    Name("collections", "OrderedDict"): _ordered_dict,
    Name("torch", "Size"): _shape,
    Name("torch._utils", "_rebuild_tensor"): _tensor,
    Name("torch._utils", "_rebuild_tensor_v2"): _tensor,
    Name("torch._utils", "_rebuild_parameter"): _parameter,
}
# What trainers save beside the weights.
_CALLS |= dict.fromkeys(
    (
        Name("argparse", "Namespace"),
        Name("pathlib", "PosixPath"),
        Name("_codecs", "encode"),
        Name("numpy", "dtype"),
        Name("numpy.core.multiarray", "scalar"),
        Name("numpy._core.multiarray", "scalar"),
        Name("torch", "device"),
        *(
            Name(module, kind)
            for module in ("builtins", "__builtin__")
            for kind in ("set", "frozenset", "bytearray")
        ),
    ),
    _opaque,
)
_STORAGES = {
    Name("torch", name): np.dtype(dtype) for name, dtype in STORAGE_DTYPES.items()
}


class TorchVocabulary:
    """The names that weights need, and the storages found so far, by their key."""

    def __init__(self) -> None:
        self.storages: dict[str, Storage] = {}

    def check(self, name: Name) -> None:
        """Does nothing for a name that weights need.

        Raises:
          RefusedError: for any other.
        """
        if name not in _CALLS and name not in _STORAGES:
            raise RefusedError(f"it names {files.shown('.'.join(name))}, no weights")

    def call(self, name: Name, args: tuple, allowance: limits.Allowance) -> Any:
        """Returns what a call stands for.

        Raises:
          RefusedError: the name can't be called, or not with such arguments.
        """
        if name not in _CALLS:
            raise RefusedError(f"it calls {files.shown('.'.join(name))}, no function")
        return _CALLS[name](args, allowance)

    def persistent(self, pid: Any, allowance: limits.Allowance) -> Storage:
        """Returns the storage that a persistent id describes.

        Raises:
          RefusedError: it describes another thing, or one key as two storages.
        """
        if not isinstance(pid, tuple) or not 5 <= len(pid) <= 6:
            raise RefusedError("it refers to what is no storage")
        kind, named, key, _, size, *view = pid
        dtype = _STORAGES.get(named) if isinstance(named, Name) else None
        if kind != "storage" or dtype is None or type(key) not in (str, int):
            raise RefusedError("it refers to what is no storage")
        if view and view[0] is not None:
            raise RefusedError("it has views of storages (torch before 0.4)")
        if not _is_size(size):
            raise RefusedError("a storage's size makes no sense")
        allowance.spend(_RECORD_BYTES)
        found = Storage(str(key), dtype, size)
        if self.storages.setdefault(found.key, found) != found:
            raise RefusedError(f"storage {files.shown(key)} is two")
        return self.storages[found.key]
