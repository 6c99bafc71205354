"""`--set name=value`: fields of nested dataclasses set by dotted names, everywhere."""

import ast
import dataclasses
import difflib
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from samn_jax import errors, files

Config = TypeVar("Config")

_LARGEST = 1 << 53  # integer; beyond, not every one is a float
_LIKE = 0.8  # from this similarity on, another name may have been meant


def override(config: Config, assignments: Sequence[str]) -> Config:
    """Returns the config with fields replaced by `name=value`, `part.name=value`, ...

    Values are Python literals of the type of what they replace; text needs no quotes,
    and a tuple may be written `a,b`. All are set together, in any order; of two for one
    field the last counts.

    >>> Crop = dataclasses.make_dataclass("Crop", [("size", int, 256)], frozen=True)
    >>> Settings = dataclasses.make_dataclass("Settings", [("crop", Crop, Crop())])
    >>> override(Settings(), ["crop.size=384"])
    Settings(crop=Crop(size=384))

    Args:
      config: a dataclass, whose fields may be dataclasses.
      assignments: as on the command line.

    Raises:
      InputError: as `split` and `merge`.
    """
    return merge(config, split(assignments))


def split(assignments: Sequence[str]) -> dict[str, str]:
    """Returns the value, still as text, of each dotted name that is set.

    Raises:
      InputError: an assignment has no `=`, or no name before it.
    """
    settings: dict[str, str] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not all(part.isidentifier() for part in name.split(".")):
            raise errors.InputError(
                f"--set {files.shown(assignment)} isn't NAME=VALUE: write "
                "--set memory.capacity=8"
            )
        settings.pop(name, None)  # The last one counts, also over a whole part.
        settings[name] = text
    return settings


def merge(config: Config, settings: Mapping[str, Any]) -> Config:
    """Returns the config with fields replaced, by dotted names or nested mappings.

    `{"crop_size": 64, "memory.capacity": 4}` and `{"memory": {"capacity": 4}}` are both
    understood; later ones win, also a whole part over fields of it. Text is read as by
    `override`. A config with a method `replaced(fields, others)` is asked for its copy,
    and may take names that it has no field for.

    Raises:
      InputError: a field is unknown, a value of another type or not finite, or the
        config refuses it.
    """
    tree: dict[str, Any] = {}
    for name, value in settings.items():
        _insert(tree, name.split("."), value)
    return _replace(config, tree, "", config) if tree else config


def typed(value: Any, old: Any, name: str) -> Any:
    """Returns a value as what it is to replace, `old`, wants it.

    Text is read as a Python literal, an integer serves as a float, a list as a tuple.

    Raises:
      InputError: it is of another type or not finite; `name` is said to be wrong.
    """
    where = f"setting {name}={files.shown(value)}"
    if isinstance(value, str) and not isinstance(old, str):
        value = _literal(value, is_list=isinstance(old, tuple))
    if isinstance(old, tuple):
        value = _as_tuple(value if isinstance(value, list | tuple) else (value,))
    value = _as_float(value) if isinstance(old, float) else value
    if old is not None and type(value) is not type(old):
        raise errors.InputError(f"{where}: give a value like the present one, {old!r}")
    if isinstance(old, tuple) and old:
        value = tuple(typed(one, old[0], name) for one in value)
    if isinstance(value, float) and not math.isfinite(value):
        raise errors.InputError(f"{where}: give a finite number")
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise errors.InputError(f"{where}: give at most {_LARGEST}")
    return value


def _as_float(value: Any) -> Any:
    """Returns an integer as a float; infinity for one that is too large."""
    try:
        return float(value) if type(value) is int else value
    except OverflowError:
        return math.inf


def _literal(text: str, is_list: bool) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return tuple(text.split(",") if text else ()) if is_list else text


def _as_tuple(value: Any) -> Any:
    return tuple(map(_as_tuple, value)) if isinstance(value, list | tuple) else value


@dataclasses.dataclass
class _Part:
    """Changes of a part of a config, after it was replaced as a whole."""

    changes: dict[str, Any] = dataclasses.field(default_factory=dict)
    whole: Any = None


def _insert(tree: dict[str, Any], path: list[str], value: Any) -> None:
    """Adds a setting to a tree whose inner nodes are `_Part`s."""
    if len(path) > 1:
        part = tree.setdefault(path[0], _Part())
        if not isinstance(part, _Part):
            part = tree[path[0]] = _Part(whole=part)
        _insert(part.changes, path[1:], value)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            _insert(tree, [path[0], *name.split(".")], inner)
    else:
        tree[path[0]] = value


def _replace(config: Any, tree: dict[str, Any], place: str, root: Any) -> Any:
    """Returns a part of the `root` config, at `place`, with the changes of the tree."""
    names = _names_of(config)
    fields, others = {}, {}
    for name, change in tree.items():
        if name in names:
            old = getattr(config, name)
            fields[name] = _changed(old, change, place + name, root)
        elif hasattr(config, "replaced") and not isinstance(change, _Part):
            others[name] = change
        else:
            raise errors.InputError(
                f"setting {files.shown(place + name)}: there is no such name, "
                f"{_choice(root, (place + name).split('.'))}"
            )
    if hasattr(config, "replaced"):
        return config.replaced(fields, others)
    return dataclasses.replace(config, **fields)


def _changed(old: Any, change: Any, place: str, root: Any) -> Any:
    """Returns what a field is to hold."""
    if not _is_config(old):
        if isinstance(change, _Part):
            raise errors.InputError(f"setting {place}: it has no fields, name it alone")
        return typed(change, old, place)
    if not isinstance(change, _Part):
        return _whole(change, old, place)
    whole = old if change.whole is None else _whole(change.whole, old, place)
    return _replace(whole, change.changes, f"{place}.", root)


def _whole(value: Any, old: Any, place: str) -> Any:
    if not isinstance(value, type(old)):
        names = ", ".join(f"{place}.{name}" for name in _names_of(old))
        raise errors.InputError(f"setting {place}: it has fields, name one of {names}")
    return value


def _choice(config: Any, path: Sequence[str]) -> str:
    """Returns what to write in place of an unknown name."""
    names = list(_dotted_names(config))
    for form in (_with_underscores, _last_part):
        close = difflib.get_close_matches(
            form(".".join(path)), {form(name) for name in names}, 3, _LIKE
        )
        if close:
            return f"try {', '.join(name for name in names if form(name) in close)}"
    beside = [n for n in names if n.split(".")[:-1] == list(path[:-1])]
    return f"choose from {', '.join(beside or names)}"


def _with_underscores(name: str) -> str:
    return name.replace(".", "_")


def _last_part(name: str) -> str:
    return name.rpartition(".")[2]


def _dotted_names(config: Any, before: str = "") -> Iterator[str]:
    for name in _names_of(config):
        value = getattr(config, name)
        if _is_config(value):
            yield from _dotted_names(value, f"{before}{name}.")
        else:
            yield f"{before}{name}"


def _names_of(config: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(config) if field.init]


def _is_config(value: Any) -> bool:
    return dataclasses.is_dataclass(value) and not isinstance(value, type)
