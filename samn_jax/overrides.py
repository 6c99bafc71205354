"""`field=value` assignments of the command line."""

import ast
import dataclasses
from collections.abc import Sequence
from typing import Any

from samn_jax import errors


def parse_assignments(assignments: list[str]) -> dict[str, Any]:
    """Field → value; values are Python literals, or text where they aren't.

    Raises:
      InputError: if an assignment has no `=` or nothing before it.
    """
    fields: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not name.isidentifier():
            raise errors.InputError(
                f"--set {assignment} isn't FIELD=VALUE: write --set memory_capacity=8"
            )
        fields[name] = _literal(value)
    return fields


def typed_fields(fields: dict[str, Any], config_type: type) -> dict[str, Any]:
    """The fields, each with the type of its default in a config dataclass.

    Raises:
      InputError: if the config lacks a field, or the value is of another type.
    """
    defaults = {
        field.name: field.default
        for field in dataclasses.fields(config_type)
        if isinstance(field.default, (bool, int, float, str))
    }
    for name in fields:
        if name not in defaults:
            raise errors.InputError(
                f"--set {name}: no such field, choose from {', '.join(defaults)}"
            )
    return {name: _as_type_of(defaults[name], fields[name], name) for name in fields}


def _as_type_of(default: Any, value: Any, name: str) -> Any:
    if isinstance(default, float) and type(value) is int:
        return float(value)
    if type(value) is not type(default):
        raise errors.InputError(
            f"--set {name}={value}: it must be like its default, {name}={default}"
        )
    return value


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def override(config: Any, assignments: Sequence[str]) -> Any:
    """Returns the config with fields replaced by `name=value`, `part.name=value`, ...

    Values are Python literals of the type of what they replace; text needs no quotes,
    and a tuple may be written `a,b`.

    Raises:
      InputError: a field is unknown, or a value of another type.
    """
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise errors.InputError(
                f"--set {assignment} isn't FIELD=VALUE: write "
                "--set optimizer.learning_rate=1e-4"
            )
        config = _replace(config, name.split("."), text, assignment)
    return config


def _replace(config: Any, path: list[str], text: str, assignment: str) -> Any:
    names = [field.name for field in dataclasses.fields(config)]
    if path[0] not in names:
        raise errors.InputError(
            f"--set {assignment}: there is no {path[0]!r}, choose from "
            f"{', '.join(names)}"
        )
    value = getattr(config, path[0])
    if dataclasses.is_dataclass(value) != (len(path) > 1):
        wanted = "one of its fields" if len(path) == 1 else "no field of it"
        raise errors.InputError(f"--set {assignment}: name {path[0]} and {wanted}")
    if len(path) > 1:
        new = _replace(value, path[1:], text, assignment)
    else:
        new = _parse(text, value, assignment)
    return dataclasses.replace(config, **{path[0]: new})


def _parse(text: str, old: Any, assignment: str) -> Any:
    """Returns the value that `text` says, of the type of `old`."""
    if isinstance(old, str):
        return text
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = tuple(text.split(",")) if isinstance(old, tuple) else text
    if isinstance(old, tuple) and not isinstance(value, tuple):
        value = tuple(value) if isinstance(value, list) else (value,)
    if isinstance(old, float) and type(value) is int:
        value = float(value)
    if type(value) is not type(old):
        raise errors.InputError(
            f"--set {assignment}: give a value like the present one, {old!r}"
        )
    return value
