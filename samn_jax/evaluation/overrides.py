"""`field=value` assignments of the command line."""

import ast
import dataclasses
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
