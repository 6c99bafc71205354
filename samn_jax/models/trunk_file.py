"""The compact network's trunk from an .npz file of folded weights.

Arrays are named `stem_w`, `stem_b`, `b00_dw_w`, `b00_project_b`, ...: 1×1 weights in
(1, 1, in, out), depthwise weights in (k, k, 1, C). What the network has says what is
read: a file has these names in these shapes, or is refused before it takes memory.
"""

import io
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import flax.traverse_util as traverse
import jax.numpy as jnp
import numpy as np

from samn_jax import files
from samn_jax.errors import InputError
from samn_jax.models import weights

_KINDS = {"kernel": "w", "bias": "b"}
_SUFFIX = ".npy"
_WIDEST = 8  # bytes of a float64
_MOST_HEADER_BYTES = 1024
_DIRECTORY_ENTRY = b"PK\x01\x02"
_ENCRYPTED = 1
# An .npy file of version 1 or 2, as numpy writes them.
_MAGIC = (b"\x93NUMPY\x01\x00", b"\x93NUMPY\x02\x00")
_LENGTH_BYTES = (2, 4)
_HEADER = re.compile(
    rb"\{'descr': '([<>]f[248])', 'fortran_order': (True|False), "
    rb"'shape': \(((?:\d{1,9}, ?)*(?:\d{1,9})?)\), \} *\n"
)
_DAMAGE = (
    *(OSError, ValueError, EOFError, RuntimeError, NotImplementedError, struct.error),
    *(zipfile.BadZipFile, zlib.error),
)


def read_trunk(
    path: str | Path, wanted: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Returns the trunk's parameters, in the structure and shapes of `wanted`.

    Args:
      path: of the .npz file.
      wanted: the parameters of such a trunk, or anything with their shapes.

    Raises:
      InputError: the file is missing or damaged, lacks a weight or has one too many, or
        one is not finite.
    """
    path = Path(path)
    flat = traverse.flatten_dict(dict(wanted))
    shapes = {_name(p): _stored_shape(p, x.shape) for p, x in flat.items()}
    try:
        arrays = _read(path, shapes)
    except InputError:
        raise
    except _DAMAGE as error:
        raise InputError(
            f"{files.shown(path)} can't be read as the weights of a trunk "
            f"({files.shown(error)}): give the .npz of this network"
        ) from error
    return traverse.unflatten_dict(
        {
            p: jnp.asarray(
                weights.as_float32(arrays[_name(p)], path, _name(p)).reshape(x.shape)
            )
            for p, x in flat.items()
        }
    )


def _name(path: tuple[str, ...]) -> str:
    """Returns the file's name of a parameter: `b00`, `dw`, `kernel` → `b00_dw_w`."""
    return "_".join((*path[:-1], _KINDS[path[-1]]))


def _stored_shape(path: tuple[str, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Returns the shape that a parameter has in the file."""
    if path[-1] == "bias" or len(shape) == 4:
        return shape
    return (*shape[:2], 1, shape[2]) if path[-2] == "dw" else (1, 1, *shape)


def _read(path: Path, shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Returns the arrays of the shapes.

    Raises:
      InputError: names or shapes are others.
      ValueError, ...: the file is damaged, see `_DAMAGE`.
    """
    sizes = {name: _WIDEST * math.prod(shape) for name, shape in shapes.items()}
    files.check_file(path, "trunk")
    if path.stat().st_size > 2 * sum(sizes.values()) + 2**20:
        raise ValueError("it is far larger than a trunk")
    data = path.read_bytes()
    if data.count(_DIRECTORY_ENTRY) > 2 * len(shapes) + 16:
        raise ValueError("it has far more arrays than a trunk")
    arrays: dict[str, np.ndarray] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in archive.infolist():
            name = entry.filename.removesuffix(_SUFFIX)
            if name not in shapes or name in arrays:
                raise ValueError(f"its {files.shown(name)} is one too many")
            plain = entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
            if not plain or entry.flag_bits & _ENCRYPTED:
                raise ValueError("an array is packed in another way than numpy's")
            with archive.open(entry) as file:
                content = file.read(sizes[name] + _MOST_HEADER_BYTES)
            arrays[name] = _parse(content)
    weights.check_shapes(path, shapes, {k: x.shape for k, x in arrays.items()})
    return arrays


def _parse(content: bytes) -> np.ndarray:
    """Returns the array of an .npy file, a view of its bytes.

    Raises:
      ValueError: it is damaged, holds no floating-point numbers, or has more or fewer
        bytes than its header says.
    """
    if content[:8] not in _MAGIC:
        raise ValueError("an array is of an unknown format")
    start = 8 + _LENGTH_BYTES[_MAGIC.index(content[:8])]
    length = int.from_bytes(content[8:start], "little")
    header = _HEADER.fullmatch(content[start : start + length])
    if length > _MOST_HEADER_BYTES or header is None:
        raise ValueError("an array holds no floating-point numbers, or is damaged")
    code, fortran, axes = header.groups()
    dtype = np.dtype(code.decode())
    shape = tuple(int(n) for n in axes.split(b",") if n.strip())
    if dtype.itemsize * math.prod(shape) != len(content) - start - length:
        raise ValueError("an array has another size than its header says")
    order: Literal["F", "C"] = "F" if fortran == b"True" else "C"
    return np.ndarray(shape, dtype, content, start + length, order=order)
