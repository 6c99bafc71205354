"""`--set name=value`: fields of nested dataclasses set by dotted names, everywhere."""

import ast
import dataclasses
import difflib
import math
from collections.abc import Iterator, Sequence
from typing import Any

from samn_jax import errors, files

# A dotted name's parts → the text it is set to.
_Values = dict[tuple[str, ...], Any]

_LIKE = 0.7  # from this similarity on a name may have been meant


def override(config: Any, assignments: Sequence[str]) -> Any:
    """Returns the config with fields replaced by `name=value`, `part.name=value`, ...

    Values are Python literals of the type of what they replace; text needs no quotes,
    and a tuple may be written `a,b`. All are set at once, so that a config that checks
    itself sees them together; of two for one field the last counts.

    >>> Crop = dataclasses.make_dataclass("Crop", [("size", int, 256)])
    >>> Config = dataclasses.make_dataclass("Config", [("crop", Crop, Crop())])
    >>> override(Config(), ["crop.size=384"])
    Config(crop=Crop(size=384))

    Args:
      config: a dataclass, whose fields may be dataclasses.
      assignments: as on the command line.

    Raises:
      InputError: a field is unknown, a value of another type or not finite, or the
        config refuses it.
    """
    values: _Values = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not name:
            raise errors.InputError(
                f"--set {files.shown(assignment)} isn't NAME=VALUE: write "
                f"--set {_an_example(config)}"
            )
        path = tuple(name.split("."))
        old = _find(config, path, assignment)
        values[path] = _parse(text, old, files.shown(assignment))
    return _replaced(config, values) if values else config


def _find(config: Any, path: tuple[str, ...], assignment: str) -> Any:
    """Returns the present value of a field.

    Raises:
      InputError: there is no such field, or it has fields of its own.
    """
    value = config
    for part in path:
        if not _is_config(value) or part not in _names_of(value):
            raise errors.InputError(
                f"--set {files.shown(assignment)}: there is no "
                f"{files.shown('.'.join(path))!r}, {_choice(config, path)}"
            )
        value = getattr(value, part)
    if _is_config(value):
        names = ", ".join(_names_of(value))
        raise errors.InputError(
            f"--set {files.shown(assignment)}: {'.'.join(path)} has fields, name one "
            f"of {names}"
        )
    return value


def _replaced(config: Any, values: _Values) -> Any:
    """Returns the config with the values in the places of their paths."""
    changes = {}
    for name in {path[0] for path in values}:
        inner = {path[1:]: v for path, v in values.items() if path[0] == name}
        is_own = () in inner
        changes[name] = inner[()] if is_own else _replaced(getattr(config, name), inner)
    return dataclasses.replace(config, **changes)


def _parse(text: str, old: Any, assignment: str) -> Any:
    """Returns the value that a text says, of the type of what it replaces."""
    if isinstance(old, str):
        return text
    try:
        value = ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        is_list = isinstance(old, tuple)
        value = tuple(text.split(",") if text else ()) if is_list else text
    if isinstance(old, tuple) and not isinstance(value, tuple):
        value = tuple(value) if isinstance(value, list) else (value,)
    if isinstance(old, float) and type(value) is int:
        value = float(value)
    if old is not None and type(value) is not type(old):
        raise errors.InputError(
            f"--set {assignment}: give a value like the present one, {old!r}"
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise errors.InputError(f"--set {assignment}: give a finite number")
    return value


def _choice(config: Any, path: tuple[str, ...]) -> str:
    """Returns what to write in place of an unknown name."""
    names = list(_dotted_names(config))
    last = [name.split(".")[-1] for name in names]
    close = difflib.get_close_matches(path[-1], set(last), 3, _LIKE)
    if close:
        found = [n for n, end in zip(names, last, strict=True) if end in close]
        return f"try {', '.join(found)}"
    beside = [n for n in names if tuple(n.split(".")[:-1]) == path[:-1]]
    return f"choose from {', '.join(beside or names)}"


def _dotted_names(config: Any, before: str = "") -> Iterator[str]:
    for name in _names_of(config):
        value = getattr(config, name)
        if _is_config(value):
            yield from _dotted_names(value, f"{before}{name}.")
        else:
            yield f"{before}{name}"


def _an_example(config: Any) -> str:
    name = next(_dotted_names(config))
    value = config
    for part in name.split("."):
        value = getattr(value, part)
    return f"{name}={value}"


def _names_of(config: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(config) if field.init]


def _is_config(value: Any) -> bool:
    return dataclasses.is_dataclass(value) and not isinstance(value, type)
