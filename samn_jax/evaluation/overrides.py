"""`field=value` assignments of the command line."""

import ast
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


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def check_fields(fields: dict[str, Any], config_type: type) -> None:
    """Check that a config dataclass has the fields.

    Raises:
      InputError: if it lacks one.
    """
    known = config_type.__dataclass_fields__
    for name in fields:
        if name not in known:
            raise errors.InputError(
                f"--set {name}: no such field, choose from {', '.join(known)}"
            )
