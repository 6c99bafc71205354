"""Designs from files of one's own, and what tells two versions of one apart."""

import dataclasses
import hashlib
import inspect
import sys
import types
from pathlib import Path
from typing import Any

from samn_jax import errors, files, own_code
from samn_jax.errors import InputError
from samn_jax.memory.design import Design

_HEX = 16
_MADE_BY_DATACLASS = {
    *("__init__", "__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__"),
}


def load(place: str) -> type:
    """Returns a class of a file, `path/to/my.py:Mine`.

    The same text gives the same class; a changed file gives another one.

    Raises:
      InputError: there is no such file or class, or the file fails when it is run.
    """
    path_text, _, name = place.rpartition(":")
    source = files.read_bytes(Path(path_text), "memory.design")
    path = Path(path_text).resolve()
    # The text is in the module's name, so the classes of two versions differ.
    digest = hashlib.sha256(str(path).encode() + b"\0" + source).hexdigest()
    module = _run(f"samn_jax_memory_{path.stem}_{digest[:_HEX]}", path, source)
    if not hasattr(module, name):
        raise InputError(f"memory.design is {place}: {path.name} has no {name!r}")
    return getattr(module, name)


def _run(name: str, path: Path, source: bytes) -> types.ModuleType:
    """Returns the module that the text makes, run once."""
    if name in sys.modules:
        return sys.modules[name]
    try:
        return own_code.run(path, source, name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # Whatever a stranger's file may raise.
        line = errors.line_in(error, str(path))
        place = f"{path}:{line}" if line else str(path)
        raise InputError(
            f"memory.design: {place} can't be run ({errors.reason_of(error)})"
        ) from error


def fingerprint(design: Design) -> str:
    """Returns a hash of a design's source, its bases' and that of designs it wraps.

    Of a class from a file it is the file's text that counts, of one from a notebook its
    compiled functions. Settings are not in it.
    """
    digest = hashlib.sha256()
    for kind in type(design).__mro__:
        if kind is not Design and issubclass(kind, Design):
            digest.update(f"{kind.__module__}.{kind.__qualname__}".encode())
            digest.update(_source_of(kind))
    for field in dataclasses.fields(design):  # type: ignore[arg-type]
        value = getattr(design, field.name)
        if isinstance(value, Design):
            digest.update(fingerprint(value).encode())
    return digest.hexdigest()[:_HEX]


def _source_of(kind: type) -> bytes:
    """Returns the text of the files of a class's functions, or their code."""
    names = sorted(vars(kind).keys() - _MADE_BY_DATACLASS)
    found = [x for name in names if inspect.isfunction(x := vars(kind)[name])]
    codes = [inspect.unwrap(function).__code__ for function in found]
    paths = {code.co_filename for code in codes if Path(code.co_filename).is_file()}
    texts = [Path(name).read_bytes() for name in sorted(paths)]
    texts += [_code_of(code) for code in codes if code.co_filename not in paths]
    return b"\0".join(texts)


def _code_of(code: types.CodeType) -> bytes:
    """Returns what a function does, without the places of its lines."""
    parts: list[Any] = [code.co_code, code.co_names, code.co_varnames]
    for constant in code.co_consts:
        inner = isinstance(constant, types.CodeType)
        parts.append(_code_of(constant) if inner else repr(constant))
    return repr(parts).encode()
