"""Named arrays and text in one file, in the safetensors format.

The format's library writes the text in another order each time; equal content is to
give equal bytes here. A file is not trusted: its header is checked whole before an
array is read, and an array is read only when asked for.

https://huggingface.co/docs/safetensors/index#format
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeGuard

import ml_dtypes
import numpy as np

from samn_jax import files
from samn_jax.errors import InputError

# A header may take some fifty times its length once it is parsed.
MOST_HEADER_BYTES = 2**20
_TEXT = "__metadata__"
_ALIGNMENT = 8
_MOST_AXES = 16
_LARGEST = 2**40
_DTYPES = {
    "F64": np.dtype(np.float64),
    "I64": np.dtype(np.int64),
    "U64": np.dtype(np.uint64),
    "F32": np.dtype(np.float32),
    "I32": np.dtype(np.int32),
    "U32": np.dtype(np.uint32),
    "F16": np.dtype(np.float16),
    "BF16": np.dtype(ml_dtypes.bfloat16),
    "I16": np.dtype(np.int16),
    "U16": np.dtype(np.uint16),
    "I8": np.dtype(np.int8),
    "U8": np.dtype(np.uint8),
    "BOOL": np.dtype(np.bool_),
}
_CODES = {dtype: code for code, dtype in _DTYPES.items()}


class _Entry(NamedTuple):
    """One array of a file: its bytes are [start, stop) after the header."""

    dtype: np.dtype
    shape: tuple[int, ...]
    start: int
    stop: int


class TensorFile(NamedTuple):
    """The header of a file, which the arrays are read by.

    Attributes:
      path: of the file.
      metadata: its text, by name.
      entries: its arrays, by name.
      content: where the first array begins, in bytes.
    """

    path: Path
    metadata: dict[str, str]
    entries: dict[str, _Entry]
    content: int

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Returns the shape of each array."""
        return {name: entry.shape for name, entry in self.entries.items()}

    def read(self, name: str) -> np.ndarray:
        """Returns one array.

        Raises:
          InputError: the file is not as it was when its header was read.
        """
        entry = self.entries[name]
        count = math.prod(entry.shape)
        try:
            with self.path.open("rb") as file:
                file.seek(self.content + entry.start)
                flat = np.fromfile(file, entry.dtype, count)
        except OSError as error:
            raise _damaged(self.path, error.strerror or str(error)) from error
        if flat.size != count:
            raise _damaged(self.path, "it became shorter")
        return flat.reshape(entry.shape)


def open_file(path: Path) -> TensorFile:
    """Returns the checked header of a file.

    Raises:
      InputError: it can't be read, or is damaged.
    """
    files.check_file(path)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            header = _read_header(file, size)
        content = size - sum(entry.stop - entry.start for entry in header[1].values())
    except OSError as error:
        raise _damaged(path, error.strerror or str(error)) from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path, files.shown(error)) from error
    return TensorFile(path, *header, content)


def _damaged(path: Path, reason: str) -> InputError:
    return InputError(
        f"{files.shown(path)} is damaged, or no safetensors file ({reason}): copy it "
        "again"
    )


def _read_header(file: BinaryIO, size: int) -> tuple[dict[str, str], dict[str, _Entry]]:
    """Returns text and arrays that the header tells of.

    Raises:
      ValueError: it is damaged; says how.
    """
    length = int.from_bytes(file.read(8), "little")
    if size < 8 or length > min(size - 8, MOST_HEADER_BYTES):
        raise ValueError("its header is cut off or too long")
    header = json.loads(file.read(length), object_pairs_hook=_unique)
    if not isinstance(header, dict):
        raise ValueError("its header is no JSON object")
    metadata = header.pop(_TEXT, {})
    if not isinstance(metadata, dict) or not all(
        isinstance(text, str) for text in metadata.values()
    ):
        raise ValueError("its text is no text")
    entries = {name: _entry(name, value) for name, value in header.items()}
    position = 0
    for entry in sorted(entries.values(), key=lambda entry: entry[2:]):
        if entry.start != position:
            raise ValueError("its arrays overlap or leave gaps")
        position = entry.stop
    if 8 + length + position != size:
        raise ValueError("its arrays end elsewhere than the file")
    return metadata, entries


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name comes twice")
    return made


def _entry(name: str, value: Any) -> _Entry:
    """Returns what the header says of one array.

    Raises:
      ValueError: it makes no sense.
    """
    given = value if isinstance(value, dict) else {}
    code, shape, span = (
        given.get("dtype"),
        given.get("shape"),
        given.get("data_offsets"),
    )
    if not isinstance(code, str) or code not in _DTYPES:
        raise ValueError(f"{name} is of a type that is unknown")
    if not _are_sizes(shape) or not _are_sizes(span) or len(span) != 2:
        raise ValueError(f"{name} has a shape or place that makes no sense")
    entry = _Entry(_DTYPES[code], tuple(shape), span[0], span[1])
    if entry.stop - entry.start != math.prod(entry.shape) * entry.dtype.itemsize:
        raise ValueError(f"{name} has a shape of another size than its bytes")
    return entry


def _are_sizes(values: Any) -> TypeGuard[list[int]]:
    return (
        isinstance(values, list)
        and len(values) <= _MOST_AXES
        and all(type(n) is int and 0 <= n <= _LARGEST for n in values)
    )


def write_file(
    path: Path, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]
) -> None:
    """Writes a file in one step; equal content gives equal bytes.

    Args:
      path: where to.
      arrays: by name, other than `__metadata__`.
      metadata: text by name.

    Raises:
      InputError: it can't be written.
    """
    # The widest first, so that each begins at a multiple of its width.
    names = sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, name))
    header: dict[str, Any] = {_TEXT: dict(sorted(metadata.items()))}
    position = 0
    for name in names:
        array = arrays[name]
        span = [position, position + array.nbytes]
        code = _CODES[array.dtype.newbyteorder("=")]
        header[name] = {"dtype": code, "shape": array.shape, "data_offsets": span}
        position = span[1]
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    if len(text) > MOST_HEADER_BYTES:
        raise InputError(f"{files.shown(path)}: its notes are too long: shorten them")
    with files.whole_file(path) as partial, partial.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in names:
            little = arrays[name].astype(arrays[name].dtype.newbyteorder("<"))
            file.write(little.tobytes())
