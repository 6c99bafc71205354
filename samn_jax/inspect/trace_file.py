"""Trace files: a video's trace as .npz, read without pickle and with suspicion."""

import io
import json
import math
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from samn_jax import files
from samn_jax.errors import InputError
from samn_jax.inspect.record import NamedTrace, ObjectTrace, VideoTrace

FORMAT = "samn_jax trace 1"
_TEXTS = ("video", "design", "settings")
# Bytes of all arrays, unpacked: what is made of a few is no trace. Each tracked frame
# has a picture, which doesn't get smaller; masks of it may, a thousandfold.
_MOST_BYTES, _MOST_TIMES = 2**26, 100
_MOST_SIDE = 2**15  # pixels of a frame
_MOST_OBJECTS = 1000
_REASONS = 64
_PICTURES = {"frame": ("i4", "K"), "end": ("i8", "K"), "jpeg": ("u1", "B")}
# Type and axes of each array: equal letters are equal lengths.
_FORMS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("given", "found", "certain", "distractor"), ("?", "F")),
    **dict.fromkeys(("confidence", "uncertainty", "area", "region"), ("f4", "F")),
    **dict.fromkeys(("target_entropy", "entropy"), ("f4", "F")),
    **dict.fromkeys(("frame", "reason", "slot", "forgotten", "held_end"), ("i4", "F")),
    **dict.fromkeys(("crop", "response_crop"), ("f4", "F3")),
    "response": ("f2", "FRR"),
    **dict.fromkeys(("mask", "truth"), ("u1", "Fhb")),
    **dict.fromkeys(("held_slot", "held_rows", "held_frame"), ("i4", "M")),
    "held_given": ("?", "M"),
    **dict.fromkeys(("held_target", "held_mass"), ("f4", "M")),
}


def save(path: Path, trace: VideoTrace) -> None:
    """Writes a trace in one step.

    Raises:
      InputError: it can't be written.
    """
    with files.whole_file(path) as partial, partial.open("wb") as file:
        write(file, trace)


def write(file: BinaryIO, trace: VideoTrace) -> None:
    """Writes a trace into an open file; equal ones give equal bytes."""
    told = {
        "format": FORMAT,
        **{name: getattr(trace, name) for name in _TEXTS},
        "size_hw": trace.size_hw,
        "small_hw": trace.small_hw,
        "objects": [one.name for one in trace.objects],
    }
    jpegs = [trace.pictures[index] for index in sorted(trace.pictures)]
    arrays: dict[str, Any] = {
        "about": np.frombuffer(json.dumps(told).encode(), np.uint8),
        "pictures/frame": np.array(sorted(trace.pictures), np.int32),
        "pictures/end": np.cumsum([len(x) for x in jpegs], dtype=np.int64),
        "pictures/jpeg": np.frombuffer(b"".join(jpegs), np.uint8),
    }
    for number, one in enumerate(trace.objects):
        for name, array in one.trace._asdict().items():
            arrays[f"objects/{number}/{name}"] = array.astype(_FORMS[name][0])
    np.savez_compressed(file, **arrays)


def load(path: Path) -> VideoTrace:
    """Returns the trace that a file holds.

    Raises:
      InputError: the file is missing, none of these, or damaged.
    """
    content = io.BytesIO(files.read_bytes(path, "trace"))
    try:
        with zipfile.ZipFile(content) as archive:
            entries = archive.infolist()
            size = sum(entry.file_size for entry in entries)
            most = _MOST_BYTES + _MOST_TIMES * len(content.getbuffer())
            _require(size <= most, "it would take too much memory")
            for entry in entries:
                _check_header(archive, entry)
        content.seek(0)
        with np.load(content, allow_pickle=False) as arrays:
            return _read(arrays)
    except (
        OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError,
        OverflowError, NotImplementedError, SyntaxError, zlib.error,
        zipfile.BadZipFile,
    ) as error:  # fmt: skip
        reason = str(error) if isinstance(error, _Damage) else "it is cut or none"
        raise InputError(
            f"{files.shown(path)} is no {FORMAT} file, or damaged "
            f"({files.shown(reason)}): make it again with --trace"
        ) from error


