"""Reads torch checkpoints without torch, and without running anything in them.

Both layouts of `torch.save` are known: the zip archive, and the stream of pickles
before. The file is read once; storages are views of it, tensors are described first and
made only for the names that are wanted. What all this may cost: `limits`.
"""

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from samn_jax import files
from samn_jax.convert import limits, pickle_reader, stored_zip, torch_values
from samn_jax.convert.limits import RefusedError
from samn_jax.convert.torch_values import Storage, Tensor
from samn_jax.errors import InputError

# The first pickle of the layout before the zip archive.
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
# Where trainers put the weights inside what they save.
NESTED_IN = ("state_dict", "model_state_dict", "model", "net")
PARALLEL_PREFIX = "module."
_BYTE_ORDERS = (b"little", b"big")


@dataclasses.dataclass
class Checkpoint:
    """The named tensors of a file, and the bytes of their storages.

    Attributes:
      path: of the file.
      tensors: by torch name, without a `module.` prefix.
    """

    path: Path
    tensors: dict[str, Tensor]
    _content: "_Content"

    def arrays(self, names: Iterable[str]) -> dict[str, np.ndarray]:
        """Returns the values of tensors, as views where the file allows.

        Raises:
          InputError: a storage is missing or damaged, or the tensors together are much
            larger than the file.
        """
        wanted = {name: self.tensors[name] for name in names}
        try:
            self._content.check_size(wanted.values())
            return {name: self._content.array(x) for name, x in wanted.items()}
        except RefusedError as error:
            raise _unreadable(self.path, error) from error


@dataclasses.dataclass
class _Content:
    """What a file holds: the object that was saved, and the bytes of its storages."""

    root: Any
    data: memoryview
    storages: dict[str, memoryview]
    big_endian: bool

    def check_size(self, tensors: Iterable[Tensor]) -> None:
        """Raises RefusedError if the tensors are much larger than the file."""
        size = sum(x.size for x in tensors) * np.dtype(np.float32).itemsize
        if size > limits.WEIGHTS_FACTOR * len(self.data) + limits.WEIGHTS_BASE:
            raise RefusedError("its tensors are much larger than the file")

    def array(self, tensor: Tensor) -> np.ndarray:
        """Returns a tensor's values; numpy checks again that they lie in the bytes."""
        storage = tensor.storage
        if storage.key not in self.storages:
            raise RefusedError(f"storage {files.shown(storage.key)} is missing")
        width = storage.dtype.itemsize
        view = np.ndarray(
            tensor.shape,
            storage.dtype,
            self.storages[storage.key],
            tensor.offset * width if tensor.size else 0,
            [stride * width for stride in tensor.strides],
        )
        return np.ascontiguousarray(view).byteswap() if self.big_endian else view


def _read_zip(data: memoryview) -> _Content:
    """Returns what a zip archive holds: data.pkl and one record per storage."""
    allowance = limits.Allowance()
    records = stored_zip.records(data, allowance)
    if "data.pkl" not in records:
        raise RefusedError("a zip archive without data.pkl")
    pickled = records["data.pkl"].read(data)
    if len(pickled) > limits.PICKLE_BYTES:
        raise RefusedError("its pickle holds far more than names and shapes")
    order = b"little"
    if "byteorder" in records:
        order = bytes(records["byteorder"].read(data)[:16])
    if order not in _BYTE_ORDERS:
        raise RefusedError("its byte order is unknown")
    vocabulary = torch_values.TorchVocabulary()
    root, _ = pickle_reader.read(pickled, vocabulary, allowance)
    storages = {}
    for key, storage in vocabulary.storages.items():
        record = records.get(f"data/{key}")
        if record is not None:
            storages[key] = record.read(data)
            _check_length(storage, len(storages[key]))
    return _Content(root, data, storages, order == b"big")


def _read_legacy(data: memoryview) -> _Content:
    """Returns what a stream of pickles holds, which the raw storages follow."""
    allowance, vocabulary = limits.Allowance(), torch_values.TorchVocabulary()
    position, parts = 0, []
    for _ in range(5):
        part, length = pickle_reader.read(data[position:], vocabulary, allowance)
        parts.append(part)
        position += length
        if parts[0] != LEGACY_MAGIC:
            raise RefusedError("another kind of file")
    _, _, system, root, keys = parts
    if not isinstance(system, dict) or not isinstance(keys, list):
        raise RefusedError("another kind of pickle")
    storages = {}
    for key in keys:
        storage = vocabulary.storages.get(key) if isinstance(key, str) else None
        size = int.from_bytes(data[position : position + 8], "little")
        if storage is None or size != storage.size or key in storages:
            raise RefusedError(f"storage {files.shown(key)} is another than described")
        start = position + 8
        position = start + size * storage.dtype.itemsize
        storages[key] = data[start:position]
        _check_length(storage, len(storages[key]))
    big_endian = system.get("little_endian", True) is False
    return _Content(root, data, storages, big_endian)


def _check_length(storage: Storage, length: int) -> None:
    """Raises RefusedError if a storage has not the bytes that it is said to have."""
    if length != storage.size * storage.dtype.itemsize:
        raise RefusedError(f"storage {files.shown(storage.key)} has another size")


def read_checkpoint(path: str | Path) -> Checkpoint:
    """Returns the named tensors of what `torch.save` wrote, none of them made yet.

    Raises:
      InputError: the file is missing, cut off, no checkpoint, holds anything but plain
        containers, numbers and tensors, or no named tensors.
    """
    path = Path(path)
    data = memoryview(files.read_bytes(path, "torch checkpoint"))
    try:
        zipped = data[:4] == stored_zip.LOCAL_SIGNATURE
        content = _read_zip(data) if zipped else _read_legacy(data)
        tensors = _named_tensors(content.root)
    except RefusedError as error:
        raise _unreadable(path, error) from error
    if not tensors:
        raise InputError(
            f"{files.shown(path)} holds no named tensors: save model.state_dict()"
        )
    return Checkpoint(path, tensors, content)


def read_state(path: str | Path) -> dict[str, np.ndarray]:
    """Returns all weights of a checkpoint by torch name.

    Raises:
      InputError: as `read_checkpoint` and `Checkpoint.arrays`.
    """
    checkpoint = read_checkpoint(path)
    return checkpoint.arrays(checkpoint.tensors)


def _named_tensors(state: Any) -> dict[str, Tensor]:
    """Returns the tensors of a state dict, or of the one that a trainer saved."""
    for name in NESTED_IN:
        if isinstance(state, dict) and isinstance(state.get(name), dict):
            state = state[name]
            break
    tensors: dict[str, Tensor] = {}
    for name, value in state.items() if isinstance(state, dict) else ():
        if not isinstance(value, Tensor):
            continue
        name = name.removeprefix(PARALLEL_PREFIX)
        if name in tensors:
            raise RefusedError(f"two tensors are named {files.shown(name)}")
        tensors[name] = value
    return tensors


def _unreadable(path: Path, reason: RefusedError) -> InputError:
    """Returns the error of one line for a file that can't be used."""
    return InputError(
        f"{files.shown(path)} cannot be read as a torch checkpoint "
        f"({files.shown(reason)}): it may be cut off, or hold more than weights; save "
        "model.state_dict() and try that"
    )