def _check_header(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Makes sure that an array is as large as its entry, before room is made for it."""
    with archive.open(entry) as file:
        _require(np.lib.format.read_magic(file) == (1, 0), "an array of another format")
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        _require(not dtype.hasobject, "an array of objects")
        size = math.prod(shape) * dtype.itemsize
        is_whole = min(shape, default=0) >= 0 and size == entry.file_size - file.tell()
        _require(is_whole, "an array has another size")


class _Damage(ValueError):
    """What is wrong with a file."""


def _require(good: bool, reason: str) -> None:
    if not good:
        raise _Damage(reason)


def _read(arrays: Any) -> VideoTrace:
    about = json.loads(bytes(_array(arrays, "about", ("u1", "B"), {})))
    _require(isinstance(about, dict) and about.get("format") == FORMAT, "other format")
    texts = {name: about[name] for name in _TEXTS}
    names = about["objects"]
    _require(isinstance(names, list), "its names")
    _require(all(isinstance(x, str) for x in (*texts.values(), *names)), "its names")
    _require(len(names) <= _MOST_OBJECTS, "too many objects")
    small_hw = _size(about["small_hw"])
    pictures = _read_pictures(arrays)
    objects = tuple(
        NamedTrace(name, _read_object(arrays, number, small_hw))
        for number, name in enumerate(names)
    )
    shape: dict[str, Any] = {"size_hw": _size(about["size_hw"]), "small_hw": small_hw}
    return VideoTrace(**texts, **shape, pictures=pictures, objects=objects)


def _size(value: Any) -> tuple[int, int]:
    good = isinstance(value, list) and len(value) == 2
    good = good and all(type(x) is int and 0 < x <= _MOST_SIDE for x in value)
    _require(good, "a size is impossible")
    return value[0], value[1]


def _read_pictures(arrays: Any) -> dict[int, bytes]:
    lengths: dict[str, int] = {}
    found = {
        name: _array(arrays, f"pictures/{name}", form, lengths)
        for name, form in _PICTURES.items()
    }
    ends, jpeg = [0, *found["end"].tolist()], found["jpeg"].tobytes()
    _require(ends == sorted(ends) and ends[-1] == len(jpeg), "its pictures")
    parts = (jpeg[a:b] for a, b in zip(ends, ends[1:], strict=False))
    return dict(zip(found["frame"].tolist(), parts, strict=True))


def _read_object(arrays: Any, number: int, small_hw: tuple[int, int]) -> ObjectTrace:
    lengths = {"3": 3, "h": small_hw[0], "b": math.ceil(small_hw[1] / 8)}
    trace = ObjectTrace(
        **{
            name: _array(arrays, f"objects/{number}/{name}", _FORMS[name], lengths)
            for name in ObjectTrace._fields
        }
    )
    ends = [0, *trace.held_end.tolist()]
    _require(ends == sorted(ends) and ends[-1] == len(trace.held_slot), "its rows")
    _require(len(trace.frame) > 0, "an object without a frame")
    _require(bool((trace.frame >= 0).all()), "a frame's number")
    reasons = trace.reason
    _require(bool(((reasons >= 0) & (reasons < _REASONS)).all()), "a reason")
    for name in ("confidence", "area", "crop", "held_target", "held_mass"):
        _require(bool(np.isfinite(getattr(trace, name)).all()), f"{name} is not finite")
    return trace


def _array(
    arrays: Any, name: str, form: tuple[str, str], lengths: dict[str, int]
) -> np.ndarray:
    """Returns an array, checked; `lengths` are those of the axes known so far."""
    array = arrays[name]
    dtype, axes = form
    _require(array.dtype == np.dtype(dtype), f"{name} has another type")
    _require(array.ndim == len(axes), f"{name} has another shape")
    for axis, length in zip(axes, array.shape, strict=True):
        wanted = lengths.setdefault(axis, length)
        _require(length == wanted, f"{name} has another shape")
    return array
